"""Data: what the reviews are made of, and what is lost between a review and a batch."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from sentiment_core.settings import DataConfig
from ui.addresses import DATA, TABS
from ui.data import tabs as data_tabs
from ui.data.reviews import reviews
from ui.data.source import are_read, choose
from ui.kit.choice import choice
from ui.kit.components.copy_link import copy_link
from ui.kit.notices import errors_shown, literal

DRAW: dict[str, Callable[[DataConfig], None]] = {
    "overview": data_tabs.overview,
    "coverage": data_tabs.coverage_table,
    "reviews": reviews,
    "padding": data_tabs.padding,
    "words": data_tabs.words,
}


EVERYWHERE = ("tab", "source", "file", "tokenizer", "embeddings", "vectors")
OF_TAB: dict[str, tuple[str, ...]] = {
    "overview": ("max_tokens", "keep"),
    "coverage": (),
    "reviews": ("search", "label", "part", "page", "review", "max_tokens", "keep"),
    "padding": ("max_tokens", "keep", "batch_size", "batch"),
    "words": ("word", "words"),
}


def main() -> None:
    """Draw the choice of data, and the tab that the address names."""
    for problem in DATA.adopt() or ():
        st.warning(literal(problem))
    with st.container(horizontal=True, vertical_alignment="center"):
        choice(DATA, "tab", "Tab", TABS)
        st.space("stretch")
        copy_link()
    with errors_shown():
        config = choose()
        if config is not None and (DATA.value("tab") == "words" or are_read(config)):
            DRAW[DATA.value("tab")](config)
    DATA.write(*EVERYWHERE, *OF_TAB[DATA.value("tab")])


with errors_shown():
    main()
