"""A model that was exported elsewhere, brought in on a page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from sentiment_core.store import Run
from ui.kit.notices import problems_kept, show_problem
from ui.server.backend import check_upload_size, store

HELP = "A model that was exported here or elsewhere: a `.zip` with its weights, words and vectors."


def bring_model(key: str, arrived: Callable[[Run], None]) -> None:
    """Draw the upload of a model; `arrived` is told in a callback which run it has become."""
    with st.popover("Import", icon=":material/upload:", width="content"):
        st.file_uploader("Model", "zip", key=key, help=HELP, on_change=_bring, args=(key, arrived))
        st.caption("What **Export → Model** has written. It becomes a run that can be asked; its curves stay behind.")
    show_problem(key)


def _bring(key: str, arrived: Callable[[Run], None]) -> None:
    # Imported late: torch takes seconds.
    from sentiment_core.explain.archive.reader import import_model

    given = st.session_state[key]
    if given is None:
        return
    with problems_kept(key):
        check_upload_size(given.size)
        arrived(import_model(store(), given))
