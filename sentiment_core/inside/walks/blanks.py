"""Fill the blank: known lines with options to choose from; what is assembled runs, and is judged by the program's own.

Every option is a constant of this package. Nobody's text is executed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from sentiment_core.clipping import RULES
from sentiment_core.inside.walks.program import execute, written
from sentiment_core.models.encoder import RecurrentEncoder
from sentiment_core.models.pooling import masked_softmax
from sentiment_core.settings import ModelConfig
from sentiment_core.training.gradients import measure_and_clip

# Below a threshold of 1 the core scales to a hair less, so that rounding never exceeds it.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Blank:
    """One gap: `options` are pieces of code, `hints` what to think of when the one in the same place is chosen."""

    options: tuple[str, ...]
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One input to try: `scope` is made anew for each run, `right` is what the core makes of it."""

    title: str
    scope: Callable[[], dict[str, Any]]
    right: Callable[[], torch.Tensor]


@dataclass(frozen=True)
class Exercise:
    """`code` with `{0}`, `{1}` … where blanks are, which makes `result`; `reference` names the core's own code."""

    name: str
    title: str
    cells: str
    task: str
    code: str
    result: str
    blanks: tuple[Blank, ...]
    cases: tuple[Case, ...]
    reference: tuple[str, ...]

    def assembled(self, chosen: Sequence[int]) -> str:
        """Return the code with the option at `chosen[i]` in blank i; raise `IndexError` for one there is not."""
        return self.code.format(*(blank.options[place] for blank, place in zip(self.blanks, chosen, strict=True)))


@dataclass(frozen=True)
class Tried:
    """How one case went: `right` or not, and a sentence about it."""

    case: str
    right: bool
    says: str


def check(exercise: Exercise, chosen: Sequence[int]) -> list[Tried]:
    """Run the assembled lines on every case and compare them with the core's own answer."""
    code = exercise.assembled(chosen)
    return [_tried(exercise, case, code) for case in exercise.cases]


def hints(exercise: Exercise, chosen: Sequence[int]) -> list[str]:
    """Return what to think of: a hint for each blank whose option has one."""
    found = (blank.hints[place] for blank, place in zip(exercise.blanks, chosen, strict=True))
    return [hint for hint in found if hint]


def _tried(exercise: Exercise, case: Case, code: str) -> Tried:
    try:
        made = execute(code, case.scope())[exercise.result]
    except (RuntimeError, IndexError, ValueError, TypeError) as error:
        return Tried(case.title, False, f"It stops: {type(error).__name__}: {str(error)[:200]}")
    right = case.right()
    if made.shape != right.shape:
        return Tried(
            case.title, False, f"Its shape is {written(tuple(made.shape))}, not {written(tuple(right.shape))}."
        )
    if torch.allclose(made, right, rtol=TOLERANCE, atol=TOLERANCE):
        return Tried(case.title, True, "Equal to the core's own answer.")
    off = (made - right).abs()
    wrong = int((~(off <= TOLERANCE)).sum())
    far = "not a number among them" if off.isnan().any() else f"by up to {off.max():.3g}"
    return Tried(case.title, False, f"{wrong} of {off.numel()} numbers are off, {far}.")


def _states(lengths: Sequence[int], seed: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    output = torch.rand(len(lengths), max(lengths) + 1, 6, generator=generator) * 2 - 1
    return {"torch": torch, "output": output, "lengths": torch.tensor(lengths)}


def _gather_case(title: str, lengths: Sequence[int], seed: int) -> Case:
    def right() -> torch.Tensor:
        scope = _states(lengths, seed)
        encoder = RecurrentEncoder(ModelConfig(hidden_size=6), 1, torch.Generator())
        return encoder.last_state(scope["output"], scope["lengths"] - 1)

    return Case(title, lambda: _states(lengths, seed), right)


def _scores(lengths: Sequence[int], seed: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(len(lengths), max(lengths) + 1, generator=generator)
    return {"torch": torch, "scores": scores, "lengths": torch.tensor(lengths)}


def _masking_case(title: str, lengths: Sequence[int], seed: int) -> Case:
    def right() -> torch.Tensor:
        scope = _scores(lengths, seed)
        steps = torch.arange(scope["scores"].shape[1])
        return masked_softmax(scope["scores"], steps < scope["lengths"][:, None])

    return Case(title, lambda: _scores(lengths, seed), right)


def _gradients(length: float, seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(3, 4, generator=generator), torch.randn(4, generator=generator)]
    norm = torch.cat([part.flatten() for part in drawn]).norm()
    return [part * length / norm for part in drawn]


def _clipping_case(title: str, rule: str, threshold: float, length: float, seed: int) -> Case:
    def right() -> torch.Tensor:
        owners = [nn.Parameter(torch.zeros_like(part)) for part in _gradients(length, seed)]
        for owner, part in zip(owners, _gradients(length, seed), strict=True):
            owner.grad = part
        measure_and_clip(owners, RULES[rule], threshold)
        return torch.cat([owner.grad.flatten() for owner in owners if owner.grad is not None])

    return Case(title, lambda: {"torch": torch, "gradients": _gradients(length, seed), "threshold": threshold}, right)


_TAKES_AN_AXIS = "Which axis are the words on? output is [reviews, words, units]."

_ALL: Sequence[Exercise] = (
    Exercise(
        name="gather",
        title="Gather the true last state",
        cells="59",
        task="Take each review's state at its own last word. output is [reviews, words, units], lengths is [reviews].",
        code="index = (lengths{0}).view({1}).expand(-1, 1, output.shape[2])\n"
        "last = output.gather({2}, index).squeeze(1)",
        result="last",
        blanks=(
            Blank((" + 1", "", " - 1"), ("Words are counted from 0.", "Words are counted from 0.", "")),
            Blank(
                ("1, 1, -1", "-1, 1, 1", "1, -1, 1"),
                ("There is one length for each review: its axis comes first.", "", _TAKES_AN_AXIS),
            ),
            Blank(("0", "1", "2"), (_TAKES_AN_AXIS, "", _TAKES_AN_AXIS)),
        ),
        cases=(
            _gather_case("reviews of 3 and 5 words", (3, 5), 1),
            _gather_case("reviews of 1, 4 and 2 words", (1, 4, 2), 2),
        ),
        reference=("sentiment_core.models.encoder:RecurrentEncoder.last_state",),
    ),
    Exercise(
        name="masking",
        title="Mask the attention",
        cells="90–94",
        task="Turn scores [reviews, words] into weights that are 0 on padding and add up to 1 over a review's words.",
        code="mask = torch.arange(scores.shape[1]) {0} lengths.unsqueeze({1})\n"
        "weights = scores.masked_fill({2}, {3}).softmax({4})",
        result="weights",
        blanks=(
            Blank(("<=", "<", ">="), ("Of n words the last is at position n − 1.", "", "mask is true at words.")),
            Blank(("0", "1"), ("Positions lie side by side; a review's length belongs to a row.", "")),
            Blank(("mask", "~mask"), ("What is filled is what should not count.", "")),
            Blank(("0", "-9999", "1e-9"), ("e⁰ is 1.", "", "e to the power of almost 0 is almost 1.")),
            Blank(("0", "1"), ("Who shares out the 1: the words of a review, or the reviews?", "")),
        ),
        cases=(
            _masking_case("reviews of 1 and 2 words", (1, 2), 3),
            _masking_case("reviews of 4, 1 and 3 words", (4, 1, 3), 4),
        ),
        reference=("sentiment_core.models.pooling:masked_softmax",),
    ),
    Exercise(
        name="clip-norm",
        title="Clip by norm",
        cells="67–68",
        task="Scale all gradients together so that their length is at most the threshold. A shorter one stays as it "
        "is.",
        code="length = torch.sqrt(sum({0} for g in gradients))\n"
        "scale = torch.clamp({1}, {2}=1.0)\n"
        "clipped = torch.cat([(g * scale).flatten() for g in gradients])",
        result="clipped",
        blanks=(
            Blank(
                ("g.abs().sum()", "g.norm()", "(g ** 2).sum()"),
                (
                    "The length of a vector is the root of a sum of squares.",
                    "Lengths of parts do not add up: their squares do.",
                    "",
                ),
            ),
            Blank(
                ("length / threshold", "threshold / length"),
                ("A gradient twice as long as the threshold has to be halved.", ""),
            ),
            Blank(("min", "max"), ("What should happen to a gradient shorter than the threshold?", "")),
        ),
        cases=(
            _clipping_case("a gradient 5 times too long", "norm", 1.0, 5.0, 5),
            _clipping_case("one shorter than the threshold", "norm", 1.0, 0.3, 6),
        ),
        reference=("sentiment_core.clipping.norm:clip_norm",),
    ),
    Exercise(
        name="clip-value",
        title="Clip by threshold",
        cells="67–68",
        task="Cut every component of every gradient to at most the threshold, in both directions.",
        code="clipped = torch.cat([g.clamp({0}, {1}).flatten() for g in gradients])",
        result="clipped",
        blanks=(
            Blank(
                ("0.0", "-threshold", "-threshold * g.norm()"),
                ("Gradients point both ways.", "", "Each component has the same limit, whatever the length."),
            ),
            Blank(
                ("1.0", "threshold / g.norm()", "threshold"),
                ("The limit is the threshold.", "By value nobody looks at the length.", ""),
            ),
        ),
        cases=(
            _clipping_case("components far above the threshold", "value", 0.1, 5.0, 7),
            _clipping_case("components below it", "value", 1.0, 0.5, 8),
        ),
        reference=("sentiment_core.clipping.value:clip_value",),
    ),
)
EXERCISES: Mapping[str, Exercise] = {exercise.name: exercise for exercise in _ALL}
