"""Reviews that a user uploads: kept once per content under the home folder, checked before they are used."""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path

import streamlit as st

from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.paths import folder

NAMES = "uploads:names"
# What an upload is called on disk; a link may name nothing else.
NAME = re.compile(r"[0-9a-f]{24}\.csv(\.gz)?")


def remember_name(path: Path, name: str) -> None:
    """Keep what the user calls the upload at `path`; the name on disk says nothing to them."""
    st.session_state.setdefault(NAMES, {})[path.name] = name


def in_users_words(message: str, path: str) -> str:
    """Return `message` with the file called as its user called it."""
    stored = Path(path).name
    return message.replace(stored, st.session_state.get(NAMES, {}).get(stored, stored))


def save_upload(name: str, content: bytes) -> Path:
    """Keep an uploaded file; the same content is kept once. Raises `StoreError` when it cannot be written."""
    suffix = ".csv.gz" if name.lower().endswith(".gz") else ".csv"
    path = folder("uploads") / (blake2b(content, digest_size=12).hexdigest() + suffix)
    if path.exists():
        return path
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"the upload cannot be kept in {path.parent}: {error.strerror}. Make room there.") from error
    return path


def upload_path(name: str) -> str:
    """Return where the upload called `name` lies; raise `ConfigError` for other files: a link must not read those."""
    path = folder("uploads") / Path(name).name
    if not NAME.fullmatch(path.name) or not path.is_file():
        raise ConfigError("data.path: this link uses reviews that are not on this machine; upload the CSV file here.")
    return str(path)
