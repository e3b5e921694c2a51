"""What the browser's tests share: how they wait for what only a script can tell."""

from __future__ import annotations

import time
from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.SessionStatus_pb2 import SessionStatus

FITS = "document.documentElement.scrollWidth <= window.innerWidth"
# A projector and a phone.
SIZES = [
    ({"width": 1280, "height": 720}, "light"),
    ({"width": 390, "height": 844}, "dark"),
]
# Visible at 1280×720 without scrolling.
SEEN_AT_ONCE = "document.querySelector('.sl-curves')?.getBoundingClientRect().top < 300"

# What the server sends when no script of the page runs any more.
AT_REST = ForwardMsg(session_status_changed=SessionStatus()).SerializeToString()
# The socket is asked: a page that is drawn at one blow is never seen at work. It is the one through which is sent now.
GO = """([to, rest]) => {
    window.hasRun = false;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (request) {
        WebSocket.prototype.send = send;
        this.addEventListener("message", function heard({ data }) {
            const bytes = new Uint8Array(data);
            if (bytes.length !== rest.length || bytes.some((byte, place) => byte !== rest[place])) return;
            this.removeEventListener("message", heard);
            setTimeout(() => { window.hasRun = true; }, 50);  // by then it is taken up
        });
        return send.call(this, request);
    };
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
}"""


def go(page: Any, address: str) -> None:
    """Go to an address of the app in the page that shows it, as Back and Forward do: its scripts are not read anew.

    Comes back when the page there is drawn and nothing is left of the one before.
    """
    page.evaluate(GO, [address, list(AT_REST)])
    page.wait_for_url(f"**{address}")
    until(page, "window.hasRun")
    page.locator("[data-test-script-state=notRunning]").wait_for()


def until(page: Any, condition: str, arg: Any = None) -> None:
    """Wait until a script's condition holds: asked ten times a second, not at each frame, which would draw them all.

    Asked from here: what Playwright leaves in the page to ask again is an `eval`, which the page's policy refuses.
    """
    deadline = time.monotonic() + 30
    while not page.evaluate(condition, arg):
        assert time.monotonic() < deadline, f"not within 30 s: {condition} ({arg})"
        page.wait_for_timeout(100)
