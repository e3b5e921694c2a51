"""Predicting a shape: what somebody typed, compared with what came out, axis by axis."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sentiment_core.inside.walks.program import written
from sentiment_core.number_words import counted

_SIZE = re.compile(r"\d{1,9}|[A-Za-z?]+")
_ONE_NUMBER = {"", "scalar", "number", "one number", "one", "0-d"}


def parsed(text: str) -> tuple[str, ...] | None:
    """Return the sizes in `[2, 5, 6]`, `2 x 5 x 6` or `(2, T, 6)`, nothing for a single number, None for no shape."""
    inner = text.strip().strip("[]()").strip().lower().replace("torch.size", "").strip("()[]")
    if inner in _ONE_NUMBER:
        return ()
    parts = [part for part in re.split(r"\s*[,;×*]\s*|\s+x\s+|\s+|(?<=\d)x(?=\d)", inner) if part]
    return tuple(parts) if len(parts) <= 8 and all(_SIZE.fullmatch(part) for part in parts) else None


def judge(
    text: str, shape: Sequence[int], axes: Sequence[str], free: Sequence[int] = (), why: str = ""
) -> tuple[bool, str]:
    """Return whether `text` names `shape`, and a sentence: yes, or what is off and why.

    `axes` says what each axis is; the sizes of those in `free` cannot be known beforehand, so any will do.
    """
    said = parsed(text)
    if said is None:
        return False, "Write the size of each axis, such as 2, 5, 6; write [] for a single number."
    named = [axes[place] if len(axes) == len(shape) else f"axis {place}" for place in range(len(shape))]
    found = " × ".join(f"{name} {size}" for name, size in zip(named, shape, strict=True)) or "one number, without axes"
    off = [
        place
        for place, (given, size) in enumerate(zip(said, shape, strict=False))
        if given != str(size) and place not in free
    ]
    if len(said) == len(shape) and not off:
        open_end = f" How large {named[free[0]]} is, nobody could know." if free and said[free[0]].isdigit() else ""
        return True, f"Yes, {written(tuple(shape))}: {found}.{open_end}"
    if len(said) != len(shape):
        problem = f"It has {counted(len(shape), 'axis', 'axes')}, not {len(said)}"
    elif sorted(said) == sorted(map(str, shape)):
        problem = "Those are its sizes, in another order"
    else:
        problem = f"Axis {off[0]} is {named[off[0]]}: {shape[off[0]]}, not {said[off[0]]}"
    return False, " ".join(filter(None, (f"No, {written(tuple(shape))}. {problem}: {found}.", why)))
