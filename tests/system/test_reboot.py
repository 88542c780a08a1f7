"""reboot starts the machine again, through every layer, and the second life is as good as the first."""
from machine import Machine


def test_reboot():
    with Machine(smp=2, steps="about+reboot", reboots=True) as m:
        for _ in range(2):
            m.init()
            m.step("about")
            m.expect("@@BEGIN reboot")


def test_panic_record():
    """A panic at night was seen by nobody: the next run says what the last one's words were."""
    with Machine(smp=2, steps="about+sleep", reboots=True) as m:
        m.init()
        m.step("about")
        m.qemu.send("\x01\x01\x01C")
        m.expect(r"Panic on CPU \d+:\s+\(XEN\) debug key 'C'", 30, fatal=None)
        m.expect(r"Rebooting\.", 30, fatal=None)
        m.expect(r"The last run ended in a panic", 60, fatal=r"Linux version")
        m.expect(r"last run\| Panic on CPU \d+:\s+\(XEN\) last run\| debug key 'C'", 30, fatal=r"Linux version")
        m.expect(r"last run\|[^\n]*key_panic", 30, fatal=r"Linux version")
        m.init()
        m.qemu.send("\x01\x01\x01R")
        m.expect(r"Rebooting: debug key", 30)
        m.expect(r"Options in effect", 60)
        m.expect(r"Linux version", 60, fatal="The last run ended")     # said once
