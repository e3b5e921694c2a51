"""The heatmap: a review with every character of it, its tokens coloured by a score, one row per model."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ui.components.loader import declare, module_url

_component = declare("heatmap")


@dataclass(frozen=True)
class Token:
    """Characters `start` to `end` of the text. `score` None: nothing to colour; `used`: the model saw it."""

    start: int
    end: int
    score: float | None
    known: bool = True
    used: bool = True


@dataclass(frozen=True)
class Row:
    """The text as one model sees it, with a verdict such as `positive, 0.93` and a note such as `212 of 230 words`."""

    title: str
    verdict: str
    note: str
    tokens: tuple[Token, ...]
    probability: float | None = None


def heatmap(text: str, rows: Sequence[Row], *, signed: bool = False, key: str = "heatmap") -> None:
    """Show `rows` over `text` on one shared scale: one hue for weights, blue–grey–orange for `signed` scores."""
    scores = [abs(token.score) for row in rows for token in row.tokens if token.score is not None]
    shift = _utf16_offsets(text)
    data = {
        "module": module_url("heatmap"),
        "text": text,
        "signed": signed,
        "largest": max(scores, default=0.0),
        "rows": [
            {
                "title": row.title,
                "verdict": row.verdict,
                "note": row.note,
                "probability": row.probability,
                "tokens": [
                    {
                        "start": shift(token.start),
                        "end": shift(token.end),
                        "score": token.score,
                        "known": token.known,
                        "used": token.used,
                    }
                    for token in row.tokens
                ],
            }
            for row in rows
        ],
    }
    _component(key=key, data=data)


def _utf16_offsets(text: str) -> Callable[[int], int]:
    """Return how Python's character offsets read in JavaScript, where an emoji counts as two."""
    wide = [place for place, character in enumerate(text) if ord(character) > 0xFFFF]
    return lambda place: place + bisect_left(wide, place)
