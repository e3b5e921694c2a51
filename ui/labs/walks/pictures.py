"""What the walk component draws of a value: cells where they fit, a picture of a large tensor, words, one number."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
import torch

from sentiment_core.inside.walks.program import Taken, read_cells, shape_of, written

MOST_CELLS = 130
MOST_WORDS, MOST_LETTERS = 160, 700
# Columns and rows of a picture; of a larger tensor some are left out.
WIDEST, HIGHEST = 720, 128
ZERO, PADDING = 127, 255


def group(
    title: str,
    values: Mapping[str, Any],
    result: bool = False,
    known: Any = None,
    reads: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a titled group of values by name; `known` tells words that have a vector from those that have none."""
    shown = [{"name": name, **described(value, known)} for name, value in values.items()]
    for value in shown:
        if reads and value["kind"] == "cells" and value["name"] in reads:
            value["reads"] = reads[value["name"]]
    return {"title": title, "result": result, "values": shown}


def reads_of(taken: Taken) -> dict[str, dict[str, list[list[int]]]]:
    """Return for each drawn result which cells of each drawn source its cells were computed from, where known."""
    found = {}
    for result in taken.step.makes:
        sources = {
            name: reads
            for name in taken.step.reads
            if _in_cells(taken.before.get(name)) and (reads := read_cells(taken, name, result)) is not None
        }
        if sources:
            found[result] = sources
    return found


def described(value: Any, known: Any = None) -> dict[str, Any]:
    """Return how a value is drawn, and its shape in words."""
    shape = shape_of(value)
    if isinstance(value, torch.Tensor):
        kind = f"{written(shape)} {str(value.dtype).removeprefix('torch.')}" if shape else ""
        if not shape:
            return {"kind": "value", "shape": kind, "text": number(value.item())}
        return {"shape": kind, **(_cells(value) if _in_cells(value) else _picture(value))}
    if isinstance(value, str):
        more = "…" if len(value) > MOST_LETTERS else ""
        return {"kind": "text", "shape": f"{len(value):,} characters", "text": value[:MOST_LETTERS] + more}
    if shape and isinstance(value[0], str):
        words = [word[:80] for word in value[:MOST_WORDS]]
        more = f"and {shape[0] - MOST_WORDS:,} more" if shape[0] > MOST_WORDS else ""
        kept = [known is None or word in known for word in value[:MOST_WORDS]]
        return {"kind": "words", "shape": f"{shape[0]:,} entries", "words": words, "known": kept, "more": more}
    if shape:
        first = ", ".join(number(item) for item in value[:12])
        return {"kind": "text", "shape": f"{shape[0]:,} entries", "text": first + (", …" if shape[0] > 12 else "")}
    return {"kind": "value", "shape": "", "text": number(value)}


def number(value: Any) -> str:
    """Return a number in few characters, with a true minus; true and false as words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}".replace("-", "−")
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    if not value:
        return "0"
    shown = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.2f}" if abs(value) >= 0.005 else f"{value:.0e}"
    return shown.replace("-", "−")


def _in_cells(value: Any) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and 0 < value.dim() <= 4
        and value.numel() <= MOST_CELLS
        and value.shape[-1] <= 12
    )


def _cells(value: torch.Tensor) -> dict[str, Any]:
    numbers = value.detach().flatten().double().numpy()
    finite = np.abs(numbers[np.isfinite(numbers) & (np.abs(numbers) < 1000)])
    largest = max(float(finite.max(initial=0.0)), 1e-9)
    outer = tuple(value.shape[:-2])
    rows, columns = (1, value.shape[0]) if value.dim() == 1 else value.shape[-2:]
    items = value.flatten().tolist()
    return {
        "kind": "cells",
        "slabs": [{"rows": int(rows), "columns": int(columns)}] * prod(outer),
        "labels": [f"[{', '.join(map(str, place))}]" for place in product(*map(range, outer))] if outer else [""],
        "numbers": [number(item) for item in items],
        "shades": [None if np.isnan(item) else round(float(np.clip(item / largest, -1, 1)), 3) for item in numbers],
        "places": [f"[{', '.join(map(str, place))}]" for place in product(*map(range, value.shape))],
    }


def _picture(value: torch.Tensor) -> dict[str, Any]:
    """Draw a large tensor: words from left to right, padding grey."""
    numbers = value.detach().float().numpy()
    if value.dtype == torch.bool:
        about = "Words from left to right; grey: true, that is padding."
        return _drawn([("", np.atleast_2d(np.where(numbers > 0, np.nan, 0.45)))], about)
    if numbers.ndim == 1:
        return _drawn(
            [("", _scaled(np.atleast_2d(numbers)))], "One number beside the other; green above, purple below 0."
        )
    if numbers.ndim == 2:
        return _drawn(
            [("", _scaled(numbers.T))],
            "A column for each word, a row for each component; green: above 0, purple: below.",
        )
    if len(numbers) <= 2:
        parts = [(f"[{place}]", _scaled(_padded(matrix).T)) for place, matrix in enumerate(numbers)]
        return _drawn(parts, "A column for each word, a row for each component; grey: padding.")
    if numbers.shape[1] <= 2:
        parts = [(f"[:, {place}]", _scaled(_padded(numbers[:, place]).T)) for place in range(numbers.shape[1])]
        return _drawn(parts, "A column for each word, a row for each component; grey: padding.")
    size = np.abs(numbers).mean(axis=2)
    return _drawn(
        [("", np.where(size == 0, np.nan, 0.45))], "A row for each review, words from left to right; grey: padding."
    )


def _padded(matrix: np.ndarray) -> np.ndarray:
    return np.where((matrix == 0).all(axis=1, keepdims=True), np.nan, matrix)


def _scaled(numbers: np.ndarray) -> np.ndarray:
    return np.asarray(numbers / max(float(np.nanquantile(np.abs(numbers), 0.99)), 1e-9))


def _drawn(parts: Sequence[tuple[str, np.ndarray]], about: str) -> dict[str, Any]:
    return {"kind": "picture", "about": about, "parts": [_part(label, shades) for label, shades in parts]}


def _part(label: str, shades: np.ndarray) -> dict[str, Any]:
    """Return `shades (R, C)` from −1 to 1, NaN for padding, as bytes of at most HIGHEST × WIDEST cells."""
    for axis, most in enumerate((HIGHEST, WIDEST)):
        if shades.shape[axis] > most:
            places = np.linspace(0, shades.shape[axis] - 1, most).round().astype(int)
            shades = np.take(shades, places, axis)
    levels = np.where(np.isnan(shades), PADDING, ZERO + np.clip(np.nan_to_num(shades), -1, 1) * ZERO)
    encoded = b64encode(levels.round().astype(np.uint8).tobytes()).decode()
    return {"label": label, "height": shades.shape[0], "width": shades.shape[1], "levels": encoded}
