"""Data: what the reviews are made of, and what is lost between a review and a batch."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from sentiment_core.config import DataConfig
from sentiment_core.errors import SentimentLabError
from ui.data import tabs as data_tabs
from ui.data.reviews import reviews
from ui.data.source import are_read, choose
from ui.data.state import TABS, adopt_address, field, value, write_address
from ui.kit.components.copy_link import copy_link
from ui.kit.notices import errors_shown, literal, show_error

DRAW: dict[str, Callable[[DataConfig], None]] = {
    "overview": data_tabs.overview,
    "coverage": data_tabs.coverage_table,
    "reviews": reviews,
    "padding": data_tabs.padding,
    "words": data_tabs.words,
}


def main() -> None:
    """Draw the choice of data, and the tab that the address names."""
    for problem in adopt_address():
        st.warning(literal(problem))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "Tab",
            list(TABS),
            key=field("tab"),
            format_func=TABS.__getitem__,
            label_visibility="collapsed",
            required=True,
        )
        st.space("stretch")
        copy_link()
    try:
        config = choose()
        if config is not None and (value("tab") == "words" or are_read(config)):
            DRAW[value("tab")](config)
    except SentimentLabError as error:
        show_error(error)
    write_address()


with errors_shown():
    main()
