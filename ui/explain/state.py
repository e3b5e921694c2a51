"""What the Explain page keeps about one review, in its widgets and in the address, which is checked like any input."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import streamlit as st

from sentiment_core.explain import BASELINES, DEFAULT_BASELINE, METHODS, PRETRAINED, ModelInfo
from sentiment_core.explain.counterfactual import Draft

TEXT, MODELS, EXAMPLE, CHOSEN, TARGET, BASELINE, BELOW, KEPT, ORIGINAL, HISTORY, TOKEN = (
    f"explain:{name}"
    for name in (
        "text",
        "models",
        "example",
        "methods",
        "target",
        "baseline",
        "below",
        "kept",
        "original",
        "history",
        "token",
    )
)
OFFERED = tuple(name for name in METHODS if name != "random")
# Integrated gradients take five to ten times as long as occlusion on a steep model: on request only.
FIRST_METHODS = ("attention", "occlusion_delete")
TARGETS = {"predicted": "The class it predicts", "positive": "Positive", "negative": "Negative"}
SECTIONS = {
    "agreement": "Agreement",
    "faithfulness": "Faithfulness",
    "along": "Reading along",
    "edit": "Edit",
    "table": "Table",
}
OWN = {"text", "models", "methods", "target", "baseline", "below", "edited"}
LONGEST_LINK = 1500
MOST_MODELS = 3
# No model reads more than 4,000 tokens, a quarter of this.
MOST_CHARACTERS = 100_000


def adopt_address(models: Mapping[str, ModelInfo]) -> list[str]:
    """Fill the widgets from a link, or from what was there before; return what could not be used."""
    state = st.session_state
    if TEXT in state and BELOW in state:
        state[MODELS] = [name for name in state.get(MODELS, []) if name in models]
        return []
    query = st.query_params.to_dict()
    # Widgets forget what they hold while another page or view is open.
    kept: dict[str, str] = state.get(KEPT, {}) if not OWN & query.keys() else {}
    query = {**kept, **query}
    problems: list[str] = []
    if len(query.get("text", "")) > MOST_CHARACTERS:
        problems.append(f"The review in this link is cut after {MOST_CHARACTERS:,} characters.")
    if TEXT not in state:
        state[TEXT] = query.get("text", "")[:MOST_CHARACTERS]
    if not state.get(MODELS):
        wanted = [name for name in query.get("models", "").split(",") if name][:MOST_MODELS]
        if any(name not in models for name in wanted):
            problems.append("A model in this link is not here, or has not finished its first epoch; choose another.")
        first = PRETRAINED if PRETRAINED in models else next(iter(models))
        state[MODELS] = [name for name in wanted if name in models] or [first]
    names = [name for name in query["methods"].split(",") if name] if "methods" in query else list(FIRST_METHODS)
    if any(name not in OFFERED for name in names):
        known = [name for name in names if name in OFFERED]
        said = "the others are shown" if known else "here are the usual ones"
        problems.append(f"A method in this link does not exist; {said}.")
        names = known or list(FIRST_METHODS)
    state[CHOSEN] = [name for name in OFFERED if name in names]
    for key, name, words, choices, default in (
        (TARGET, "target", "class to explain", TARGETS, "predicted"),
        (BASELINE, "baseline", "baseline", BASELINES, DEFAULT_BASELINE),
        (BELOW, "below", "section below the review", SECTIONS, "agreement"),
    ):
        state[key] = query.get(name, default)
        if state[key] not in choices:
            problems.append(f"This link asks for a {words} that does not exist; it is “{choices[default]}” now.")
            state[key] = default
    _adopt_edits(query, problems)
    return problems


def write_address() -> None:
    """Keep everything in the address that fits; a long review stays out."""
    state = st.session_state
    text = state[TEXT]
    query = {"models": ",".join(state[MODELS])}
    chosen = [name for name in OFFERED if name in state[CHOSEN]]
    if tuple(chosen) != FIRST_METHODS:
        query["methods"] = ",".join(chosen)
    for key, name, default in (
        (TARGET, "target", "predicted"),
        (BASELINE, "baseline", DEFAULT_BASELINE),
        (BELOW, "below", "agreement"),
    ):
        if state.get(key) not in {None, default}:
            query[name] = state[key]
    history = state.get(HISTORY, [])
    draft = history[-1][1] if history and state.get(ORIGINAL) == text else None
    if draft and len(text) + len(draft.text) <= LONGEST_LINK:
        query["edited"] = draft.text
        if draft.masked:
            query["masked"] = ".".join(f"{start}-{end}" for start, end in draft.masked)
    state[KEPT] = {**query, "text": text}
    if 0 < len(text) <= LONGEST_LINK:
        query["text"] = text
    if query != st.query_params.to_dict():
        st.query_params.from_dict(query)


def target_class() -> int | None:
    """Return the class to explain, None: the one that each model predicts."""
    return {"positive": 1, "negative": 0}.get(st.session_state.get(TARGET, ""))


def _adopt_edits(query: Mapping[str, str], problems: list[str]) -> None:
    state = st.session_state
    if state.get(ORIGINAL) == state[TEXT] or "edited" not in query:
        return
    text = query["edited"][:MOST_CHARACTERS]
    try:
        spans = [_span(part) for part in query.get("masked", "").split(".") if part]
        whole = [0, *(place for span in spans for place in span), len(text)]
        if any(first > second for first, second in pairwise(whole)):
            raise ValueError("masks overlap or lie outside the text")
    except ValueError:
        problems.append("The masked words in this link cannot be read; nothing is masked now.")
        spans = []
    state[ORIGINAL] = state[TEXT]
    state[HISTORY] = [("from the link", Draft(text, tuple(spans)))]


def _span(part: str) -> tuple[int, int]:
    start, end = (int(number) for number in part.split("-"))
    if start >= end:
        raise ValueError("an empty mask")
    return start, end
