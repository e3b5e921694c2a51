"""A loopback server for one file whose faults are chosen, and archives to serve, good and evil."""

import hashlib
import io
import re
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """A web server for one file whose faults are chosen; `requests` holds each request's Range header, None without."""

    def __init__(self, content: bytes):
        self.content = content
        self.ranges = True
        self.break_after: list[int] = []  # bytes to send in the next answers before the connection is cut
        self.statuses: list[int] = []  # errors for the next answers
        self.announce_length = True
        self.requests: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/aclImdb_v1.tar.gz"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def answer(self, request):
        wanted = request.headers.get("Range")
        self.requests.append(wanted)
        if self.statuses:
            request.send_error(self.statuses.pop(0))
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and self.ranges else 0
        size = len(self.content)
        if start >= size:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{size}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if self.announce_length:
            request.send_header("Content-Length", str(size - start))
        request.end_headers()
        end = start + self.break_after.pop(0) if self.break_after else size
        request.wfile.write(self.content[start:end])

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def text_of(part, label, number):
    return (
        f"{label} {part} review number {number}, naïve " + hashlib.sha256(f"{part}{label}{number}".encode()).hexdigest()
    )


def archive(reviews=12, extra=()):
    """Return a tiny archive in Stanford's layout, its members in a muddled order, plus `extra` (TarInfo, bytes)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for info, content in extra:
            tar.addfile(info, io.BytesIO(content))
        for number in reversed(range(reviews)):
            for part in ("train", "test"):
                for label, rating in (("pos", 10), ("neg", 2)):
                    add(tar, f"aclImdb/{part}/{label}/{number}_{rating}.txt", text_of(part, label, number).encode())
        add(tar, "aclImdb/train/unsup/0_0.txt", b"without a label")
        add(tar, "aclImdb/README", b"not a review")
    return buffer.getvalue()


def add(tar, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def member(name, kind=tarfile.REGTYPE, content=b"evil", **fields):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content) if kind == tarfile.REGTYPE else 0
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content
