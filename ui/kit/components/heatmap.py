"""The heatmap: a review with every character of it, its tokens coloured by scores, a row for each model and method."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ui.kit.components.loader import declare, picked

_component = declare("heatmap", triggers=["picked"])
# Below this share of its scale, no colour is told from the background.
FAINT = 0.08


@dataclass(frozen=True)
class Token:
    """Characters `start` to `end` of the text; `used`: the model saw it; `masked`: it saw nothing in its place."""

    start: int
    end: int
    known: bool = True
    used: bool = True
    masked: bool = False


@dataclass(frozen=True)
class HeatmapRow:
    """One method's `scores` parallel to the tokens, None: nothing to colour.

    Rows of equal `scale`, such as the same method for several models, share their colours; `note` stands beside it.
    """

    title: str
    scale: str
    signed: bool
    scores: tuple[float | None, ...]
    note: str = ""


@dataclass(frozen=True)
class Block:
    """The text as one model sees it, with a verdict such as `positive, 0.93` and a note such as `212 of 230 words`."""

    title: str
    verdict: str
    note: str
    tokens: tuple[Token, ...]
    rows: tuple[HeatmapRow, ...]
    probability: float | None = None


def heatmap(text: str, blocks: Sequence[Block], *, hint: str = "", key: str = "heatmap") -> tuple[int, int] | None:
    """Show `blocks` over `text`; return which block and which of its tokens was just picked by click or Enter, if any.

    `hint` says what picking a token does. Weights have the hue of attention, signed scores that of the class they speak
    for, negative below 0; each scale up to its own largest size.
    """
    shift = _utf16_offsets(text)
    scales = _scales(blocks)
    data = {
        "text": text,
        "hint": hint,
        "scales": scales,
        "blocks": [
            {
                "title": block.title,
                "verdict": block.verdict,
                "note": block.note,
                "probability": block.probability,
                # Three numbers a token: thousands of them travel with every change.
                "tokens": [
                    number
                    for token in block.tokens
                    for number in (
                        shift(token.start),
                        shift(token.end),
                        token.known + 2 * token.used + 4 * token.masked,
                    )
                ],
                "rows": [
                    {
                        "title": row.title,
                        "scale": row.scale,
                        "note": "; ".join(filter(None, (row.note, _faint(row, scales[row.scale]["largest"])))),
                        "scores": [None if score is None else float(f"{score:.6g}") for score in row.scores],
                    }
                    for row in block.rows
                ],
            }
            for block in blocks
        ],
    }
    return picked(_component(key=key, data=data).get("picked"), [len(block.tokens) for block in blocks])


def _scales(blocks: Sequence[Block]) -> dict[str, dict[str, Any]]:
    scales: dict[str, dict[str, Any]] = {}
    for row in (row for block in blocks for row in block.rows):
        largest = max((abs(score) for score in row.scores if score is not None), default=0.0)
        scale = scales.setdefault(row.scale, {"title": row.title, "signed": row.signed, "largest": 0.0})
        scale["largest"] = max(scale["largest"], largest)
    return scales


def _faint(row: HeatmapRow, largest: float) -> str:
    """Say so where a row stays pale because another one of its scale has far larger scores."""
    own = max((abs(score) for score in row.scores if score is not None), default=0.0)
    if not 0 < own < FAINT * largest:
        return ""
    return f"hardly coloured: its largest score is {own:.2g}, on a scale up to {largest:.2g} that all models share"


def _utf16_offsets(text: str) -> Callable[[int], int]:
    """Return how Python's character offsets read in JavaScript, where an emoji counts as two."""
    wide = [place for place, character in enumerate(text) if ord(character) > 0xFFFF]
    return lambda place: place + bisect_left(wide, place)
