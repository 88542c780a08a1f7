"""Bad input is refused with its reason, once, and the machine stops.

Whoever starts a hypervisor by hand makes these mistakes, and whoever attacks one makes the rest. In every case the
console must name what was found wrong and what to do about it, and then the machine must stop: it may power off or
halt, but neither hang without a word nor reboot for ever. What can be done without is named, and then done without.
"""
import os

import pytest

import kernels
from machine import Machine, line

FOREVER = 2**64 - 4096


def refused(reason, **shape):
    with Machine(reboots=True, **shape) as m:
        m.refused(reason)


def with_kernel(tmp_path, data, message, **shape):
    path = tmp_path / "kernel"
    path.write_bytes(data)
    refused(message, kernel=path, **shape)


# --- modules ---

def test_no_module():
    refused(r"no (kernel|module)|module", modules=[])


@pytest.mark.fast
def test_garbage_kernel(tmp_path):
    with_kernel(tmp_path, os.urandom(1 << 16), r"elf|bzimage")


def test_kernel_without_xen_notes(tmp_path):
    with_kernel(tmp_path, kernels.without_notes(), r"note")


def test_truncated_kernel(tmp_path):
    with_kernel(tmp_path, kernels.bzimage()[:3 << 20], r"trunc|beyond|short|ends|corrupt|outside")


def test_empty_kernel(tmp_path):
    with_kernel(tmp_path, b"\0" * 16, r"elf|bzimage|small|short|only \d+ bytes")


def test_corrupt_payload(tmp_path):
    with_kernel(tmp_path, kernels.corrupt_payload(), r"xz|lzma|corrupt|decompress|unpack")


def test_wrong_note(tmp_path):
    with_kernel(tmp_path, kernels.wrong_version(), r"xen-9\.9")


@pytest.mark.parametrize("field, value", [
    ("phoff", FOREVER), ("phnum", 0xFFFF), ("offset", FOREVER), ("filesz", FOREVER), ("memsz", FOREVER),
    ("memsz", 1), ("paddr", FOREVER)])
def test_hostile_elf_header(tmp_path, field, value):
    with_kernel(tmp_path, kernels.hostile(field, value), r"elf|segment|program header|image")


# --- memory: the refusal says what is there and what was needed, both with their unit ---

AMOUNTS = r"\d+ ?[KMG]i?B[^\n]*\d+ ?[KMG]i?B"


def test_too_little_memory_in_the_machine():
    refused(AMOUNTS, mem=24, dom0_mem="")


def test_domain_0_too_small_for_its_kernel():
    refused(AMOUNTS, dom0_mem="32M")


# --- machine ---

def test_no_acpi():
    """The stock kernel cannot be domain 0 without: its console and its clock end up on the same interrupt."""
    refused(r"acpi|rsdp", machine="pc,acpi=off")


@pytest.mark.parametrize("cpu, reason", [("max,-sse2,-syscall", r"this CPU [^\n]*SSE2 SYSCALL"),
                                         ("max,-apic", r"no local APIC")])
def test_hidden_feature(cpu, reason):
    """A virtual machine may hide what compiled code, or the console's own, uses without asking."""
    refused(reason, cpu=cpu)


# --- options: a mistake is named before domain 0 starts, and the machine goes on without that option ---

def named(*words, **shape):
    with Machine(**shape) as m:
        m.expect(line(*words), 60, fatal="Linux version")
        m.expect("Linux version", 60)


@pytest.mark.fast
def test_unknown_option_names_the_nearest():
    named("unknown", "don0_mem", r"(mean|near|like|try)[^\n]*dom0_mem", hvargs="don0_mem=512M")


def test_malformed_option():
    named("dom0_max_vcpus", "lots", "number|invalid|malformed|not |bad|expect|want", hvargs="dom0_max_vcpus=lots")


def test_option_given_twice():
    named("dom0_max_vcpus", "twice|again|duplicate|already|repeat", hvargs="dom0_max_vcpus=2 dom0_max_vcpus=1")


def test_domain_0_larger_than_the_machine():
    """More than could be free at any time is a mistake of whoever typed it (Xen gives what there is)."""
    refused(r"dom0_mem= asks for 102400 MiB, the machine has \d+ MiB", dom0_mem="100G")
