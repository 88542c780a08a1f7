# What the opening comments of tests say: "Links: core/x.c lib/y.c" becomes test.c=core/x.c test.c=lib/y.c, and
# "Libraries: -lz" becomes test.c=-lz.
function say(text, word) {
    for (; match(text, word); text = substr(text, RSTART + RLENGTH))
        print FILENAME "=" substr(text, RSTART, RLENGTH)
}
FNR == 1 { inside = over = 0; text = "" }
!over && /^\/\*/ { inside = 1 }
inside {
    text = text " " $0
    if (/\*\//) {
        over = 1
        inside = 0
        if (match(text, /Links: .*/))
            say(substr(text, RSTART), "[a-z0-9_/]+\\.c")
        if (match(text, /Libraries:[-a-z0-9 ]*/))
            say(substr(text, RSTART, RLENGTH), "-l[a-z0-9]+")
    }
}
