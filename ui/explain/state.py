"""What the Explain page keeps about one review beside its address: the edits, and the word that was picked."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import streamlit as st

from sentiment_core.explain import PRETRAINED, ModelInfo
from sentiment_core.explain.counterfactual import Draft
from ui.addresses import REVIEW, offered
from ui.kit.address_fields import LONGEST_TEXT

ORIGINAL, HISTORY, TOKEN = (f"explain:{name}" for name in ("original", "history", "token"))
GONE = "A model in this link is not here, or has not finished its first epoch; choose another."


def adopt_address(models: Mapping[str, ModelInfo]) -> list[str]:
    """Take over a link; return what could not be used."""
    problems = REVIEW.adopt()
    asked = REVIEW.value("models")
    known = [name for name in asked if name in models]
    if problems is not None:
        problems += [GONE] if len(known) < len(asked) else []
        _adopt_edits(problems)
        known = known or [usual_model(models)]
    if known != asked:
        REVIEW.put(models=known)
    return problems or []


def write_address() -> None:
    """Keep everything in the address that fits; a long review stays out."""
    text = REVIEW.value("text")
    history = st.session_state.get(HISTORY, [])
    draft = history[-1][1] if history and st.session_state.get(ORIGINAL) == text else None
    if draft and len(text) + len(draft.text) > LONGEST_TEXT:
        draft = None
    masked = ".".join(f"{start}-{end}" for start, end in draft.masked) if draft else ""
    REVIEW.put(edited=draft.text if draft else "", masked=masked)
    REVIEW.write()


def usual_model(models: Mapping[str, ModelInfo]) -> str:
    """Return the model to ask where none is named."""
    return PRETRAINED if PRETRAINED in models else next(iter(models))


def model_title(info: ModelInfo) -> str:
    """Return a model's name with its accuracy, and whether it is still training."""
    told = [] if info.accuracy is None else [f"{info.accuracy:.3f}"]
    told += ["still training"] if info.training else []
    return f"{info.name} ({', '.join(told)})" if told else info.name


def chosen_methods() -> list[str]:
    """Return the methods to show, in the order in which they are offered."""
    return [name for name in offered() if name in REVIEW.value("methods")]


def target_class() -> int | None:
    """Return the class to explain, None: the one that each model predicts."""
    return {"positive": 1, "negative": 0}.get(REVIEW.value("target"))


def _adopt_edits(problems: list[str]) -> None:
    state, text, edited = st.session_state, REVIEW.value("text"), REVIEW.value("edited")
    if not edited or state.get(ORIGINAL) == text:
        return
    try:
        spans = [_span(part) for part in REVIEW.value("masked").split(".") if part]
        whole = [0, *(place for span in spans for place in span), len(edited)]
        if any(first > second for first, second in pairwise(whole)):
            raise ValueError("masks overlap or lie outside the text")
    except ValueError:
        problems.append("The masked words in this link cannot be read; nothing is masked now.")
        spans = []
    state[ORIGINAL], state[HISTORY] = text, [("from the link", Draft(edited, tuple(spans)))]


def _span(part: str) -> tuple[int, int]:
    start, end = (int(number) for number in part.split("-"))
    if start >= end:
        raise ValueError("an empty mask")
    return start, end
