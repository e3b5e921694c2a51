"""A long curve told in few points: the mean of each block of updates, for walls of many runs at once."""

from __future__ import annotations

from collections.abc import Sequence


def block_width(updates: int, most: int) -> int:
    """Return how many updates a block has, a power of two, so that `updates` are at most `most` blocks.

    Powers of two: a run that goes on changes its blocks seldom, and runs of about the same length share theirs.
    """
    width = 1
    while updates > width * most:
        width *= 2
    return width


def block_means(steps: Sequence[int], values: Sequence[float], width: int) -> tuple[list[int], list[float]]:
    """Return the last step of each whole block of `width` updates, counted from step 1, and the mean of its values.

    A block with a value that is not finite has a mean that is not finite: no failure vanishes in it. The block that is
    not whole yet is left out, so that no point moves once it is drawn.
    """
    found: dict[int, list[float]] = {}
    for step, value in zip(steps, values, strict=True):
        found.setdefault((step - 1) // width, []).append(value)
    whole = [block for block, inside in found.items() if len(inside) == width]
    return [(block + 1) * width for block in whole], [sum(found[block]) / width for block in whole]
