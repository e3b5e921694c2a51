"""The glass: a review word by word through the units of one or two networks, played and stepped in the browser."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sentiment_core.inside.glass import Glass
from sentiment_core.number_words import probability
from sentiment_core.steps.rules import EVEN, positive
from ui.kit.components.loader import declare, picked

_component = declare("glass", triggers=["picked"])

STATE = "state"
# A state is sent as one byte; the smallest one that says saturated, and the one that says nothing.
FULL, SATURATED_BYTE, NOTHING = 127, 124, -128
# At least so many powers of ten are shown, so that a steady gradient looks steady.
LEAST_DECADES = 4


@dataclass(frozen=True)
class Pane:
    """One network and what happened in it: its name, a note such as where it is from, and the text that it read."""

    title: str
    note: str
    text: str
    seen: Glass


@dataclass(frozen=True)
class Near:
    """The words nearest to the vector of a picked token of a pane, with their cosine; or why there are none."""

    pane: int
    token: int
    words: tuple[tuple[str, float], ...] = ()
    problem: str = ""


def glass(
    panes: Sequence[Pane], *, shown: str = STATE, near: Near | None = None, hint: str = "", key: str = "glass"
) -> tuple[int, int] | None:
    """Show `panes`; return which pane and which of its tokens was just picked by click or Enter, if any.

    `shown` is the state or the name of a gate, which a network without it leaves out; `hint` says what picking does.
    """
    scale = _decades([pane.seen for pane in panes])
    data = {
        "panes": [_pane(pane, shown, scale, hint) for pane in panes],
        "near": near
        and {
            "pane": near.pane,
            "token": near.token,
            "words": [[word, round(cosine, 3)] for word, cosine in near.words],
            "problem": near.problem,
        },
    }
    return picked(_component(key=key, data=data).get("picked"), [len(pane.seen.token_ids) for pane in panes])


def _pane(pane: Pane, shown: str, scale: tuple[int, int], hint: str) -> dict[str, Any]:
    seen = pane.seen
    gate = seen.gates.get(shown)
    saturated = seen.saturated.sum(axis=1)
    last = float(seen.probabilities[-1])
    answer = ("positive" if positive(last, EVEN) else "negative") + f", {probability(last)}"
    words = [pane.text[start:end] for start, end in zip(seen.starts.tolist(), seen.ends.tolist(), strict=True)]
    label = "positive" if seen.label else "negative"
    return {
        "title": pane.title,
        "verdict": answer if math.isfinite(last) else "no answer: not a number",
        "note": pane.note,
        "rest": f"Loss against {label}: {seen.loss:.4f}. {hint}".strip(),
        "words": words,
        "steps": len(seen.states),
        "units": seen.states.shape[1],
        "forward": seen.forward_units,
        "order": seen.order.tolist(),
        "shown": shown if gate is not None else STATE,
        "states": _bytes(seen.states[:, seen.order], seen.saturated[:, seen.order]),
        "gates": None if gate is None else _bytes(gate[:, seen.order]),
        "saturated": saturated.tolist(),
        "probabilities": [_number(value, 4) for value in seen.probabilities.tolist()],
        "attention": None
        if seen.attention is None
        else [_number(weight, 5) or 0.0 for weight in seen.attention.tolist()],
        "gradient": [_number(math.log10(value), 3) if value > 0 else None for value in seen.gradient.tolist()],
        "scale": scale,
        "spoken": (
            f"{seen.states.shape[1]} units over {len(words)} words and {seen.padding} steps of padding; below, "
            "P(positive) after each step and the length of the gradient on its way back"
        ),
    }


def _number(value: float, digits: int) -> float | None:
    """Return a number as JSON can say it."""
    return round(value, digits) if math.isfinite(value) else None


def _bytes(values: np.ndarray, saturated: np.ndarray | None = None) -> str:
    """Return `values (S, H)` of −1..1 as a signed byte each, in base64; `saturated` stays so when rounded."""
    rounded = np.rint(np.nan_to_num(values) * FULL)
    if saturated is not None:
        size = np.where(
            saturated, np.maximum(np.abs(rounded), SATURATED_BYTE), np.minimum(np.abs(rounded), SATURATED_BYTE - 1)
        )
        rounded = np.copysign(size, values)
    rounded = np.where(np.isnan(values), NOTHING, rounded)
    return base64.b64encode(rounded.astype(np.int8).tobytes()).decode("ascii")


def _decades(seen: Sequence[Glass]) -> tuple[int, int]:
    """Return the powers of ten between which all gradients lie: one scale for what is compared."""
    found = np.concatenate([one.gradient for one in seen])
    known = found[np.isfinite(found) & (found > 0)]
    if not known.size:
        return -LEAST_DECADES, 0
    low, high = math.floor(math.log10(known.min())), math.ceil(math.log10(known.max()))
    return min(low, high - LEAST_DECADES), high
