"""Domain 0 drives the machine's devices itself: data arrives whole, and by interrupt.

A disk's first half is filled with random bytes by the host; domain 0 sums it, writes each byte plus one to the second
half, drops its caches and sums that too. Both sums must be the host's. For the network domain 0 gets a lease, fetches a
file from the host by HTTP and sends it back over a plain connection. Done for the cards with MSI-X (virtio) and for
those with pin interrupts or MSI (AHCI, e1000), on both chip sets.
"""
import hashlib
import http.server
import os
import re
import socket
import threading

import pytest

from machine import Machine, TIME_SCALE


def md5(data):
    return hashlib.md5(data).hexdigest()


def check_disk(m, dev, path):
    output = m.step("disk", 120)
    with open(path, "rb") as f:
        data = f.read()
    half = len(data) // 2
    assert f"host-sum={md5(data[:half])}" in output
    assert f"guest-sum={md5(data[half:])}" in output
    assert data[half:] == data[:half].translate(bytes((b + 1) & 255 for b in range(256)))
    counts = [int(n) for line in output.splitlines() if re.search(r"virtio\d|ahci|ata", line)
              for n in re.findall(r"\s(\d+)(?=\s)", line.split(":", 1)[1])]
    assert sum(counts) > 0, f"no interrupt was counted for {dev}"


class Server:
    """The host's side: serves one file by HTTP on a port, receives what comes on the next one."""

    def __init__(self, data):
        self.data, self.received = data, b""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.data)))
                self.end_headers()
                self.wfile.write(outer.data)

            def log_message(self, *_):
                pass

        while True:     # two free ports side by side
            self.http = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            self.port = self.http.server_address[1]
            try:
                self.sink = socket.create_server(("127.0.0.1", self.port + 1))
                break
            except OSError:
                self.http.server_close()
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.done = threading.Event()
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        connection = self.sink.accept()[0]
        with connection:
            while len(self.received) < len(self.data):
                piece = connection.recv(1 << 16)
                if not piece:
                    break
                self.received += piece
        self.done.set()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.sink.close()


@pytest.fixture
def server():
    s = Server(os.urandom(8 << 20))
    yield s
    s.close()


def check_net(m, server):
    output = m.step("net", 120)
    assert "lease=10.0.2.15" in output
    assert f"net-sum={md5(server.data)}" in output
    assert server.done.wait(30 * TIME_SCALE) and md5(server.received) == md5(server.data)


@pytest.mark.fast
def test_virtio(disk, server):
    path = disk(32)
    with Machine(smp=2, drives=["virtio:" + path], net="virtio-net-pci",
                 steps=f"disk=vda+net={server.port}+poweroff") as m:
        m.init()
        check_disk(m, "vda", path)
        check_net(m, server)
        m.wait_exit()


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_ahci_and_e1000(disk, server, machine):
    path = disk(32)
    with Machine(machine=machine, drives=["sata:" + path], net="e1000",
                 steps=f"disk=sda+net={server.port}+poweroff") as m:
        m.init()
        check_disk(m, "sda", path)
        check_net(m, server)
        m.wait_exit()


def test_virtio_on_q35(disk, server):
    """q35 reaches its PCI configuration space through MMCFG."""
    path = disk(32)
    with Machine(machine="q35", smp=4, drives=["virtio:" + path], net="virtio-net-pci",
                 steps=f"disk=vda+net={server.port}+poweroff") as m:
        m.init()
        check_disk(m, "vda", path)
        check_net(m, server)
        m.wait_exit()
