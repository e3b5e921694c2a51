"""Positions: the matrix, how similar two of them are, and what shuffled words do to a model with and without."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment_core.explain.fill import SHIPPED
from sentiment_core.inside.positions import shuffled, similarity_by_distance
from sentiment_core.models.transformer import sinusoidal
from sentiment_core.number_words import percent
from ui.kit.notices import literal
from ui.kit.plot import plot
from ui.kit.terms import caption
from ui.labs.bert import models
from ui.labs.bert.figures import by_distance, matrix

COMPARED = ("bert-encoder", "bert-no-positions")
SEED = 1


def draw(model: str, step: int | None, first: str, second: str, gaps: tuple[int, ...]) -> None:
    """Draw what positions look like, and the answers about a text whose words stand in another order."""
    reader = models.reader(model, step)
    waves = sinusoidal(reader.longest, reader.config.model.hidden_size).numpy()
    tables = {"sinusoidal": waves}
    if (own := reader.positions) is not None and reader.config.model.positions == "learned":
        tables["learned by this model"] = own
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What is added to each position**")
        for name, tab in zip(tables, st.tabs(list(tables)), strict=True):
            with tab:
                plot(matrix(tables[name]), key=f"lab:bert:matrix:{name}")
    with right:
        st.markdown("**How similar two positions are**")
        similar = {name: similarity_by_distance(table) for name, table in tables.items()}
        plot(by_distance(similar), key="lab:bert:distance")
        st.caption("Neighbours look alike, whatever the place: so a model can ask for the word before.")
    st.markdown("**The same words in another order**")
    mixed = shuffled(first, SEED)
    rows = []
    for name in COMPARED:
        for order, words in (("as written", first), ("shuffled", mixed)):
            found = models.read(name, None, words, second, gaps if order == "as written" else ())
            best = next((token.guesses for token in found.tokens if token.masked), ())
            rows.append(
                {
                    "model": SHIPPED[name].title,
                    "words": order,
                    "in the first gap": ", ".join(f"{guess.text} {percent(guess.probability)}" for guess in best[:3]),
                    "follows": "" if found.follows is None else percent(found.follows, 1),
                }
            )
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    caption(
        literal(
            f"Shuffled: “{mixed}”. Without positions attention is a sum over a set: the same words in any order are "
            "the same text, and every answer is the same."
        )
    )
