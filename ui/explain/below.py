"""Below the heatmap of one review: agreement, faithfulness, reading along, the table. Each is computed when shown."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from sentiment_core.explain import METHODS
from sentiment_core.explain.agreement import TOP, Agreement, agreements
from sentiment_core.explain.export import ModelRows, as_document, as_html
from ui.addresses import REVIEW
from ui.explain import words
from ui.explain.answers import Answer, along, faithful
from ui.explain.blocks import LONGEST_TABLE, table
from ui.explain.plot import along_figure, curves_figure
from ui.explain.state import target_class
from ui.kit.notices import literal
from ui.kit.plot import plot
from ui.kit.terms import caption


def agreement(answers: Sequence[Answer]) -> None:
    """Draw Kendall's τ and the shared top tokens of each pair of methods, per model."""
    for answer in answers:
        _name(answer, answers)
        if len(answer.attributions) < 2:
            st.caption("Choose at least two methods that this model has: agreement is between pairs.")
            continue
        if answer.explanation.used_tokens < 2:
            st.caption("The model read fewer than two words, which is no ranking.")
            continue
        used = np.array([token.used for token in answer.explanation.tokens])
        found = agreements(answer.attributions, used)
        st.markdown(literal(words.agreement_sentence(found, answer.explanation.used_tokens)))
        with st.expander("Every pair of methods"):
            st.dataframe(_matrix(found, [item.method for item in answer.attributions]), width="content")
    caption(
        f"Kendall's τ of all words; beside it, the words that both have among their top {TOP}. Attention has no sign, "
        "so with it sizes are compared. Methods that agree can still both be wrong: see Faithfulness."
    )


def faithfulness(answers: Sequence[Answer]) -> None:
    """Draw what happens to the answer when words go, in the order of each method and at random."""
    for answer in answers:
        _name(answer, answers)
        if answer.explanation.used_tokens < 2:
            st.caption("The model read fewer than two words: there is nothing to take away.")
            continue
        found = faithful(answer, target_class(), REVIEW.value("baseline"))
        if found is None:
            continue
        st.markdown(literal(words.faithfulness_sentence(found)))
        rows = [
            {
                "Method": METHODS[item.method].title,
                # Adding zero takes the sign off a zero.
                "Comprehensiveness": round(item.comprehensiveness, 3) + 0.0,
                "Sufficiency": round(item.sufficiency, 3) + 0.0,
                "Area, deletion": item.deletion_area,
                "Area, insertion": item.insertion_area,
            }
            for item in found.values()
        ]
        columns = {name: st.column_config.NumberColumn(format="%.3f") for name in rows[0] if name != "Method"}
        with st.expander("Curves and numbers"):
            plot(curves_figure(found), key=f"explain:curves:{answer.info.id}")
            st.dataframe(rows, hide_index=True, column_config=columns)
    caption(
        "For a faithful ranking, deletion falls soon and insertion rises soon, comprehensiveness is high and "
        "sufficiency low. Random order is the mean of five orders."
    )


def reading_along(answers: Sequence[Answer]) -> None:
    """Draw P(positive) after each token, and name the biggest changes of mind."""
    heard = [answer for answer in answers if answer.explanation.used_tokens]
    if not heard:
        st.caption("No model knows a word of this review.")
        return
    answered = [(answer, found) for answer in heard if (found := along(answer)) is not None]
    if not answered:
        return
    for answer, found in answered:
        sentence = words.changes_sentence(words.changes_of_mind(found, answer.explanation))
        st.markdown((f"**{literal(answer.info.name)}**: " if len(answers) > 1 else "") + literal(sentence))
    plot(along_figure(answered), key="explain:along")
    asked = max(len(found.after) for _, found in answered)
    longest = max(answer.explanation.used_tokens for answer in heard)
    detail = f" Asked at {asked} places, because the review is long." if asked < longest else ""
    st.caption(f"Each point is the model's answer as if the review ended there.{detail}")


def numbers(answers: Sequence[Answer]) -> None:
    """Draw the table behind the heatmap."""
    count = len(answers[0].explanation.tokens)
    if count > LONGEST_TABLE:
        st.caption(f"The first {LONGEST_TABLE:,} of {count:,} tokens.")
    st.dataframe(table(answers), hide_index=True, height=300)
    caption(
        "Attention weights say where the model looked, not why it decided: they add up to 1, of a Transformer with "
        "what [CLS] and [SEP] get. The other methods are in log-odds of *positive*: + speaks for positive, − for "
        "negative. Select cells and copy them, or take everything along as JSON."
    )


def downloads(answers: Sequence[Answer], text: str) -> None:
    """Draw the buttons that take the explanation along."""
    models = [ModelRows(item.info.name, item.explanation, item.attributions, item.seen) for item in answers]
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


def _name(answer: Answer, answers: Sequence[Answer]) -> None:
    if len(answers) > 1:
        st.markdown(f"**{literal(answer.info.name)}**")


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
        index=[METHODS[name].title for name in methods],
        columns=[METHODS[name].title for name in methods],
    )
