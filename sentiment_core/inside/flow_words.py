"""What the gradients on real reviews say, in sentences that are only said where every seed agrees."""

from __future__ import annotations

import numpy as np

from sentiment_core.inside.flow import DISTANCES, Flow, Flowed, When, further
from sentiment_core.inside.words import fate

_FATES = {
    "vanishes": "It vanishes",
    "arrives": "It gets there",
    "explodes": "It explodes",
    "unclear": "It depends on the seed",
}
_COMPARED = (("lstm", "default"), ("lstm-forget", "lstm"), ("attention", "default"))


def amount(left: np.ndarray) -> str:
    """Return log10 `left (S,)` as a number of the last word's gradient, such as `10^(−15.4 ± 0.2)`."""
    if not np.isfinite(left).all():
        return "nothing that a float32 holds"
    exponent = f"({left.mean():.1f} ± {left.std(ddof=1):.1f})" if len(left) > 1 else f"{left.mean():.1f}"
    return f"10^{exponent}".replace("-", "−")


def fates(flow: Flow, when: When, distance: int) -> list[tuple[str, str]]:
    """Return what becomes of the gradient `distance` words before the last one, and in which cases, with figures."""
    place = DISTANCES.index(distance)
    found: dict[str, list[str]] = {name: [] for name in _FATES}
    for item in flow.cases:
        left = item.left(when)[:, place]
        found[fate(10.0**left)].append(f"{item.case.title}: {amount(left)}")
    return [(_FATES[name], "; ".join(cases)) for name, cases in found.items() if cases]


def comparisons(flow: Flow, when: When, distance: int) -> list[str]:
    """Return a sentence for each pair of cases that are there of which one lets more through in every seed."""
    place, there = DISTANCES.index(distance), {item.case.name for item in flow.cases}
    return [
        _compared(flow[one], flow[other], when, place)
        for one, other in _COMPARED
        if {one, other} <= there and further(flow[one].left(when)[:, place], flow[other].left(when)[:, place])
    ]


def _compared(one: Flowed, other: Flowed, when: When, place: int) -> str:
    ours, theirs = one.left(when)[:, place], other.left(when)[:, place]
    titles = f"{one.case.title} against {other.case.title}"
    if not np.isfinite(theirs).all():
        return f"{titles}: {amount(ours)} instead of {amount(theirs)}."
    return f"{titles}: {amount(ours - theirs)} times as much arrives, more in every seed."
