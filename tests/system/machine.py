"""A machine for one test: QEMU, its console, and the patience an emulator on a busy host needs.

    with Machine(steps="about+disk=vda+poweroff", smp=4, drives=["virtio:" + path]) as m:
        m.init()                 # domain 0 has reached its init
        text = m.step("about")   # the step ended with 0; what it printed
        m.wait_exit()            # QEMU has ended by itself

The environment says what is tested and where:
    HYPERVISOR    multiboot hypervisor, build/serai.elf by default; Debian's own Xen serves for comparison
    HVARGS        added to its command line (Debian's Xen under QEMU 7.2 wants spec-ctrl=eager-fpu)
    TIME_SCALE    multiplies every timeout
"""
import os
import re
import time
from pathlib import Path

import pexpect

TOP = Path(__file__).resolve().parents[2]
TINY = TOP / "build/tiny"
IMAGE = TOP / "build/image"
LOGS = TOP / "build/test-logs"
HYPERVISOR = os.environ.get("HYPERVISOR", str(TOP / "build/serai.elf"))
TIME_SCALE = float(os.environ.get("TIME_SCALE", "1"))

# How the hypervisor begins the line in which it refuses to start; the reason follows, and in the next line, what to do.
REFUSAL = os.environ.get("REFUSAL", r"Domain 0 cannot be built: |cannot start: ")
REMEDY = r"What to do: [^\n]{10}"

# Whatever a test waits for, these end the wait: nothing good comes after them.
FATAL = r"Panic on CPU \d+|Kernel panic - not syncing|" + REFUSAL

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")      # what a terminal would swallow


class Failed(AssertionError):
    pass


def current_test():
    name = os.environ.get("PYTEST_CURRENT_TEST", "by-hand").split(" ")[0]
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name.replace(".py::", "-"))


def line(*words):
    """A pattern for one line that holds all of the given patterns, in any order and case. (pexpect's '.' matches line
    ends as well, hence no '.' here.)"""
    return r"(?i)(?:\A|\n)" + "".join(rf"(?=[^\n]*(?:{w}))" for w in words) + r"[^\n]*\n"


def quote(text):
    """QEMU separates options and modules by commas; two mean one."""
    return str(text).replace(",", ",,")


class Machine:
    def __init__(self, *, smp=1, mem=1024, dom0_mem="512M", cpu="max,-smap", machine="pc", hypervisor=HYPERVISOR,
                 hvargs="", steps="", kargs="", kernel=TINY / "vmlinuz", initrd=TINY / "initrd.gz", modules=None,
                 drives=(), net=None, iso=None, firmware=None, reboots=False, serial=True, qemu_args=()):
        """modules replaces kernel and initrd by a list of "path command-line" strings, which may be empty; drives are
        "kind:path" with kind virtio, sata or nvme; net is a network card's model. hypervisor=None boots from the first
        disk instead of by -kernel, iso from a CD; firmware is a flash image (OVMF) in SeaBIOS's place; reboots lets the
        machine reset instead of ending; serial=False leaves the serial port out: nothing is seen of such a machine."""
        self.log_path = LOGS / (current_test() + ".log")
        if modules is None:
            line = f"{kernel} console=hvc0 earlyprintk=xen {'steps=' + steps if steps else ''} {kargs}".rstrip()
            modules = [line, str(initrd)]
        hvline = f"console=com1 com1=115200 {'dom0_mem=' + dom0_mem if dom0_mem else ''} loglvl=info {hvargs}"
        hvline += " " + os.environ.get("HVARGS", "")
        args = ["-machine", machine, "-accel", "tcg", "-cpu", cpu, "-smp", str(smp), "-m", str(mem),
                "-display", "none", "-vga", "none", "-monitor", "none", "-serial", "stdio" if serial else "none"]
        if not reboots:
            args += ["-no-reboot"]
        if iso:
            args += ["-cdrom", str(iso), "-boot", "d"]
        elif hypervisor:
            args += ["-kernel", hypervisor, "-append", hvline]
            if modules:
                args += ["-initrd", ",".join(quote(m) for m in modules)]
        if firmware:
            args += ["-drive", f"if=pflash,format=raw,readonly=on,file={quote(firmware)}"]
        for n, drive in enumerate(drives):
            args += self.drive(n, *drive.split(":", 1))
        args += ["-netdev", "user,id=net", "-device", f"{net},netdev=net,romfile="] if net else ["-nic", "none"]
        self.program, self.args, self.env = "qemu-system-x86_64", args + list(qemu_args), None
        self.qemu = None

    @staticmethod
    def drive(n, kind, path):
        backend = f"file={quote(path)},format=raw,cache=writeback,id=drive{n}"
        if kind == "virtio":
            return ["-drive", backend + ",if=virtio"]
        if kind == "nvme":
            return ["-drive", backend + ",if=none", "-device", f"nvme,serial={n},drive=drive{n}"]
        assert kind == "sata", kind
        return ["-drive", backend + ",if=none", "-device", f"ahci,id=ahci{n}", "-device",
                f"ide-hd,drive=drive{n},bus=ahci{n}.0"]

    def __enter__(self):
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log = open(self.log_path, "wb")
        self.log.write((" ".join([self.program] + self.args) + "\n").encode())
        self.start = time.monotonic()
        self.qemu = pexpect.spawn(self.program, self.args, env=self.env, cwd=str(TOP), timeout=None,
                                  maxread=65536, echo=False)
        self.qemu.logfile_read = self.log
        self.qemu.delaybeforesend = None
        return self

    def __exit__(self, *_):
        self.qemu.close(force=True)
        self.log.close()

    # --- waiting ---

    def fail(self, what):
        tail = "\n".join("    | " + line for line in self.text().splitlines()[-30:])
        seconds = time.monotonic() - self.start
        raise Failed(f"{what}, after {seconds:.0f} s; the console's end ({self.log_path}):\n{tail}")

    def text(self):
        """Everything the console said so far, without carriage returns."""
        self.log.flush()
        return self.log_path.read_bytes().decode("latin1").replace("\r", "")

    def expect(self, pattern, timeout=60, fatal=FATAL):
        """Wait for a pattern; returns the match. fatal=None where a panic is what the test is about."""
        patterns = [pattern.encode(), pexpect.EOF, pexpect.TIMEOUT] + ([fatal.encode()] if fatal else [])
        got = self.qemu.expect(patterns, timeout=timeout * TIME_SCALE)
        if got == 0:
            return self.qemu.match
        why = ["", "QEMU ended", f"{timeout * TIME_SCALE:.0f} s passed", "the machine died"][got]
        return self.fail(f"{why} while waiting for '{pattern}'")

    def init(self, timeout=120):
        """Domain 0's init runs; returns (seconds of kernel time, CPUs)."""
        match = self.expect(r"@@INIT up=([\d.]+) cpus=(\d+) hypervisor=(\w*)\s", timeout)
        assert match.group(3) == b"xen", f"/sys/hypervisor/type says '{match.group(3).decode()}'"
        return float(match.group(1)), int(match.group(2))

    def login(self, host, timeout):
        """A whole Debian's prompt, which comes in two pieces: the kernel may have something to say in between."""
        self.expect(rf"{host}(?:\[ *[\d.]+\] [^\n]*\n)* login: ", timeout)
        self.qemu.sendline("root")
        self.expect(rf"root@{host}:~# ", 60)

    def step(self, name, timeout=60):
        """A step of the tiny domain 0 has ended well; returns its output."""
        self.expect(rf"@@BEGIN {name}\s", timeout)
        match = self.expect(rf"@@END {name} rc=(\d+)\s", timeout)
        output = self.qemu.before.decode("latin1").replace("\r", "")
        if match.group(1) != b"0":
            self.fail(f"step '{name}' ended with {match.group(1).decode()}")
        return output

    def wait_exit(self, timeout=60):
        """QEMU ends by itself, and without a panic on the way."""
        got = self.qemu.expect([pexpect.EOF, pexpect.TIMEOUT, FATAL.encode()], timeout=timeout * TIME_SCALE)
        if got != 0:
            self.fail("QEMU did not end" if got == 1 else "the machine died instead of ending")
        self.qemu.wait()
        if self.qemu.exitstatus != 0:
            self.fail(f"QEMU ended with status {self.qemu.exitstatus}, signal {self.qemu.signalstatus}")

    def refused(self, reason, timeout=90):
        """The hypervisor refuses to start and says why, once: then the machine is off or halted for good. One that
        rebooted for ever would come back with the same line."""
        self.expect(REFUSAL, timeout, fatal=r"Linux version|@@INIT")
        self.expect("(?i)" + reason, 5, fatal=r"Linux version|@@INIT")
        at = len(self.qemu.before)
        if at > 600:
            self.fail(f"'{reason}' was said, but {at} characters behind the refusal")
        self.expect(REMEDY, 5, fatal=None)
        again = self.qemu.expect([REFUSAL.encode(), pexpect.EOF, pexpect.TIMEOUT], timeout=6 * TIME_SCALE)
        if again == 0:
            self.fail("the machine refuses for ever: it reboots and comes back")

    # --- a shell on the console ---

    def shell(self, command, timeout=60, prompt=r"[#$] "):
        """Run a command in the shell that waits on the console; it must end with 0; returns its output."""
        self.qemu.sendline(command + "; echo @@RC'='$?")
        match = self.expect(r"@@RC=(\d+)\s", timeout)
        output = ESCAPES.sub("", self.qemu.before.decode("latin1"))
        if match.group(1) != b"0":
            self.fail(f"'{command}' ended with {match.group(1).decode()}")
        self.expect(prompt, 30)
        return output.split("\n", 1)[-1]
