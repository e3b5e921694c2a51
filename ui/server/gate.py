"""Who may talk to this server: one ASGI middleware before every page, route and websocket.

A page that anybody on the internet wrote runs in the same browser as this app. It must not reach the app by pointing a
name of its own here (DNS rebinding), by sending requests across (cross-site request forgery), or by laying the app
invisibly over itself (clickjacking). None of that is a login: who reaches the server by an allowed name may use it.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.file_util import get_static_dir

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?", re.IGNORECASE | re.ASCII)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def content_policy() -> str:
    """Return what pages may load and run: this server's own. A text that got into a page as markup would do nothing.

    No script of a page's own but the one that Streamlit's page has, by its hash; Streamlit imports the scripts of its
    components from blobs, and styles what it draws in place.
    """
    page = (Path(get_static_dir()) / "index.html").read_bytes()
    hashes = (base64.b64encode(sha256(script).digest()).decode() for script in INLINE_SCRIPT.findall(page))
    allowed = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "blob:", *(f"'sha256-{each}'" for each in hashes)]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in allowed.items())


HEADERS = {
    "Content-Security-Policy": content_policy(),
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    # Addresses of pages carry the reviews that people pasted.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def gate() -> Middleware:
    """Return the middleware for `st.App`, set up by Streamlit's own options.

    Names come from `server.allowedHosts`, `server.address` and `browser.serverAddress`, further origins from
    `server.corsAllowedOrigins`. Streamlit checks `server.allowedHosts` again, for websockets alone, and would refuse
    the addresses that are allowed here: from now on that list is the gate's.
    """
    named = [config.get_option("server.address"), config.get_option("browser.serverAddress")]
    names = [str(name) for name in (*named, *(config.get_option("server.allowedHosts") or ())) if name]
    config.set_option("server.allowedHosts", [], "the gate in ui/server/gate.py")
    return Middleware(Gate, names=names, origins=config.get_option("server.corsAllowedOrigins") or ())


class Gate:
    """Refuses foreign host names and foreign origins with 403, and adds `HEADERS` to every answer.

    `names` may hold `*.example.org`, or `*` for every name; addresses and localhost are always allowed. `origins` are
    those that may send requests across, such as `https://lab.example.org` for a proxy that changes the Host header.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self.app = app
        self.names = {"localhost", *(name.strip().lower().rstrip(".") for name in names)}
        self.origins = {origin.strip().lower().rstrip("/") for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        asks = scope["type"] in ("http", "websocket")
        problem = self.problem(scope) if asks else ""
        outgoing = _Outgoing(send)
        if not problem:
            await self.app(scope, receive, outgoing)
        elif scope["type"] == "websocket":
            # Closed before it was accepted: the browser is told 403.
            await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
        else:
            await PlainTextResponse(problem, 403)(scope, receive, outgoing)

    def problem(self, scope: Scope) -> str:
        """Return why a request is refused, as a sentence that says what to do; empty when it is not."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not (match := HOST.fullmatch(hosts[0])):
            return "The request names no host, or one that is none. Open this server by its name or its address."
        name = match["name"].lower().rstrip(".")
        if not self.is_allowed(name):
            return (
                f"This server does not answer to the name {name[:100]}. Open it by its IP address, or start it with"
                f" --server.allowedHosts {name[:100]} (in .streamlit/config.toml: allowedHosts, below [server])."
            )
        acts = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        for origin in headers.getlist("origin") if acts else ():
            if not self.is_own(origin.lower(), hosts[0].lower()):
                return (
                    "Only pages of this server may do that, and the request comes from another one. Behind a proxy that"
                    " changes the Host header, name the public address in server.corsAllowedOrigins."
                )
        return ""

    def is_allowed(self, name: str) -> bool:
        """Whether the host name is this server's: a configured name, localhost, or any IP address.

        Another site can make its own name point here, but it cannot make a browser send an address instead.
        """
        try:
            return bool(ipaddress.ip_address(name.strip("[]")))
        except ValueError:
            return any(
                pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))
                for pattern in self.names
            )

    def is_own(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may act here. The scheme may differ: a proxy can add TLS."""
        scheme, _, place = origin.partition("://")
        return origin in self.origins or (scheme in ("http", "https") and place == host)


class _Outgoing:
    """`send`, with `HEADERS` added to the start of each answer that does not set them itself."""

    def __init__(self, send: Send) -> None:
        self.send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                if name == "Content-Security-Policy":
                    # Several policies hold together, so an answer's own cannot take ours away.
                    headers.append(name, value)
                else:
                    headers.setdefault(name, value)
        await self.send(message)
