"""The host's end of a network test."""
import hashlib
import http.server
import socket
import threading

from machine import TIME_SCALE


def md5(data):
    return hashlib.md5(data).hexdigest()


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

    def came_back(self, timeout=30):
        """What was served has been received whole."""
        return self.done.wait(timeout * TIME_SCALE) and md5(self.received) == md5(self.data)

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.sink.close()
