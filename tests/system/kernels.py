"""Kernels as a domain builder may meet them: repacked, cut short, corrupted, or made to deceive.

All are made out of the stock bzImage: its payload is unpacked to the ELF file inside, changed there, and handed over
either as it is or packed again. Offsets are those of the x86 boot protocol and of ELF64.
"""
import gzip
import lzma
import struct
import subprocess
from functools import lru_cache

from machine import TINY

PAYLOAD_OFFSET, PAYLOAD_LENGTH = 0x248, 0x24C
PT_LOAD, PT_NOTE = 1, 4
XEN_NOTE_VERSION = 5


def bzimage():
    return (TINY / "vmlinuz").read_bytes()


def payload_range(image):
    setup = (image[0x1F1] or 4) + 1
    offset, length = struct.unpack_from("<II", image, PAYLOAD_OFFSET)
    return setup * 512 + offset, length


@lru_cache
def elf():
    image = bzimage()
    start, length = payload_range(image)
    return lzma.LZMADecompressor().decompress(image[start:start + length])


def repacked(payload):
    """A bzImage whose payload is replaced, the length in its header with it."""
    image = bytearray(bzimage())
    start, _ = payload_range(image)
    image[start:] = payload
    struct.pack_into("<I", image, PAYLOAD_LENGTH, len(payload))
    return bytes(image)


def packed(how):
    size = struct.pack("<I", len(elf()))       # the kernel's build puts the unpacked size behind the stream
    if how == "gzip":
        return repacked(gzip.compress(elf(), 1))
    command = {"zstd": ["zstd", "-q", "-1", "-c"], "lz4": ["lz4", "-q", "-l", "-c"]}[how]
    return repacked(subprocess.run(command, input=elf(), stdout=subprocess.PIPE, check=True).stdout + size)


def segments(data):
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return [offset + n * size for n in range(count)]


def segment(data, kind):
    return next(at for at in segments(data) if struct.unpack_from("<I", data, at)[0] == kind)


def xen_notes(data):
    """(type, offset of the value, its length) of every note whose owner is Xen."""
    at = segment(data, PT_NOTE)
    pos, = struct.unpack_from("<Q", data, at + 8)
    end = pos + struct.unpack_from("<Q", data, at + 32)[0]
    while pos < end:
        namesz, descsz, kind = struct.unpack_from("<III", data, pos)
        value = pos + 12 + (namesz + 3 & ~3)
        if data[pos + 12:pos + 16] == b"Xen\0":
            yield kind, value, descsz
        pos = value + (descsz + 3 & ~3)


def without_notes():
    data = bytearray(elf())
    struct.pack_into("<I", data, segment(data, PT_NOTE), 0)
    for kind, value, length in xen_notes(elf()):
        data[value - 4:value] = b"???\0"
    return bytes(data)


def wrong_version():
    data = bytearray(elf())
    value = next(v for k, v, _ in xen_notes(elf()) if k == XEN_NOTE_VERSION)
    data[value:value + 7] = b"xen-9.9"
    return bytes(data)


def hostile(field, value):
    """The first loadable segment's header, or the file's, says something it should not."""
    data = bytearray(elf())
    load = segment(data, PT_LOAD)
    where, fmt = {"phoff": (32, "<Q"), "phnum": (56, "<H"), "offset": (load + 8, "<Q"), "paddr": (load + 24, "<Q"),
                  "filesz": (load + 32, "<Q"), "memsz": (load + 40, "<Q")}[field]
    struct.pack_into(fmt, data, where, value)
    return bytes(data[:0x100000]) if field in ("phoff", "phnum") else bytes(data)


def corrupt_payload():
    image = bytearray(bzimage())
    start, length = payload_range(image)
    middle = start + length // 2
    for n in range(64):
        image[middle + n] ^= 0x5A
    return bytes(image)
