# The console is a serial line, often with a program at its other end: no escape sequences around what is typed.
export INPUTRC=/etc/inputrc.serial
