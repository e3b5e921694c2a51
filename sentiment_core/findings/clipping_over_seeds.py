"""Clipping in depth: by norm, by value and not at all on the same batches, over several seeds, and what it says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from sentiment_core.clipping import NORM, RULES
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.errors import ConfigError
from sentiment_core.findings.seed_groups import UNLIKE_IN_SEEDS
from sentiment_core.findings.verdict.measure import judge_run
from sentiment_core.findings.verdict.words import OFTEN
from sentiment_core.metrics import Evaluation
from sentiment_core.number_words import percent
from sentiment_core.presets import preset
from sentiment_core.steps.rules import Steps, clipped
from sentiment_core.store import Experiment, Run, RunSource

# Rung 4's network on demo reviews; three epochs are 240 updates, enough to see spikes and short enough for a classroom.
SETTING: dict[str, Any] = {
    "data.source": "demo",
    "data.embeddings": "glove-50",
    "data.tokenizer": "unified",
    "data.validation_fraction": 0.2,
    "data.batching": "bucketed",
    "training.batch_size": 32,
    "training.epochs": 3,
}
# Adam moves every weight by about the rate; SGD by the rate times the gradient, so it needs a larger one.
RATES = {"adam": 2e-3, "sgd": 0.6}
MOST_SEEDS = 4
MOST_UPDATES = 240  # what those epochs come to

# Pascanu et al. 2013: thresholds from half to ten times the average norm work; a common rule is the 90th percentile.
LOWEST, HIGHEST, PERCENTILE = 0.5, 10.0, 0.9


@dataclass(frozen=True)
class RunClipping:
    """What clipping did in one run; None where it measured nothing of the kind."""

    way: str  # the rule's name
    seed: int
    steps: int
    clipped_share: float | None
    length_ratio: float | None  # median of norm after / norm before, over the clipped steps
    cosine: float | None  # median over the clipped steps: 1 means the direction stayed
    # Median before clipping, over finite steps: one explosion would make a mean say nothing about the usual step.
    usual_norm: float | None
    norm_percentile: float | None  # the 90th
    last_loss: float | None  # mean batch loss over the last tenth of the steps
    spread: float | None  # standard deviation of the batch loss over the last hundred steps
    accuracy: float | None  # last validation
    diverged: bool


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of a quantity over seeds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        """Return the spread of what was measured; None without any."""
        known = [value for value in values if value is not None and math.isfinite(value)]
        return cls(median(known), min(known), max(known)) if known else None


@dataclass(frozen=True)
class WayClipping:
    """One way of clipping over all seeds."""

    way: str
    seeds: int
    diverged: int
    clipped_share: Spread | None
    length_ratio: Spread | None
    cosine: Spread | None
    last_loss: Spread | None
    spread: Spread | None
    accuracy: Spread | None


def clipping_experiment(seed: int, changes: Mapping[str, Any]) -> ExperimentConfig:
    """Return one seed's experiment: rung 4's network with every rule of clipping in lockstep.

    `changes` are dotted fields for all runs; raises `ConfigError` for bad ones.
    """
    base = from_fields(
        {**SETTING, **changes, "seed": seed, "name": f"Clipping, seed {seed}"}, preset("last-state").config
    )
    return with_runs(
        base, [RunConfig(name=rule.phrase, overrides={"training.clipping": rule.name}) for rule in RULES.values()]
    )


def check_alike(configs: Sequence[ExperimentConfig]) -> None:
    """Raise `ConfigError` unless the experiments are seeds of one comparison; their medians would mix unlike runs."""
    for config in configs:
        if len(config.runs) < 2 or any(set(run.overrides) != {"training.clipping"} for run in config.runs):
            raise ConfigError(f"{config.name} does not compare ways of clipping alone; start a new comparison")
    alike = [config.model_dump(exclude=UNLIKE_IN_SEEDS) for config in configs]
    if any(one != alike[0] for one in alike):
        raise ConfigError("these experiments differ in more than their seed; start a new comparison")
    if len({config.seed for config in configs}) < len(configs):
        raise ConfigError("two of these experiments have the same seed; start a new comparison")


def measure(source: RunSource, experiments: Iterable[Experiment]) -> list[RunClipping]:
    """Return what clipping did in each run of the experiments."""
    return [
        measure_run(run, source.steps(run.id), source.evaluations(run.id))
        for experiment in experiments
        for run in experiment.runs
    ]


def measure_run(run: Run, steps: Steps, evaluations: Sequence[Evaluation]) -> RunClipping:
    """Return what clipping did in one run."""
    judged = judge_run(run, steps, evaluations, None)
    pairs = zip(steps["grad_norm"], steps["grad_norm_clipped"], strict=True)
    ratios = [after / norm for norm, after in pairs if math.isfinite(norm) and clipped(norm, after)]
    norms = sorted(norm for norm in steps["grad_norm"] if math.isfinite(norm))
    last = steps["loss"][-max(1, len(steps["loss"]) // 10) :]
    return RunClipping(
        way=run.config.training.clipping,
        seed=run.config.seed,
        steps=judged.steps,
        clipped_share=judged.clipped_share,
        length_ratio=median(ratios) if ratios else None,
        cosine=judged.cosine,
        usual_norm=judged.usual_norm,
        norm_percentile=norms[math.ceil(PERCENTILE * len(norms)) - 1] if norms else None,
        last_loss=fmean(last) if last and all(map(math.isfinite, last)) else None,
        spread=judged.spread,
        accuracy=judged.accuracy,
        diverged=judged.diverged is not None or judged.non_finite > 0,
    )


def over_seeds(runs: Sequence[RunClipping]) -> list[WayClipping]:
    """Return each way of clipping over its seeds, in the order of the rules."""
    found = []
    for way in RULES:
        members = [run for run in runs if run.way == way]
        if not members:
            continue

        def spread(pick: Callable[[RunClipping], float | None], members: list[RunClipping] = members) -> Spread | None:
            return Spread.of(pick(run) for run in members)

        found.append(
            WayClipping(
                way=way,
                seeds=len(members),
                diverged=sum(run.diverged for run in members),
                clipped_share=spread(lambda run: run.clipped_share),
                length_ratio=spread(lambda run: run.length_ratio),
                cosine=spread(lambda run: run.cosine),
                last_loss=spread(lambda run: run.last_loss),
                spread=spread(lambda run: run.spread),
                accuracy=spread(lambda run: run.accuracy),
            )
        )
    return found


def guidance(runs: Sequence[RunClipping], max_norm: float) -> list[str]:
    """Return what the measurements advise, one sentence or two each, for the threshold `max_norm` on the norm."""
    said = []
    # Not from the unclipped runs: where one exploded, its norms say nothing about a training that works.
    free = [run for run in runs if run.way == NORM.name]
    usual, percentile = Spread.of(run.usual_norm for run in free), Spread.of(run.norm_percentile for run in free)
    if usual and percentile:
        low, high = LOWEST * usual.median, HIGHEST * usual.median
        place = "below" if max_norm < low else "above" if max_norm > high else "within"
        said.append(
            f"Before clipping by norm the usual norm (the median) is {usual.median:.3g}; thresholds from {low:.3g} to "
            f"{high:.3g} (half to ten times that) worked for Pascanu et al. (2013), and {max_norm:g} is {place} that "
            f"range. The 90th percentile is {percentile.median:.3g}: a threshold there clips one step in ten."
        )
    for way in over_seeds(runs):
        clipped, name = way.clipped_share, RULES[way.way].phrase.capitalize()
        if clipped and clipped.median > OFTEN:
            said.append(
                f"{name}: {percent(clipped.median)} of the steps were clipped. More than half: the "
                "threshold cuts usual gradients, not just spikes."
            )
        elif clipped and clipped.high == 0:
            said.append(f"{name}: no step was clipped, so this is the run without clipping.")
        if way.diverged:
            said.append(f"{name}: {way.diverged} of {way.seeds} seeds left the finite numbers.")
    return said
