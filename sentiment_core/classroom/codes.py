"""Codes: a room's, short enough to be typed from a projector, and the lecturer's, kept as a hash."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from hashlib import scrypt

# Without letters that look like another or like a digit.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
ROOM = re.compile(rf"[{LETTERS}]{{5}}")
_GROUPS, _GROUP = 4, 5  # of an access code: 20 letters of 24, 91 bits

# Colin Percival's interactive parameters (2009): 16 MiB and some 50 ms a try.
_N, _R, _P, _SALT, _LENGTH = 2**14, 8, 1, 16, 32
_HASH = re.compile(r"scrypt\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})")


def new_room_code() -> str:
    """Return a code for a room: 5 letters, one of 8 million."""
    return "".join(secrets.choice(LETTERS) for _ in range(5))


def read_room_code(text: str) -> str | None:
    """Return the room's code that somebody typed, None when it can be none."""
    code = re.sub(r"[\s-]", "", text[:40]).upper()
    return code if ROOM.fullmatch(code) else None


def new_access_code() -> str:
    """Return an access code that nobody guesses: so nothing has to slow down who tries."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def hash_code(code: str) -> str:
    """Return what to keep of an access code (scrypt, RFC 7914)."""
    salt = secrets.token_bytes(_SALT)
    return f"scrypt${_text(salt)}${_text(_derived(code, salt))}"


def is_hash(text: str) -> bool:
    """Whether a text is what `hash_code` returns."""
    return _HASH.fullmatch(text) is not None


def fits(code: str, hashed: str) -> bool:
    """Whether an access code is the one that was hashed, however its letters are grouped; takes 50 ms."""
    found = _HASH.fullmatch(hashed)
    if found is None or len(code) > 200:
        return False
    salt, expected = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in found.groups())
    return hmac.compare_digest(_derived(code, salt), expected)


def _derived(code: str, salt: bytes) -> bytes:
    plain = re.sub(r"[\s-]", "", code).upper()
    return scrypt(plain.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=_LENGTH)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
