"""The BERT lab: fill in words, look at attention, at what is masked and at positions; each question as twins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from sentiment_core.explain.fill import MOST_CHARACTERS, REAL, PairReading, Token
from sentiment_core.number_words import percent
from sentiment_core.wordpiece import CONTINUES
from ui.addresses import lab_address
from ui.kit.address_fields import decimal, identifier, one_of, one_of_values, several, text, whole
from ui.kit.choice import choice
from ui.kit.notices import literal
from ui.kit.plot import plot
from ui.kit.terms import caption
from ui.labs.bert import batch, models, positions, twins
from ui.labs.bert.figures import attention

VIEWS = {
    "words": "Fill in",
    "attention": "Attention",
    "batch": "A batch",
    "positions": "Positions",
    "train": "Train it",
}
FIRST = "What a complete [MASK] of time."
SECOND = "The plot made no sense at all."
MOST_GAPS, MOST_LAYERS, MOST_HEADS = 20, 4, 16

ADDRESS = lab_address(
    "bert",
    one_of("view", VIEWS, "words"),
    identifier("model", REAL),
    whole(
        "step", 0, 100_000_000, None, "step of the model", say=lambda value: "none" if value is None else f"{value:,}"
    ),
    text("text", MOST_CHARACTERS, FIRST, "first text"),
    text("second", MOST_CHARACTERS, SECOND, "second text"),
    several("gaps", MOST_GAPS, title="list of masked tokens"),
    whole("layer", 1, MOST_LAYERS, 1),
    whole("head", 1, MOST_HEADS, 1),
    decimal("share", 0.01, 0.9, 0.15, "chosen share"),
    decimal("masked", 0, 1, 0.8, "share that becomes [MASK]"),
    one_of_values("whole", False, (False, True)),
    whole("draw", 1, 9_999, 1, "number of the batch"),
    one_of("asked", twins.ASKED, twins.ASKED[0]),
    identifier("experiment"),
)


def draw() -> None:
    """Draw the lab."""
    view = choice(ADDRESS, "view", "Show", VIEWS)
    if view == "batch":
        batch.draw(ADDRESS)
    elif view == "train":
        twins.draw(ADDRESS)
    else:
        _ask(view)


def _ask(view: str) -> None:
    model, step = models.choose(ADDRESS)
    asked = {"text": "Text, with [MASK] for a word to fill in", "second": "Does this follow? (may be empty)"}
    for column, (field, label) in zip(st.columns([1.4, 1]), asked.items(), strict=True):
        column.text_input(
            label, key=ADDRESS.key(field), max_chars=MOST_CHARACTERS, on_change=lambda: ADDRESS.put(gaps=[])
        )
    first, second = ADDRESS.value("text"), ADDRESS.value("second")
    if not first.strip():
        st.caption("Write a sentence above; its words are filled in here.")
        return
    # As it is read without gaps: which tokens there are to click.
    plain = models.read(model, step, first, second, ())
    inside = [str(place) for place, token in enumerate(plain.tokens) if not token.special]
    if left_over := [gap for gap in ADDRESS.value("gaps") if gap not in inside]:
        ADDRESS.put(gaps=[gap for gap in ADDRESS.value("gaps") if gap not in left_over])
    st.pills(
        "Click a word to mask it",
        inside,
        selection_mode="multi",
        key=ADDRESS.key("gaps"),
        format_func=lambda place: literal(plain.tokens[int(place)].text),
    )
    gaps = tuple(sorted(map(int, ADDRESS.value("gaps"))))
    reading = models.read(model, step, first, second, gaps)
    if pieces := continued(reading):
        st.caption(literal(f"{CONTINUES} begins a piece that continues the word before it: {pieces}."))
    st.markdown(f"**{literal(said(reading))}**")
    if told := models.reached(model):
        st.caption(literal(told))
    if view == "words":
        _words(model, reading, first, second, gaps)
    elif view == "attention":
        _attention(reading)
    else:
        positions.draw(model, step, first, second, gaps)


def continued(reading: PairReading) -> str:
    """Return the first word of a text that is read in several pieces, such as `knock ##out`; empty without one."""
    texts = [token.text for token in reading.tokens]
    first = next((place for place, text in enumerate(texts) if text.startswith(CONTINUES)), 0)
    if not first:
        return ""
    end = next((place for place in range(first, len(texts)) if not texts[place].startswith(CONTINUES)), len(texts))
    return " ".join(texts[first - 1 : end])


def said(reading: PairReading) -> str:
    """Return what a model answers, in a sentence."""
    sentences = []
    for token in [token for token in reading.tokens if token.masked][:3]:
        best = token.guesses[0]
        known = "" if token.text == "[MASK]" else f" (it was “{token.text}”)"
        sentences.append(f"In the gap{known}: “{best.text}”, {percent(best.probability)}.")
    if not sentences:
        sentences.append("Nothing is masked: click a word.")
    if reading.follows is not None:
        sentences.append(f"The second text follows: {percent(reading.follows)}.")
    if reading.left_out:
        sentences.append(f"{reading.left_out:,} pieces at the end are left out: the model reads {len(reading.tokens)}.")
    return " ".join(sentences)


def _words(model: str, reading: PairReading, first: str, second: str, gaps: tuple[int, ...]) -> None:
    masked = [place for place, token in enumerate(reading.tokens) if token.masked]
    left, right = st.columns([1.5, 1], gap="large")
    with right:
        st.markdown("What it reads")
        st.dataframe(
            pd.DataFrame(
                {
                    "position": range(len(reading.tokens)),
                    "token": [shown(token) for token in reading.tokens],
                    "segment": ["AB"[token.segment] for token in reading.tokens],
                }
            ),
            hide_index=True,
            height=330,
        )
    with left:
        for place in masked:
            st.markdown(f"Gap at position {place}, from noise to sense")
            st.dataframe(_over_time(model, first, second, gaps, place), hide_index=True)
        if not masked:
            st.caption("Mask a word, and its five best fill-ins stand here, for each of the weights that were kept.")


def shown(token: Token) -> str:
    """Return a token as the model sees it."""
    return "[MASK]" if token.masked else token.text


def _over_time(model: str, first: str, second: str, gaps: tuple[int, ...], place: int) -> pd.DataFrame:
    rows = []
    for step in models.steps(model):
        found = models.read(model, step, first, second, gaps)
        row: dict[str, str | float] = {"after update": models.END if step is None else f"{step:,}"}
        for rank, guess in enumerate(found.tokens[place].guesses, start=1):
            row[f"{rank}."] = f"{guess.text}  {percent(guess.probability)}"
        if found.follows is not None:
            row["follows"] = percent(found.follows)
        rows.append(row)
    return pd.DataFrame(rows)


def _attention(reading: PairReading) -> None:
    layers, heads = reading.attention.shape[:2]
    for name, most in (("layer", layers), ("head", heads)):
        if ADDRESS.value(name) > most:
            ADDRESS.put(**{name: most})
    with st.container(horizontal=True):
        for name, most in (("layer", layers), ("head", heads)):
            st.segmented_control(name.capitalize(), range(1, most + 1), key=ADDRESS.key(name), required=True)
    weights = reading.attention[ADDRESS.value("layer") - 1, ADDRESS.value("head") - 1]
    names = [shown(token) for token in reading.tokens]
    plot(attention(weights, names), key="lab:bert:attention")
    where = int(np.argmax(weights[0]))
    caption(
        literal(
            f"Each row sums to 1. The framed row is [CLS], from which the second text is judged; here it looks most at "
            f"“{names[where]}” (position {where}, {percent(weights[0, where])}). Where a head looks does not "
            "explain the answer."
        )
    )
