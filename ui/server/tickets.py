"""Who a browser belongs to: a signed cookie that says which person joined, and for how long it holds."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

from sentiment_core.artifacts import folder
from sentiment_core.classroom.people import Person
from sentiment_core.classroom.settings import ClassSettings
from sentiment_core.errors import NotAllowedError, StoreError

COOKIE = "sentiment_lab_person"
KEY_FILE = "class.key"
JOIN_AGAIN = "Join the class: open this server's address and enter the room's code."


def issue(person: Person, settings: ClassSettings) -> str:
    """Return the ticket of a person; a lecturer's ends with the access code, or the list of lecturers."""
    return _signer().dumps([person.id, _generation(settings) if person.is_lecturer else ""])


def holder(cookies: Mapping[str, str], settings: ClassSettings) -> str | None:
    """Return the id of whoever a browser's cookies name, None being a lecturer.

    Raises `NotAllowedError` where there is no ticket, or none that still holds.
    """
    try:
        identifier, generation = _signer().loads(cookies.get(COOKIE, ""), max_age=round(settings.hours * 3600))
    except (BadData, ValueError, TypeError) as error:
        raise NotAllowedError(JOIN_AGAIN) from error
    if identifier is None and generation != _generation(settings):
        raise NotAllowedError(JOIN_AGAIN)
    return str(identifier) if identifier is not None else None


def _generation(settings: ClassSettings) -> str:
    lecturers = "\0".join([settings.lecturer_code, *settings.lecturers])
    return blake2b(lecturers.encode(), digest_size=8).hexdigest()


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(server_key(), salt="person")


def server_key() -> bytes:
    """Return the key of this home; raise `StoreError` when it cannot be kept."""
    return _key(folder() / KEY_FILE)


@lru_cache(maxsize=8)
def _key(path: Path) -> bytes:
    """Return the key of this home, drawn once; servers of one home share it."""
    try:
        with suppress(FileExistsError):
            # Whole when it appears: a second server may read it in the same moment.
            partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(secrets.token_bytes(32))
                os.link(partial, path)
            finally:
                partial.unlink()
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}. Free some space there.") from error
