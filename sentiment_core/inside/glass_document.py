"""What a look through the glass measured, to take along: one document, and a table of its steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sentiment_core.inside.glass import Glass


def document(seen: Glass, text: str) -> dict[str, Any]:
    """Return everything that was seen, as JSON has it: what is not finite is None.

    `steps` has a row for each of the S steps; `states` and each of `gates` are `(S, H)`, unit by unit as the network
    has them, and `order` is the one in which pages show them.
    """
    saturated = seen.saturated.sum(axis=1).tolist()
    words = [text[start:end] for start, end in zip(seen.starts.tolist(), seen.ends.tolist(), strict=True)]
    rows = []
    for step, probability in enumerate(seen.probabilities.tolist()):
        rows.append(
            {
                "step": step + 1,
                "word": words[step] if step < len(words) else None,
                "probability": _finite(probability),
                "saturated": saturated[step],
                "gradient": _finite(float(seen.gradient[step])),
                "attention": None if seen.attention is None else _finite(float(seen.attention[step])),
            }
        )
    return {
        "label": seen.label,
        "loss": _finite(seen.loss),
        "words_known": seen.known,
        "words_unknown": seen.unknown,
        "padding": seen.padding,
        "forward_units": seen.forward_units,
        "steps": rows,
        "order": seen.order.tolist(),
        "states": _matrix(seen.states),
        "gates": {name: _matrix(values) for name, values in seen.gates.items()},
    }


def table(found: dict[str, Any]) -> str:
    """Return the steps of a `document` as lines: step, P(positive), saturated units, gradient, attention, word."""
    lines = [f"{'step':>4}  P(pos)  saturated  {'|dL/dh|':>9}  attention  word"]
    for row in found["steps"]:
        numbers = [
            f"{row['step']:>4}",
            _written(row["probability"], ".4f").rjust(6),
            str(row["saturated"]).rjust(9),
            _written(row["gradient"], ".2e").rjust(9),
            _written(row["attention"], ".4f").rjust(9),
        ]
        lines.append("  ".join([*numbers, "(padding)" if row["word"] is None else row["word"]]))
    return "\n".join(lines)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _written(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _matrix(values: np.ndarray) -> list[list[float | None]]:
    return [[_finite(round(value, 5)) for value in row] for row in values.tolist()]
