"""Where two runs of one experiment part: the first step at which what they measured differs, and the setting behind it.

Loss and gradient norm of a step follow from the weights before its update. They saw the same batches, so a difference
in any bit comes from their settings. An update that differs may show later than in the next loss: rounding hides some.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentiment_core.clipping import RULES
from sentiment_core.config import ExperimentConfig, field_info
from sentiment_core.setting_words import say
from sentiment_core.settings import CARRIED_OVER
from sentiment_core.steps.rules import Steps, clipped, parted
from sentiment_core.store import Run
from sentiment_core.tasks import TASKS, WORD_PIECES

READ_AFTER_CLIPPING = "norm_after_clipping"
# What decides the updates, not the answers: it cannot show in the loss of the first step.
RATES = frozenset({"training.learning_rate", "training.schedule"})
CUTS = frozenset({"training.clipping", *(rule.field for rule in RULES.values() if rule.field)})
UPDATES = RATES | CUTS | {f"training.{name}" for name in ("optimizer", "weight_decay", "momentum", "embedding_rate")}
FROZEN = "model.freeze_embeddings"
MISTAKES = "training.mistakes"
# What decides when to stop and which weights to keep, not how they change.
WITHOUT_EFFECT = frozenset({"training.early_stopping", "training.target_accuracy", "training.weight_averaging"})


@dataclass(frozen=True)
class Difference:
    """A setting, by its dotted field, in which two runs differ."""

    field: str
    ours: Any
    theirs: Any

    @property
    def words(self) -> str:
        """The setting and its two values, such as `learning rate, 0.001 against 0.01`; names of choices are quoted."""
        ours, theirs = (
            f"“{say(self.field, value)}”" if isinstance(value, str | tuple | list) else say(self.field, value)
            for value in (self.ours, self.theirs)
        )
        return f"{field_info(self.field).title.lower()}, {ours} against {theirs}"


@dataclass(frozen=True)
class Cut:
    """The first gradient that clipping changed, in the run `name`: its length before and after."""

    name: str
    step: int
    norm: float
    norm_clipped: float


@dataclass(frozen=True)
class Parting:
    """Two runs compared over the `common_steps` that both have made.

    `step` is the first one at which one of `columns` differs, None when there is none; `ours` and `theirs` are what
    was measured in `column` there. `cut` comes before it. `cause` is the only one of `differences` that can have made
    the runs part at that step; None when there is no such one, or more than one.
    """

    first: str
    second: str
    common_steps: int
    columns: tuple[str, ...]
    differences: tuple[Difference, ...]
    step: int | None = None
    column: str = "loss"
    ours: float = 0.0
    theirs: float = 0.0
    cut: Cut | None = None
    cause: Difference | None = None


def clipped_steps(run: Run, steps: Steps) -> list[bool | None]:
    """Return whether clipping changed the gradient of each of `steps`.

    None where none was to be clipped, and where the norm was read after clipping, which hides it.
    """
    hidden = READ_AFTER_CLIPPING in run.config.training.mistakes
    columns = (steps[name] for name in ("threshold", "grad_norm", "grad_norm_clipped"))
    return [
        clipped(norm, after) if threshold < math.inf and not hidden else None
        for threshold, norm, after in zip(*columns, strict=True)
    ]


def parting(run: Run, other: Run, ours: Steps, theirs: Steps) -> Parting:
    """Return where `run` and `other` part, from all their steps."""
    common = min(len(ours["step"]), len(theirs["step"]))
    # A norm that is read after clipping is another quantity: it differs although the training does not.
    alike = not any(READ_AFTER_CLIPPING in each.config.training.mistakes for each in (run, other))
    columns = ("loss", "grad_norm") if alike else ("loss",)
    step = parted(ours, theirs, columns)
    place = common if step is None else list(ours["step"]).index(step)
    cuts = [found for each, steps in ((run, ours), (other, theirs)) if (found := _first_cut(each, steps, place))]
    cut = min(cuts, key=lambda found: found.step, default=None)
    differences = (*differing(run.config, other.config), *_changed_live(run, other, ours, theirs, place))
    if step is None:
        return Parting(run.name, other.name, common, columns, differences, cut=cut)
    column = next(name for name in columns if parted(_row(ours, place), _row(theirs, place), [name]))
    rates = parted(_before(ours, place), _before(theirs, place), ["learning_rate"])
    able = [item for item in differences if _can(item, place, column, cut is not None, rates is not None)]
    return Parting(
        run.name,
        other.name,
        common,
        columns,
        differences,
        step,
        column,
        ours[column][place],
        theirs[column][place],
        cut,
        able[0] if len(able) == 1 else None,
    )


def differing(one: ExperimentConfig, other: ExperimentConfig) -> tuple[Difference, ...]:
    """Return the settings in which two runs differ; those that are in force in at most one of them are left out."""
    first, second = _settings(one), _settings(other)
    return tuple(
        Difference(field, first[field], second[field])
        for field in first
        if first[field] != second[field] and _in_force(field, first, one.task) and _in_force(field, second, other.task)
    )


def in_words(found: Parting) -> str:
    """Return a few sentences, names of the runs included, that say where they part and why, as far as it is known."""
    who = f"{found.first} and {found.second}"
    if found.common_steps == 0:
        return f"{who} have no step in common yet."
    same = "the same loss and gradient norm" if len(found.columns) > 1 else "the same loss"
    if found.step is None:
        return f"{who} have {same}, bit for bit, at all {found.common_steps:,} steps that both made.{_no_effect(found)}"
    kind = "loss" if found.column == "loss" else "gradient norm"
    apart = f"{kind} {_apart(found.ours, found.theirs)}"
    if found.step == 1:
        return f"{who} differ from the first step on ({apart}).{_reason(found)}"
    return (
        f"{who} have {same}, bit for bit, up to step {found.step - 1:,} and part at step {found.step:,} ({apart})."
        f"{_reason(found)}"
    )


def _no_effect(found: Parting) -> str:
    fields = {item.field for item in found.differences}
    if not fields:
        return ""
    if len(found.columns) == 1:
        return " Norms are not compared, as one of them is read after clipping."
    if fields <= CUTS and found.cut is None:
        return " No gradient was cut."
    return f" What differs between them ({_listed(found.differences)}) has had no effect on the training so far."


def _reason(found: Parting) -> str:
    if found.cause is not None:
        text = f" Cause: {found.cause.words}."
        if found.cut is not None and (found.cause.field in CUTS or found.cause.field == MISTAKES):
            cut = found.cut
            text += (
                f" Clipping first changed a gradient at step {cut.step:,}, in {cut.name}: "
                f"its length from {cut.norm:.4g} to {cut.norm_clipped:.4g}."
            )
        return text
    if len(found.differences) > 1:
        return f" They differ in {_listed(found.differences)}: which of these did it cannot be told from one run each."
    return " What made them part cannot be told from what was measured."


def _can(item: Difference, place: int, column: str, cut: bool, rates_differ: bool) -> bool:
    """Return whether a setting can have made runs part at the step in `place` (from 0), given what was measured."""
    updated = place > 0
    if item.field in WITHOUT_EFFECT:
        return False
    if item.field == MISTAKES:
        only_one = set(item.ours) ^ set(item.theirs)
        return bool(CARRIED_OVER & only_one) or ("clip_wrong_model" in only_one and cut and updated)
    if item.field in RATES:
        return updated and rates_differ
    if item.field in CUTS:
        return updated and cut
    if item.field == FROZEN:
        # Vectors that are trained have gradients, which count in the norm from the first step on.
        return updated or column == "grad_norm"
    return updated or item.field not in UPDATES


def _in_force(field: str, settings: Mapping[str, Any], task: str) -> bool:
    if field in CUTS and field != "training.clipping":
        return field == RULES[settings["training.clipping"]].field
    needs: dict[str, bool] = {
        "training.momentum": settings["training.optimizer"] == "sgd",
        "training.embedding_rate": WORD_PIECES in TASKS[task].topics or not settings[FROZEN],
        "data.embedding_dim": settings["data.embeddings"] in {"word2vec", "random"},
        "data.vectors": settings["data.embeddings"] == "own",
    }
    return needs.get(field, True)


def _changed_live(run: Run, other: Run, ours: Steps, theirs: Steps, place: int) -> list[Difference]:
    """Return rate and threshold where they were changed while training, in one of two runs configured alike."""
    found = []
    settings = {item.field for item in differing(run.config, other.config)}
    for column, fields in (("learning_rate", RATES), ("threshold", CUTS)):
        step = parted(_before(ours, place), _before(theirs, place), [column])
        if step is None or settings & fields:
            continue
        field = "training.learning_rate" if column == "learning_rate" else RULES[run.config.training.clipping].field
        assert field is not None
        at = list(ours["step"]).index(step)
        found.append(Difference(field, ours[column][at], theirs[column][at]))
    return found


def _first_cut(run: Run, steps: Steps, place: int) -> Cut | None:
    columns = (steps[name][:place] for name in ("step", "grad_norm", "grad_norm_clipped"))
    for step, norm, after in zip(*columns, strict=True):
        if clipped(norm, after):
            return Cut(run.name, step, norm, after)
    return None


def _before(steps: Steps, place: int) -> dict[str, Sequence[Any]]:
    return {name: values[:place] for name, values in steps.items()}


def _row(steps: Steps, place: int) -> dict[str, Sequence[Any]]:
    return {name: values[place : place + 1] for name, values in steps.items()}


def _settings(config: ExperimentConfig) -> dict[str, Any]:
    tree = config.model_dump(include={"data", "model", "training"})
    return {f"{section}.{name}": value for section, fields in tree.items() for name, value in fields.items()}


def _listed(differences: Sequence[Difference]) -> str:
    return "; ".join(item.words for item in differences)


def _apart(ours: float, theirs: float) -> str:
    for digits in (4, 6, 9, 12):
        if f"{ours:.{digits}g}" != f"{theirs:.{digits}g}":
            return f"{ours:.{digits}g} against {theirs:.{digits}g}"
    return f"{ours!r} against {theirs!r}"
