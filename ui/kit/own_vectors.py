"""Word vectors that a user brings: an upload, or a name that gensim's downloader knows."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from sentiment_core.data_view.own_vectors import VECTORS, VectorsFound, VectorsQuestion
from sentiment_core.vector_files import READABLE, is_name
from ui.kit.address_fields import Field, Unusable
from ui.kit.job_panel import job_panel
from ui.kit.notices import literal, show_problem
from ui.kit.uploads import NAME, VECTORS_SUFFIX, called, keep_upload

HINT = "A minute or so for a million words. It is done once, and goes on when you close the page."


def choose_vectors(key: str, given: str | None, changed: Callable[[str], None]) -> None:
    """Draw the upload and the field for a name; `changed` is told what to read, in a callback.

    `given`: what is read now, a path or a name.
    """

    def named() -> None:
        name = st.session_state[f"{key}:name"].strip()
        if name:
            changed(name)

    st.file_uploader(
        "Vectors as a file",
        ["txt", "vec", "bin", "gz"],
        key=f"{key}:file",
        help=f"{READABLE[0].upper()}{READABLE[1:]}. What is too large for an upload can be used at the command line.",
        on_change=keep_upload,
        args=(f"{key}:file", lambda path: changed(str(path)), VECTORS_SUFFIX),
    )
    show_problem(f"{key}:file")
    is_named = given is not None and is_name(given)
    st.text_input(
        "Or their name in gensim's downloader",
        given if is_named else "",
        key=f"{key}:name",
        placeholder="glove-twitter-25",
        on_change=named,
        help="Fetched when they are first read.",
    )
    if given and not is_named:
        st.caption(literal(f"Read from {called(given)}."))


def vectors(name: str) -> Field:
    """Return an address field that names an upload of vectors, or vectors of gensim's downloader."""

    def read(given: str) -> str:
        if not is_name(given) and not (NAME.fullmatch(given) and given.endswith(VECTORS_SUFFIX)):
            raise Unusable("")
        return given

    return Field(name, name, "", "the name of an upload, or one of gensim's downloader", read)


def read_vectors_first(given: str) -> VectorsFound | None:
    """Return what the vectors are and say so, once they were read; until then draw that job."""
    found = job_panel(VECTORS, VectorsQuestion(given), start_label="Read the vectors", time_hint=HINT)
    if found is not None:
        st.caption(literal(f"{found.words:,} words of {found.components:,} components each in {called(given)}."))
    return found
