"""The line on top of a lesson or a lab: its title, and the ways on from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from ui.kit.notices import literal


@contextmanager
def toolbar(title: str) -> Iterator[None]:
    """Draw the title; what is drawn inside stands beside it, on a narrow screen in one row below it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(literal(title), anchor=False, width="content")
        st.space("stretch")
        # The style sheet knows it by this name.
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", key="toolbar"):
            yield
