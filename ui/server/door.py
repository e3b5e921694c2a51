"""The door of a class: who has not joined sees the form to join, and nothing else of this server.

One ASGI middleware behind the gate, and the routes of the form: plain HTML, which a phone has at once. Posting it needs
no token against forgery: the gate refuses what another site's page sends, and the cookie stays with this site.
"""

from __future__ import annotations

import asyncio
import re
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sentiment_core.classroom.codes import fits, read_room_code
from sentiment_core.classroom.people import LECTURER, Person
from sentiment_core.classroom.settings import ClassSettings, class_settings
from sentiment_core.errors import ConfigError, NotAllowedError, NotFoundError, SentimentLabError
from ui.server import backend, login
from ui.server.api import asset_url, base_url
from ui.server.tickets import COOKIE, issue
from ui.server.visitor import asking

FORM = Template((Path(__file__).parent / "join.html").read_text(encoding="utf-8"))
FORM_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'",
}
MOST_BYTES = 4000
NOTE = "No account. Your browser remembers who you are; your name is forgotten with the room."
# What somebody sees before they have joined: the form with its style, whether the server lives, and how much it does.
OPEN = re.compile(
    r"/(?:join(?:/[^/]*)?|leave|assets/(?:join\.css|icon\.svg)|_stcore/health|healthz|metrics|favicon\.ico)"
)
# Where the form may lead: a page of this server, whatever its link says.
WITHIN = re.compile(r"/(?![/\\])[\w\-./?=&%+,:~*]{0,3000}", re.ASCII)
# Checking an access code takes 16 MB and 50 ms.
_checking = asyncio.Semaphore(2)


def door() -> Middleware:
    """Return the middleware for `st.App`."""
    return Middleware(Door)


def door_routes() -> list[BaseRoute]:
    """Return the routes of the form, below `server.baseUrlPath` when one is set."""
    return [
        Route(base_url() + "/join", show_form, methods=["GET"]),
        Route(base_url() + "/join", join, methods=["POST"]),
        Route(base_url() + "/join/{code}", show_form, methods=["GET"]),
        Route(base_url() + "/leave", leave, methods=["POST"]),
    ]


class Door:
    """Lets in who has joined; the others are sent to the form, and what is no page answers 401."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] not in ("http", "websocket") or not (problem := self.problem(scope)):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "not joined"})
        else:
            await problem(scope, receive, send)

    def problem(self, scope: Scope) -> Response | None:
        """Return the answer to who may not pass, None for who may."""
        connection = HTTPConnection(scope)
        path = str(scope["path"]).removeprefix(base_url())
        try:
            if class_settings() is None or OPEN.fullmatch(path) or (login.ROUTES.fullmatch(path) and login.is_set()):
                return None
            asking(connection.cookies)
        except NotAllowedError as error:
            if "text/html" not in connection.headers.get("accept", ""):
                return JSONResponse({"error": str(error)}, 401)
            query = f"?{connection.url.query}" if connection.url.query else ""
            return RedirectResponse(f"{base_url()}/join?next={quote(path + query, safe='')}", 303)
        except SentimentLabError as error:
            return PlainTextResponse(str(error), 503)
        return None


async def show_form(request: Request) -> Response:
    """Show the form, with the room's code in it where the address has one."""
    settings = class_settings()
    if settings is None:
        return RedirectResponse(base_url() + "/")
    given = {"code": request.path_params.get("code", ""), "next": request.query_params.get("next", "")}
    who = login.account(request.cookies)
    if who is not None and who.leads(settings) and not _is_known(request):
        return _let_in(request, LECTURER, given["next"], settings)
    given["name"] = "" if who is None else who.name
    return await run_in_threadpool(_form, request, given)


async def join(request: Request) -> Response:
    """Let somebody in, or say why not."""
    settings = class_settings()
    if settings is None:
        return RedirectResponse(base_url() + "/", 303)
    given = await _read(request)
    try:
        if given.get("access"):
            async with _checking:
                person = await run_in_threadpool(_lecturer, given["access"], settings)
        else:
            person = await run_in_threadpool(_student, given, settings, login.account(request.cookies))
    except SentimentLabError as error:
        return await run_in_threadpool(_form, request, given, str(error))
    return _let_in(request, person, given.get("next", ""), settings)


def _let_in(request: Request, person: Person, wanted: str, settings: ClassSettings) -> Response:
    answer = RedirectResponse(base_url() + (wanted if WITHIN.fullmatch(wanted) else "/room"), 303)
    answer.set_cookie(
        COOKIE,
        issue(person, settings),
        max_age=round(settings.hours * 3600),
        path=base_url() or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


async def leave(request: Request) -> Response:
    """Forget who a browser belongs to, and who has logged in with it."""
    answer = RedirectResponse(base_url() + ("/auth/logout" if login.is_set() else "/join"), 303)
    answer.delete_cookie(COOKIE, path=base_url() or "/", httponly=True, samesite="lax")
    return answer


def _lecturer(code: str, settings: ClassSettings) -> Person:
    if not fits(code, settings.lecturer_code):
        raise NotAllowedError("This is not the lecturer's access code. `class set-up` has printed it once.")
    return LECTURER


def _student(given: dict[str, str], settings: ClassSettings, who: login.Account | None) -> Person:
    if who is None and login.is_set():
        raise NotAllowedError("Log in first: here people are known by their school's login.")
    code = read_room_code(given.get("code", ""))
    if code is None:
        raise ConfigError("A room's code has five letters, such as KMRTP. It is on the projector.")
    if not given.get("name", "").strip():
        raise ConfigError("Choose a name, so that the others know whose curves they see.")
    return backend.shared_store().join(code, given["name"], settings.people, who.person_in(code) if who else None)


def _form(request: Request, given: dict[str, str], problem: str = "") -> Response:
    known = _known(request)
    fields = {name: escape(given.get(name, "")[:3000]) for name in ("code", "name", "next")}
    who = login.account(request.cookies)
    ask = login.is_set() and who is None
    html = FORM.substitute(
        fields,
        login=_login() if ask else "",
        students="hidden" if ask else "",
        note=f"You are logged in as {escape(who.email)}. The others see your name, not your address." if who else NOTE,
        base=escape(base_url()),
        style=escape(asset_url("join.css")),
        icon=escape(asset_url("icon.svg")),
        problem=f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else "",
        known=""
        if known is None
        else f'<form method="post" action="{escape(base_url())}/leave" class="known"><p>You are '
        f'<b>{escape(known.name)}</b> here. <a href="{escape(base_url())}/">Go on</a></p>'
        "<button>Leave</button></form>",
    )
    return HTMLResponse(html, 400 if problem else 200, headers=FORM_HEADERS)


def _login() -> str:
    try:
        return f'<p><a class="login" href="{escape(login.login_path())}">Log in</a></p>'
    except ConfigError as error:
        return f'<p class="problem" role="alert">{escape(str(error))}</p>'


def _is_known(request: Request) -> bool:
    try:
        asking(request.cookies)
    except NotAllowedError:
        return False
    return True


def _known(request: Request) -> Person | None:
    try:
        return backend.shared_store().person(asking(request.cookies).id)
    except (NotAllowedError, NotFoundError):
        return None


async def _read(request: Request) -> dict[str, str]:
    """Return the fields of the form that was sent; one that is too long has none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    return {name: values[0] for name, values in fields.items()}
