"""Who somebody is by their school's login: Streamlit's OIDC, where its secrets have a table `[auth]`.

Streamlit does the login itself (`/auth/login`, `/oauth2callback`) and keeps who it was in a cookie that it signs. Pages
read that as `st.user`, once they are open; the door decides before any page, so it reads the same cookie, with
Streamlit's own functions. An e-mail address is kept nowhere: a person's id is a keyed hash of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from streamlit import auth_util
from streamlit.errors import StreamlitAuthError
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from sentiment_core.classroom.settings import ClassSettings
from sentiment_core.errors import ConfigError
from ui.server.api import base_url
from ui.server.tickets import server_key

ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
# Streamlit's own routes of a login, which must answer before anybody is known.
ROUTES = re.compile(r"/(?:auth/(?:login|logout)|oauth2callback)")
PROVIDER = "default"


@dataclass(frozen=True)
class Account:
    """Somebody who has logged in: their e-mail address, in small letters, and what they are called there."""

    email: str
    name: str

    def leads(self, settings: ClassSettings) -> bool:
        """Whether the address is a lecturer's."""
        return self.email in {each.strip().lower() for each in settings.lecturers}

    def person_in(self, room: str) -> str:
        """Return the id of this account's person in a room: the same in every browser, and nobody's address."""
        return blake2b(f"{room}\0{self.email}".encode(), key=server_key(), digest_size=8).hexdigest()


def is_set() -> bool:
    """Whether this server asks for a login."""
    return bool(auth_util.get_secrets_auth_section())


def login_path() -> str:
    """Return where a login begins; raise `ConfigError` where it cannot, with what to do."""
    try:
        auth_util.validate_auth_credentials(PROVIDER)
        token = auth_util.encode_provider_token(PROVIDER)
    except StreamlitAuthError as error:
        raise ConfigError(f"The login is not set up: {error}") from error
    return f"{base_url()}/auth/login?provider={token}"


def account(cookies: Mapping[str, str]) -> Account | None:
    """Return who has logged in with this browser, None where nobody has, or nobody whose address is theirs."""
    origin = auth_util.get_origin_from_redirect_uri()
    if not is_set() or not origin:
        return None
    signed = starlette_websocket._get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    return _account(starlette_websocket._parse_decoded_user_cookie(signed, origin)) if signed else None


def _account(user: Mapping[str, Any]) -> Account | None:
    given = user.get("email")
    email = given.strip().lower() if isinstance(given, str) else ""
    # A provider that has not checked an address must not make somebody a lecturer.
    if not user.get("is_logged_in") or user.get("email_verified") is False or not ADDRESS.fullmatch(email):
        return None
    return Account(email, str(user.get("name") or ""))
