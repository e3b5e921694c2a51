"""Reviews that a user uploads: kept once per content under the home folder, checked before they are used."""

from __future__ import annotations

import io
import os
import re
import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import IO

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from sentiment_core.artifacts import folder
from sentiment_core.config import FIELDS
from sentiment_core.datasets.file.container import SUFFIXES, suffix_of
from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.sources import SOURCES

NAMES, ARRIVED = "uploads:names", "uploads:arrived:"
CHUNK_BYTES = 1 << 20
# What an upload is called on disk; a link may name nothing else.
NAME = re.compile(rf"[0-9a-f]{{24}}({'|'.join(map(re.escape, SUFFIXES))})")


def remember_name(path: Path, name: str) -> None:
    """Keep what the user calls the upload at `path`; the name on disk says nothing to them."""
    st.session_state.setdefault(NAMES, {})[path.name] = name


def in_users_words(message: str, path: str) -> str:
    """Return `message` with the file called as its user called it, and settings of its reading as pages call them."""
    stored = Path(path).name
    message = re.sub(r"\bdata\.(\w+)", lambda found: _title(found[1]) or found[0], message)
    return message.replace(stored, st.session_state.get(NAMES, {}).get(stored, stored))


def _title(name: str) -> str | None:
    return f"“{FIELDS[f'data.{name}'].title}”" if name in SOURCES["csv"].fields else None


def upload_csv(key: str = "upload", help: str | None = None) -> Path | None:
    """Draw the upload of a file; return where a file that was just chosen is kept, None on every other run.

    The browser goes on showing the name. Raises `StoreError` when the file cannot be kept.
    """
    st.file_uploader(
        "File of reviews",
        [suffix.rpartition(".")[2] for suffix in SUFFIXES if suffix.count(".") == 1] + ["gz"],
        key=key,
        help=help,
        on_change=_keep,
        args=(key,),
        label_visibility="visible" if help else "collapsed",
    )
    kept: Path | StoreError | None = st.session_state.pop(ARRIVED + key, None)
    if isinstance(kept, StoreError):
        raise kept
    return kept


def _keep(key: str) -> None:
    """Put what has arrived on disk. In a callback: the widget itself hands out a copy of the file on every run."""
    given = st.session_state[key]
    if not isinstance(given, UploadedFile):
        return
    try:
        path = save_upload(given.name, given)
        remember_name(path, given.name)
        st.session_state[ARRIVED + key] = path
    except StoreError as error:
        st.session_state[ARRIVED + key] = error
    # The server would hold every upload in memory until its browser leaves; this one is on disk, or has no place there.
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(session_id=context.session_id, file_id=given.file_id)
    given.truncate(0)


def save_upload(name: str, content: bytes | IO[bytes]) -> Path:
    """Keep an uploaded file; the same content is kept once. Raises `StoreError` when it cannot be written."""
    suffix = suffix_of(name)
    parent = folder("uploads")
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    digest = blake2b(digest_size=12)
    partial = None
    try:
        handle, partial = tempfile.mkstemp(suffix=".part", dir=parent)
        with os.fdopen(handle, "wb") as file:
            while chunk := source.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
        path = parent / (digest.hexdigest() + suffix)
        os.replace(partial, path)
    except OSError as error:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)
        raise StoreError(f"the upload cannot be kept in {parent}: {error.strerror}. Make room there.") from error
    return path


def upload_path(name: str) -> str:
    """Return where the upload called `name` lies; raise `ConfigError` for other files: a link must not read those."""
    path = folder("uploads") / Path(name).name
    if not NAME.fullmatch(path.name) or not path.is_file():
        raise ConfigError("data.path: this link uses reviews that are not on this machine; upload the file here.")
    return str(path)
