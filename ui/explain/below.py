"""Below the heatmap of one review: agreement, faithfulness, reading along, the table. Each is computed when shown."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from sentiment_core.explain.agreement import TOP, Agreement, agreements
from sentiment_core.explain.export import ModelRows, as_document, as_html
from ui.explain import words
from ui.explain.plot import along_figure, curves_figure
from ui.explain.readings import LONGEST_TABLE, TITLES, Reading, along, faithful, table
from ui.explain.state import BASELINE, target_class
from ui.kit.notices import literal

QUIET = {"displayModeBar": False}


def agreement(readings: Sequence[Reading]) -> None:
    """Draw Kendall's τ and the shared top tokens of each pair of methods, per model."""
    for reading in readings:
        _name(reading, readings)
        if len(reading.attributions) < 2:
            st.caption("Choose at least two methods that this model has: agreement is between pairs.")
            continue
        if reading.explanation.used_tokens < 2:
            st.caption("The model read fewer than two words, which is no ranking.")
            continue
        used = np.array([token.used for token in reading.explanation.tokens])
        found = agreements(reading.attributions, used)
        st.markdown(literal(words.agreement_sentence(found)))
        st.dataframe(_matrix(found, [item.method for item in reading.attributions]), width="content")
    st.caption(
        f"Kendall's τ, −1 to 1, compares two rankings of all words; beside it, the words that both have among their "
        f"top {TOP}. Attention has no sign, so with it sizes are compared. Methods that agree can still both be wrong: "
        "see Faithfulness."
    )


def faithfulness(readings: Sequence[Reading]) -> None:
    """Draw what happens to the answer when words go, in the order of each method and at random."""
    for reading in readings:
        _name(reading, readings)
        if reading.explanation.used_tokens < 2:
            st.caption("The model read fewer than two words: there is nothing to take away.")
            continue
        found = faithful(reading, target_class(), st.session_state[BASELINE])
        if found is None:
            continue
        st.markdown(literal(words.faithfulness_sentence(found)))
        st.plotly_chart(curves_figure(found), key=f"explain:curves:{reading.info.id}", config=QUIET)
        rows = [
            {
                "Method": TITLES[item.method],
                # Adding zero takes the sign off a zero.
                "Comprehensiveness": round(item.comprehensiveness, 3) + 0.0,
                "Sufficiency": round(item.sufficiency, 3) + 0.0,
                "Area, deletion": item.deletion_area,
                "Area, insertion": item.insertion_area,
            }
            for item in found.values()
        ]
        columns = {name: st.column_config.NumberColumn(format="%.3f") for name in rows[0] if name != "Method"}
        st.dataframe(rows, hide_index=True, column_config=columns)
    st.caption(
        "For a faithful ranking, deletion falls soon and insertion rises soon. Comprehensiveness (high "
        "is good): what the probability loses without the top 1, 5, 10, 20 and 50 % of the words, on average; "
        "sufficiency (low is good): what it loses with only them. Random order is the mean of five orders."
    )


def reading_along(readings: Sequence[Reading]) -> None:
    """Draw P(positive) after each token, and name the biggest changes of mind."""
    heard = [reading for reading in readings if reading.explanation.used_tokens]
    if not heard:
        st.caption("No model knows a word of this review.")
        return
    answered = [(reading, found) for reading in heard if (found := along(reading)) is not None]
    if not answered:
        return
    for reading, found in answered:
        sentence = words.changes_sentence(words.changes_of_mind(found, reading.explanation))
        st.markdown((f"**{literal(reading.info.name)}**: " if len(readings) > 1 else "") + literal(sentence))
    st.plotly_chart(along_figure(answered), key="explain:along", config=QUIET)
    asked = max(len(found.after) for _, found in answered)
    longest = max(reading.explanation.used_tokens for reading in heard)
    detail = f" Asked at {asked} places, because the review is long." if asked < longest else ""
    st.caption(f"Each point is the model's answer as if the review ended there.{detail}")


def numbers(readings: Sequence[Reading]) -> None:
    """Draw the table behind the heatmap."""
    count = len(readings[0].explanation.tokens)
    if count > LONGEST_TABLE:
        st.caption(f"The first {LONGEST_TABLE:,} of {count:,} tokens.")
    st.dataframe(table(readings), hide_index=True, height=300)
    st.caption(
        "Attention weights say where the model looked, not why it decided: they add up to 1. The other methods are in "
        "log-odds of the class explained. Select cells and copy them, or take everything along as JSON."
    )


def downloads(readings: Sequence[Reading], text: str) -> None:
    """Draw the buttons that take the explanation along."""
    models = [ModelRows(item.info.name, item.explanation, item.attributions, item.seen) for item in readings]
    st.download_button(
        "HTML",
        lambda: as_html(text, models, "Explanation"),
        "explanation.html",
        "text/html",
        icon=":material/download:",
        on_click="ignore",
        help="A page of its own: no network, no script, every number in it.",
    )
    st.download_button(
        "JSON",
        lambda: json.dumps(as_document(text, models), ensure_ascii=False, indent=1, allow_nan=False).encode(
            "utf-8", "backslashreplace"
        ),
        "explanation.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
    )


def _name(reading: Reading, readings: Sequence[Reading]) -> None:
    if len(readings) > 1:
        st.markdown(f"**{literal(reading.info.name)}**")


def _matrix(found: Sequence[Agreement], methods: Sequence[str]) -> pd.DataFrame:
    cells = {(first, second): "" for first in methods for second in methods}
    for item in found:
        text = (
            "no order"
            if item.tau is None
            else f"τ {words.decimal(item.tau)} · {round((item.overlap or 0) * item.k)}/{item.k}"
        )
        cells[item.first, item.second] = cells[item.second, item.first] = text
    return pd.DataFrame(
        [[cells[first, second] for second in methods] for first in methods],
        index=[TITLES[name] for name in methods],
        columns=[TITLES[name] for name in methods],
    )
