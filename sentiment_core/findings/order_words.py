"""What maps of temporal order say, each sentence with its figures."""

from __future__ import annotations

import math

from sentiment_core.findings.order_map import CONFIDENCE, WAYS, OrderMap
from sentiment_core.findings.verdict.records import Interval


def sentences(found: OrderMap) -> list[str]:
    """Return what the map says: whether clipping raises the rate of success, where, and how far each way comes."""
    said = [_pairs(found)] if {"none", "norm"} <= set(found.ways) else []
    said += [sentence for length in found.lengths if said and (sentence := _clipping(found, length))]
    reached = []
    for way in found.ways:
        cells = [cell for cell in found.cells if cell.way == way and cell.solved == len(cell.outcomes)]
        reached.append(f"{f'up to length {cells[-1].length}' if cells else 'at no length'} {WAYS[way].phrase}")
    return [*said, f"All seeds solve it {', '.join(reached)}."]


def beside(before: OrderMap, here: OrderMap) -> list[str]:
    """Return what a map that was measured `here` says beside the one `before`, the one that ships.

    Where both have a seed, a training is held against its repetition; other seeds add to what is known.
    """
    known = {(item.length, item.way, item.seed): item for item in before.outcomes}
    both = [(item, known[key]) for item in here.outcomes if (key := (item.length, item.way, item.seed)) in known]
    if both:
        same = sum(one.solved == other.solved for one, other in both)
        equal = sum((one.error, one.updates) == (other.error, other.updates) for one, other in both)
        said = f"Of {len(both)} trainings with the shipped map's seeds, {same} end as there, solved or not"
        rounding = "Processors round differently, and long trainings make much of it."
        return [f"{said}, {equal} after the same updates with the same error. {rounding}"]
    there = [item for item in before.outcomes if item.length in here.lengths]
    together = OrderMap((*there, *here.outcomes), here.made)
    return [f"Shipped and measured here together: {sentence}" for sentence in sentences(together)]


def _pairs(found: OrderMap) -> str:
    """Compare clipped and unclipped trainings pair by pair: same start, same sequences, clipping alone differs.

    The sign test (McNemar 1947, exact): where clipping made no difference, either of a pair would be as likely to be
    the only one that solves it.
    """
    solved = {(item.length, item.seed, item.way): item.solved for item in found.outcomes}
    pairs = [
        (solved[length, seed, "none"], clipped) for (length, seed, way), clipped in solved.items() if way == "norm"
    ]
    only_clipped, only_free = pairs.count((False, True)), pairs.count((True, False))
    decided = only_clipped + only_free
    ways = sum(math.comb(decided, count) for count in range(min(only_clipped, only_free) + 1))
    luck = min(1.0, 2 * ways / 2**decided)
    sure = "more than luck with the seeds" if luck < 1 - CONFIDENCE else "which may be luck with the seeds"
    return (
        f"Of {len(pairs)} pairs of trainings that differ in clipping alone, only the clipped one solves it in "
        f"{only_clipped}, only the other in {only_free}: {sure} (sign test, p = {luck:.2g})."
    )


def _clipping(found: OrderMap, length: int) -> str | None:
    """Return what clipping did at one length, where the intervals of both rates leave no doubt; else None."""
    free, clipped = found.cell(length, "none"), found.cell(length, "norm")
    if clipped.interval.low <= free.interval.high:
        return None
    return (
        f"Length {length}: {clipped.solved} of {len(clipped.outcomes)} seeds solve it clipped by norm, {free.solved} "
        f"of {len(free.outcomes)} without ({CONFIDENCE:.0%} intervals {_range(clipped.interval)} and "
        f"{_range(free.interval)})."
    )


def _range(interval: Interval) -> str:
    return f"{interval.low:.0%} to {interval.high:.0%}"
