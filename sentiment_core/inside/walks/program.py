"""A walk: a fixed program that is shown line by line and executed as it is shown.

The text of a step is a constant of this package, compiled and run here; nothing that a user typed is ever executed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

# Cells of a tensor for which it is worked out what each of them reads.
MOST_TRACED = 260


@dataclass(frozen=True)
class Variant:
    """A wrong version of a step: `code` runs in its place; `says` why somebody would write it and what it does."""

    name: str
    title: str
    code: str
    says: str


@dataclass(frozen=True)
class Step:
    """One line: `code` reads the variables `reads` and makes those in `makes`, whose first is asked about.

    `axes` says what the axes of the first are; `free` are those whose size nobody can know beforehand. `says`: what
    moved where; `why`: the reason for the shape. `cells` are the sheet's.
    """

    code: str
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    axes: tuple[str, ...]
    says: str
    why: str
    cells: str
    free: tuple[int, ...] = ()
    wrong: tuple[Variant, ...] = ()

    def variant(self, chosen: Collection[str]) -> Variant | None:
        """Return the first wrong version of this step that is among `chosen`."""
        return next((variant for variant in self.wrong if variant.name in chosen), None)


@dataclass(frozen=True)
class Walk:
    """A program: `scope` names what its lines know from the start; `given` are the variables drawn beforehand."""

    name: str
    title: str
    cells: str
    about: str
    given: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def wrong(self) -> dict[str, Variant]:
        """The wrong versions there are, by name."""
        return {variant.name: variant for step in self.steps for variant in step.wrong}


@dataclass(frozen=True, eq=False)
class Taken:
    """A step that was executed: `code` in the scope `before`; `made` by name, or the `error` that ended the program."""

    step: Step
    code: str
    before: Mapping[str, Any]
    made: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def take(walk: Walk, scope: Mapping[str, Any], wrong: Collection[str] = ()) -> list[Taken]:
    """Execute the steps of `walk` in order, those `wrong` names in their wrong version; an error is the last."""
    known = dict(scope)
    taken = []
    for step in walk.steps:
        variant = step.variant(wrong)
        code = variant.code if variant else step.code
        before = dict(known)
        try:
            known = execute(code, known)
        except (RuntimeError, IndexError, ValueError, TypeError, KeyError) as error:
            taken.append(Taken(step, code, before, error=f"{type(error).__name__}: {error}"))
            break
        taken.append(Taken(step, code, before, {name: known[name] for name in step.makes}))
    return taken


def execute(code: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Run `code`, a constant of this package, and return `scope` with what it made."""
    known = dict(scope)
    exec(compile(code, "<walk>", "exec"), known)
    known.pop("__builtins__", None)
    return known


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of a tensor, the length of a list, `()` of a number."""
    if isinstance(value, torch.Tensor):
        return tuple(value.shape)
    return (len(value),) if isinstance(value, list | tuple | range) else ()


def read_cells(taken: Taken, source: str, result: str) -> list[list[int]] | None:
    """Return for each cell of `result` which cells of `source` it depends on, by flat position; None where unknown.

    Worked out by running the line once for each cell of `source` with not-a-number in it: where that arrives, the cell
    was read. Only numbers with a point can carry it.
    """
    start, end = taken.before.get(source), taken.made.get(result)
    if start is None or end is None or not (_traceable(start) and _traceable(end)):
        return None
    reads: list[list[int]] = [[] for _ in range(end.numel())]
    for cell in range(start.numel()):
        poisoned = start.clone(memory_format=torch.contiguous_format)
        poisoned.view(-1)[cell] = torch.nan
        found = execute(taken.code, {**taken.before, source: poisoned})[result]
        for place in found.isnan().flatten().nonzero().flatten().tolist():
            reads[place].append(cell)
    return reads


def _traceable(value: Any) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and 0 < value.numel() <= MOST_TRACED
        and bool(value.isfinite().all())
    )


def difference(right: Any, wrong: Any) -> str:
    """Say what a wrong version made of a value, beside the right one; values as the program made them."""
    shapes = shape_of(right), shape_of(wrong)
    if shapes[0] != shapes[1]:
        return f"{written(shapes[1])} instead of {written(shapes[0])}."
    if isinstance(right, list | tuple | range):
        off = sum(one != other for one, other in zip(right, wrong, strict=True))
        return f"{off} of {len(right)} entries differ." if off else "Nothing differs."
    if not isinstance(right, torch.Tensor):
        return "Nothing differs." if right == wrong else f"{wrong} instead of {right}."
    numbers = [value.detach().double().numpy() for value in (right, wrong)]
    missing = int(np.isnan(numbers[1]).sum())
    if missing:
        return f"{missing} of {numbers[1].size} are not a number (NaN)."
    distance = np.abs(numbers[0] - numbers[1])
    if not distance.max(initial=0.0):
        return "Nothing differs."
    if right.dtype == torch.bool:
        return f"{int(distance.sum())} of {distance.size} answers differ."
    return f"{int((distance > 0).sum())} of {distance.size} numbers differ, by up to {distance.max():.3g}."


def written(shape: tuple[int, ...]) -> str:
    """Return a shape as PyTorch writes it, `one number` for that of a single one."""
    return f"[{', '.join(map(str, shape))}]" if shape else "one number"
