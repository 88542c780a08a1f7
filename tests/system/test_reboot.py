"""reboot starts the machine again, through every layer, and the second life is as good as the first."""
from machine import Machine


def test_reboot():
    with Machine(smp=2, steps="about+reboot", reboots=True) as m:
        for _ in range(2):
            m.init()
            m.step("about")
            m.expect("@@BEGIN reboot")
