"""Pages of other origins in a real Chromium: none of them gets to see or press anything of the app."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from benchmarks.app_server import CHROMIUM, FLAGS
from tests.browser.shared import until

# What a hostile page tries: to frame the app, to read from it, to open its websocket, to write to it.
HOSTILE = """<!doctype html><iframe width=1200 height=800 src="URL/train"></iframe><script>
const told = (name, attempt) => attempt.then((r) => [name, "reached " + r.status], () => [name, "blocked"]);
const socket = new Promise((resolve, reject) => {
  const opened = new WebSocket("URL/_stcore/stream".replace("http", "ws"), ["streamlit"]);
  opened.onopen = () => resolve({ status: "open" });
  opened.onerror = reject;
});
window.result = Promise.all([
  told("read", fetch("URL/api/experiments/abc")),
  told("embed", fetch("URL/assets/series.js", { mode: "no-cors" })),
  told("write", fetch("URL/_stcore/upload_file/a/b", { method: "PUT", body: "x" })),
  told("socket", socket),
]).then(Object.fromEntries);
</script>"""


@pytest.fixture
def hostile(server) -> Iterator[str]:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(HOSTILE.replace("URL", server.url).encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}/"
        other.shutdown()
        thread.join()


@pytest.mark.browser
def test_a_page_of_another_origin_neither_frames_nor_reaches_the_app(page, hostile, server):
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(hostile)
    assert page.evaluate("window.result") == {
        "read": "blocked",
        "embed": "blocked",
        "write": "blocked",
        "socket": "blocked",
    }
    until(page, "document.querySelector('iframe').contentDocument === null")
    framed = page.frames[-1]
    framed.wait_for_load_state()
    assert framed.locator("button").count() == 0
    # The same address on its own: it was the frame that was refused.
    page.goto(f"{server.url}/train")
    page.locator("button:has-text('Train')").first.wait_for()


@pytest.mark.browser
def test_a_foreign_name_that_points_here_opens_nothing(chromium, server):
    rebound = f"http://evil.example:{server.port}"
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM, args=[*FLAGS, "--host-resolver-rules=MAP evil.example 127.0.0.1"]
    )
    page = browser.new_page()
    answered = page.goto(f"{rebound}/train")
    assert answered.status == 403
    assert "--server.allowedHosts evil.example" in page.locator("body").inner_text()
    assert page.evaluate("fetch('/api/experiments/abc').then((r) => r.status)") == 403
    assert page.evaluate("fetch('/_stcore/upload_file/a/b', {method: 'PUT', body: 'x'}).then((r) => r.status)") == 403
    opened = """new Promise((done) => {
      const socket = new WebSocket(`ws://${location.host}/_stcore/stream`, ["streamlit"]);
      socket.onopen = () => done(true);
      socket.onerror = () => done(false);
    })"""
    assert page.evaluate(opened) is False
    browser.close()
