"""The Data page's review browser: search, filters, pages, and one review token by token."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from sentiment_core.data_view.browse import LABELS, search, tokens_of
from sentiment_core.data_view.statistics import PARTS
from sentiment_core.datasets import Reviews
from sentiment_core.datasets.base import MEANINGS
from sentiment_core.excerpt import in_words
from sentiment_core.number_words import counted
from sentiment_core.settings import DataConfig
from ui.addresses import DATA, to_explain
from ui.data.source import named, reviews_of, space_of, vectors
from ui.kit.components.heatmap import Block, Token, heatmap

ROWS = 20
LONGEST_START = 160
LONGEST_TABLE = 4000
COLUMNS = {
    "Review": st.column_config.NumberColumn(width=70),
    "Label": st.column_config.TextColumn(width=80),
    "Part": st.column_config.TextColumn(width=90),
    "Text": st.column_config.TextColumn(width="large"),
}


def reviews(config: DataConfig) -> None:
    """Draw filters, one page of reviews, and the selected one."""
    data = reviews_of(config)
    if not data.are_labelled:
        # Nothing tells them apart, and nothing is divided that nobody can train on.
        DATA.put(label="all", part="all")
    first, second, third = st.columns([2, 1, 1], vertical_alignment="bottom")
    first.text_input(
        "Search", key=DATA.key("search"), on_change=_first_page, placeholder="Part of a review", max_chars=200
    )
    for column, name, values in ((second, "label", LABELS), (third, "part", PARTS)):
        column.selectbox(
            name.capitalize(),
            ["all", *values],
            key=DATA.key(name),
            format_func=str.capitalize,
            on_change=_first_page,
            disabled=not data.are_labelled,
        )
    found = search(data, DATA.value("search"), DATA.value("label"), DATA.value("part"))
    if not len(found):
        st.info("No review fits. Search for less, or choose all labels and parts.")
        return
    last = -(-len(found) // ROWS)
    if DATA.value("page") > last:
        DATA.put(page=last)
    _table(data, found, last)
    chosen = DATA.value("review")
    if not chosen:
        st.caption("Select a review to see its tokens.")
    elif chosen > len(data):
        st.warning(f"There is no review {chosen:,} here: these are {len(data):,}.")
        DATA.put(review=0)
    else:
        _review(data, chosen - 1)


def _table(data: Reviews, found: np.ndarray, last: int) -> None:
    start = (DATA.value("page") - 1) * ROWS
    shown = found[start : start + ROWS]
    names = {part: name for name, part in PARTS.items()}
    known = {
        "Label": [MEANINGS[int(label)] for label in data.labels[shown]],
        "Part": [names[int(part)] for part in data.parts[shown]],
    }
    rows = {
        "Review": shown + 1,
        **(known if data.are_labelled else {}),
        "Text": [data.texts[place][:LONGEST_START] for place in shown],
    }
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=215,
        column_config=COLUMNS,
        on_select=lambda: _select(shown),
        selection_mode="single-row",
        key="data:table",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous", icon=":material/chevron_left:", on_click=_turn, args=(-1,), disabled=DATA.value("page") <= 1
        )
        st.button(
            "Next", icon=":material/chevron_right:", on_click=_turn, args=(1,), disabled=DATA.value("page") >= last
        )
        st.caption(f"Page {DATA.value('page'):,} of {last:,}; {counted(len(found), 'review')}")


def _review(data: Reviews, place: int) -> None:
    text = data.texts[place]
    keep = DATA.value("keep")
    ids = space_of(vectors()).ids
    tokens = tokens_of(text, DATA.value("tokenizer"), ids, DATA.value("max_tokens"), keep)
    known, used = (sum(token.id != 0 for token in tokens), sum(token.used for token in tokens))
    block = Block(
        f"Review {place + 1:,}",
        MEANINGS[int(data.labels[place])] if data.are_labelled else "",
        f"{known:,} of {len(tokens):,} tokens known to {named(vectors())}",
        tuple(Token(token.start, token.end, token.id != 0, token.used) for token in tokens),
        rows=(),
    )
    to_explain(review=text).draw("Explain this review", icon=":material/highlight:")
    heatmap(text, [block], key="data:heatmap")
    cut = f" Pale: not read; a model of this setting reads {in_words(used, known, keep)}." if used < known else ""
    st.caption(f"Struck through: unknown, so dropped.{cut}")
    with st.expander("Tokens and ids"):
        if len(tokens) > LONGEST_TABLE:
            st.caption(f"The first {LONGEST_TABLE:,} of {len(tokens):,} tokens.")
        listed = tokens[:LONGEST_TABLE]
        table = {
            "Token": [token.word for token in listed],
            "Id": [token.id for token in listed],
            "Known": [token.id != 0 for token in listed],
            "Used": [token.used for token in listed],
        }
        st.dataframe(pd.DataFrame(table), hide_index=True, height=300)


def _select(shown: np.ndarray) -> None:
    rows = st.session_state["data:table"]["selection"]["rows"]
    DATA.put(review=int(shown[rows[0]]) + 1 if rows and rows[0] < len(shown) else 0)


def _turn(by: int) -> None:
    DATA.put(page=DATA.value("page") + by)


def _first_page() -> None:
    """Go back to the first page of reviews: the filter has changed."""
    DATA.put(page=1, review=0)
