"""From explanations to what the Explain page shows: heatmap rows and the table behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from sentiment_core.explain import Explanation, ModelInfo, load_predictor
from ui.backend import store
from ui.components.heatmap import Row, Token

# What no model reads needs no node of its own: a review of 50,000 words must not stall the browser.
LONGEST_TAIL = 200
LONGEST_TABLE = 5000
DIVERGED = "no answer: its training diverged, so its weights are no numbers"


@st.cache_resource(max_entries=4, show_spinner="Loading the model")
def predictor(model_id: str, version: str) -> Any:
    """Return a loaded model; `version` changes when it has been trained further."""
    return load_predictor(model_id, store())


def explain(info: ModelInfo, text: str) -> Explanation:
    """Return what one model says about `text`; raises `SentimentLabError`."""
    answer: Explanation = predictor(info.id, info.description).explain(text)
    return answer


def heatmap_row(info: ModelInfo, found: Explanation) -> Row:
    """Return one model's row: probability, what it read, a score for each token."""
    # A model whose training diverged answers with NaN, which a browser cannot even read.
    sound = math.isfinite(found.probability)
    kind = "positive" if found.label else "negative"
    tokens = tuple(
        Token(token.start, token.end, _weight(token.attention) if token.used else None, token.known, token.used)
        for token in found.tokens
    )
    return Row(
        title=info.name,
        verdict=f"{kind}, P(positive) = {found.probability:.3f}" if sound else DIVERGED,
        note=note(found),
        tokens=_with_short_tail(tokens),
        probability=found.probability if sound else None,
    )


def note(found: Explanation) -> str:
    """Say how much of the review the model read."""
    unknown = len(found.tokens) - found.known_tokens
    read = (
        f"first {found.used_tokens:,} of {found.known_tokens:,} tokens"
        if found.truncated
        else f"{found.used_tokens:,} tokens read"
    )
    if not found.used_tokens:
        read = "no known word: the answer says nothing about this review"
    return read + (f", {unknown:,} unknown" if unknown else "")


def table(infos: Sequence[ModelInfo], found: Sequence[Explanation]) -> list[dict[str, Any]]:
    """Return the numbers behind the heatmap, one row a token of the first model's reading."""
    rows = []
    for place, token in enumerate(found[0].tokens[:LONGEST_TABLE]):
        row: dict[str, Any] = {"#": place + 1, "Token": token.text, "Known": token.known, "Read": token.used}
        for info, answer in zip(infos, found, strict=True):
            # Models may cut the text differently: a number belongs to the same characters or is left out.
            same = place < len(answer.tokens) and answer.tokens[place].start == token.start
            row[info.name if len(infos) == 1 else f"{info.name} ({info.id})"] = (
                answer.tokens[place].attention if same else None
            )
        rows.append(row)
    return rows


def _weight(attention: float | None) -> float | None:
    return attention if attention is not None and math.isfinite(attention) else None


def _with_short_tail(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    end = max((place + 1 for place, token in enumerate(tokens) if token.used), default=0)
    tail = tokens[end:]
    if len(tail) <= LONGEST_TAIL:
        return tokens
    known = any(token.known for token in tail)
    return (*tokens[:end], Token(tail[0].start, tail[-1].end, None, known, used=False))
