"""Reviews that a user uploads: kept once per content under the home folder, checked before they are used."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from sentiment_core.artifacts import folder, here, home, written
from sentiment_core.classroom.people import may, permit
from sentiment_core.config import FIELDS, build, choices, field_info
from sentiment_core.data_view.first_rows import about_first_rows
from sentiment_core.data_view.job import REVIEWS, ReviewCounts, arguments_for
from sentiment_core.datasets.file.container import READABLE, SUFFIXES, suffix_of
from sentiment_core.errors import ConfigError, SentimentLabError
from sentiment_core.number_words import counted
from sentiment_core.settings import DataConfig, Tokenizer
from sentiment_core.sources import SOURCES
from ui.kit.address_fields import Field, Unusable
from ui.kit.columns import COLUMNS, choose_columns
from ui.kit.kept import kept
from ui.kit.notices import literal, problems_kept, show_error, show_problem
from ui.kit.reading_first import read_first
from ui.server.backend import check_upload_size, store
from ui.server.visitor import is_class, visitor

NAMES, UNNAMED = "uploads:names", "the uploaded file"
CHUNK_BYTES = 1 << 20
# What an upload is called on disk; a link may name nothing else.
VECTORS_SUFFIX = ".vectors"
NAME = re.compile(rf"[0-9a-f]{{24}}({'|'.join(map(re.escape, (*SUFFIXES, VECTORS_SUFFIX)))})")
# The settings that say how a file is read, where it does not say so itself.
READING = tuple(name for name in SOURCES["csv"].fields if name != "path")


def upload(name: str, default: str, choices: Collection[str] = (), missing: str = "") -> Field:
    """Return an address field that names an upload, or one of `choices`; `missing` stands for a file to be chosen."""

    def read(given: str) -> str:
        if given not in choices and not NAME.fullmatch(given):
            raise Unusable(missing)
        return given

    allowed = ", ".join([*choices, "the name of an upload"])
    return Field(name, name, default, allowed, read, say=lambda value: "upload the file here")


def without_folders(query: dict[str, str]) -> dict[str, str]:
    """Return a configuration's parameters with its uploads called by name: a link says nothing about folders."""
    given = {field: query[field].replace("\\", "/") for field in ("data.path", "data.vectors") if query.get(field)}
    return query | {field: path.rpartition("/")[2] for field, path in given.items()}


def remember_name(path: Path, name: str) -> None:
    """Keep what the user calls the upload at `path`; the name on disk says nothing to them."""
    st.session_state.setdefault(NAMES, {})[path.name] = name


def called(path: str) -> str:
    """Return what the user calls an upload: who has opened it by a link never named it."""
    stored = Path(path).name
    return str(st.session_state.get(NAMES, {}).get(stored, UNNAMED if NAME.fullmatch(stored) else stored))


def in_users_words(message: str, path: str) -> str:
    """Return `message` with the file called as its user called it, and settings of its reading as pages call them."""
    message = re.sub(r"\bdata\.(\w+)", lambda found: _title(found[1]) or found[0], message)
    said = message.replace(Path(path).name, called(path))
    return said[:1].upper() + said[1:] if called(path) == UNNAMED else said


def _title(name: str) -> str | None:
    return f"“{FIELDS[f'data.{name}'].title}”" if name in READING else None


def reviews_file(
    key: str,
    name: str | None,
    arrived: Callable[[Path], None],
    *,
    start: Mapping[str, Any] | None = None,
    changed: Callable[[str, Any], None] = lambda setting, value: None,
    labelled: bool = True,
    read: bool = True,
    tokens: tuple[Tokenizer, ...] = (),
    shown: bool = False,
    looked_up: Mapping[str, Any] | None = None,
) -> DataConfig | None:
    """Draw the upload of reviews, how they are read, and what was understood of the upload called `name`.

    Return the reviews once they can be used, None until then, with the reason on the page. `arrived` is told in a
    callback where a new file lies. `start`: settings of `READING` that are not the usual ones; `changed` is told what
    they are now. `labelled`: labels are needed. With `read`, the file is read once, with `tokens` and `shown` as
    `read_first` says. `looked_up`: the settings of words and vectors, where what the vectors do not know is to be said.
    """
    needed = "its label, as words, 0 and 1 or stars" if labelled else "perhaps its label"
    told = f"A file with one review a row, and {needed}. {READABLE} can be read."
    st.file_uploader(
        "Reviews as a file",
        sorted({suffix.rpartition(".")[2] for suffix in SUFFIXES}),
        key=key,
        help=told,
        on_change=keep_upload,
        args=(key, arrived),
    )
    show_problem(key)
    try:
        if not name:
            st.caption(f"Choose a file. {told}")
            return None
        path = upload_path(name)
        data = _reading(f"{key}:{name}", path, start or {}, changed, labelled)
        if read:
            found = read_first(data, labelled=labelled, tokens=tokens, shown=shown)
            if found is None:
                return None
            _understood(name, found, warned=not shown)
            if looked_up is not None:
                about_words(data.model_copy(update=dict(looked_up)))
    except SentimentLabError as error:
        show_error(error.worded(in_users_words(str(error), name or "")))
        return None
    return data


def _reading(
    key: str, path: str, start: Mapping[str, Any], changed: Callable[[str, Any], None], labelled: bool
) -> DataConfig:
    """Draw how a file is read; return the settings that read it so."""
    found: dict[str, Any] = {}
    with st.popover("How the file is read", icon=":material/table_view:", width="content"):
        folded = st.container()
        for name in READING:
            if name in COLUMNS:
                continue
            info = field_info(f"data.{name}")
            value = start.get(name, info.default)
            words = ", ".join(value) if isinstance(value, tuple) else value
            place, options = f"{key}:{name}:{words}", choices(f"data.{name}")
            if options:
                found[name] = st.selectbox(info.title, options, options.index(value), key=place, help=info.description)
            else:
                found[name] = st.text_input(info.title, words, key=place, help=info.description)
            changed(name, found[name])
    data = build(DataConfig, {"source": "csv", "path": path, **found})
    return data.model_copy(update=choose_columns(key, data, start, changed, folded, labelled))


def _understood(name: str, found: ReviewCounts, warned: bool) -> None:
    """Say what a file holds, as it was read; a page that shows the reviews says itself what was odd about them."""
    positive = "" if found.positive is None else f", {found.positive:,} of them positive"
    told = "" if called(name) == UNNAMED else f"{called(name)}: "
    st.caption(literal(f"{told}{counted(found.reviews, 'review')}{positive}."))
    for warning in found.warnings if warned else ():
        st.caption(literal(in_users_words(warning, name)))


def about_words(data: DataConfig, own: str | None = None) -> None:
    """Say what vectors do not know of a file's first rows; `own`: what one's own are called on disk, once read."""
    question = REVIEWS.written(arguments_for(data))
    for warning in _first_rows(str(home()), question, data.tokenizer, data.embeddings, own):
        st.warning(literal(warning), icon=":material/translate:")


@kept(max_entries=32)
def _first_rows(where: str, question: str, tokenizer: str, embeddings: str, own: str | None) -> tuple[str, ...]:
    data = build(DataConfig, REVIEWS.read(question).data)
    return about_first_rows(data.model_copy(update={"tokenizer": tokenizer, "embeddings": embeddings}), own)


def keep_upload(key: str, arrived: Callable[[Path], None], suffix: str | None = None) -> None:
    """Put what has arrived on disk. In a callback: the widget itself hands out a copy of the file on every run."""
    given = st.session_state[key]
    if not isinstance(given, UploadedFile):
        return
    with problems_kept(key):
        check_upload_size(given.size)
        if is_class():
            store().check_bytes(given.size)
        path = save_upload(given.name, given, suffix)
        if is_class():
            store().note_upload(path.name)
        remember_name(path, given.name)
        arrived(path)
    # The server would hold every upload in memory until its browser leaves; this one is on disk, or has no place there.
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(session_id=context.session_id, file_id=given.file_id)
    given.truncate(0)


def save_upload(name: str, content: bytes | IO[bytes], suffix: str | None = None) -> Path:
    """Keep an uploaded file; the same content is kept once. Raises `StoreError` when it cannot be written."""
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    digest = blake2b(digest_size=12)
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
    path = folder("uploads") / (digest.hexdigest() + (suffix or suffix_of(name)))
    source.seek(0)
    with written(path) as temporary, temporary.open("wb") as file:
        shutil.copyfileobj(source, file, CHUNK_BYTES)
    return path


def upload_path(name: str) -> str:
    """Return where the upload called `name` lies; raise `ConfigError` for other files: a link must not read those.

    Raises `NotAllowedError` for a file that somebody else has brought.
    """
    path = folder("uploads") / Path(name).name
    if not NAME.fullmatch(path.name) or not here(path).is_file():
        raise ConfigError("this link uses a file that is not on this machine; upload the file here.")
    check_upload(str(path))
    return str(path)


def check_upload(path: str) -> None:
    """Raise `NotAllowedError` when a file is an upload that the visitor may not use."""
    person = visitor()
    if person.is_lecturer or not NAME.fullmatch(Path(path).name):
        return
    owners = store().owners_of_upload(Path(path).name)
    # Who brings the same content may use it, whoever else has.
    permit(person, "use", next((owner for owner in owners if may(person, "use", owner)), owners[0]))
