"""What recordings of a lesson say about it, in sentences: no figure here is typed by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import correlation, fmean

from sentiment_core.errors import StoreError
from sentiment_core.lessons.syllabus import LESSONS, Lesson
from sentiment_core.number_words import counted
from sentiment_core.recorded import (
    Recording,
    RunSpread,
    SeedResult,
    compared,
    mean_and_deviation,
    paired,
    recording,
    recordings,
    sentences,
)

REFERENCE = "elastic net"


def measured(lesson: Lesson) -> tuple[str, ...]:
    """Return sentences about a lesson's recording; for the reference, about all of them; nothing without any."""
    if lesson.preset is None:
        return _bar()
    found = _recording(lesson.name)
    if found is None:
        return ()
    if lesson.name == "gradient-norm":
        return (*results(found), *_by_length(found), _long_gradients(found))
    return results(found)


def results(found: Recording) -> tuple[str, ...]:
    """Say what a recording's runs reached, over seeds where it has several."""
    return sentences(found.spread or _one_seed(found))


def updates_per_epoch(lesson: Lesson) -> int | None:
    """Return how many updates an epoch of the lesson's recording has; None without one."""
    found = _recording(lesson.name)
    if found is None:
        return None
    ended = next(iter(found.evaluations(found.recorded.runs[0].id)), None)
    return None if ended is None else ended.step // ended.epoch


def _one_seed(found: Recording) -> tuple[RunSpread, ...]:
    seed = found.recorded.config.seed
    return tuple(
        RunSpread(run.name, (SeedResult(seed, run.validation_accuracy, run.test_accuracy),))
        for run in found.recorded.runs
    )


def _by_length(found: Recording) -> tuple[str, ...]:
    """Say what batches by length change: this network was trained on random ones in the lesson before."""
    before = _recording("last-state")
    if before is None or not (before.spread and found.spread):
        return ()
    random = RunSpread("random batches", before.spread[-1].results)
    return (compared(random, RunSpread("batches by length", found.spread[0].results)),)


def _long_gradients(found: Recording) -> str:
    steps = found.steps(found.recorded.runs[0].id)
    pairs = [pair for pair in zip(steps["grad_norm"], steps["accuracy"], strict=True) if math.isfinite(pair[0])]
    related = correlation([norm for norm, _ in pairs], [accuracy for _, accuracy in pairs])
    sign = f"{related:+.2f}".replace("-", "−")
    return (
        f"Correlation of gradient norm and batch accuracy over these {len(pairs)} updates: {sign} "
        "(−1: the longer the gradient, the lower the accuracy; 0: unrelated)."
    )


def _bar() -> tuple[str, ...]:
    """Say how the rungs stand beside the elastic net on the same reviews, tokens and vectors."""
    found = [recorded for item in LESSONS if item.preset and (recorded := _recording(item.name))]
    references = next((item.baselines for item in found if REFERENCE in item.baselines), None)
    if references is None:
        return ()
    bar = references[REFERENCE]
    listed = ", ".join(f"{name} {value:.3f}" for name, value in references.items())
    # A run that several lessons have counts once.
    reached = {
        f"{run.name}, {_how_trained(item)}": run
        for item in found
        for run in item.spread or _one_seed(item)
        if run.tests
    }
    above = {name: run for name, run in reached.items() if _clearly_above(run, bar)}
    others = {name: run for name, run in reached.items() if name not in above}
    said = [f"Test accuracy on the notebook's split with its white-space tokens: {listed}."]
    said.append(f"Recorded runs clearly above the {REFERENCE}, over seeds: {_listed(above) or 'none'}.")
    if others:
        best = max(others, key=lambda name: fmean(others[name].tests.values()))
        said.append(f"The best of the others: {_listed({best: others[best]})}.")
    return tuple(said)


def _clearly_above(run: RunSpread, bar: float) -> bool:
    level = RunSpread(REFERENCE, tuple(SeedResult(seed, None, bar) for seed in run.tests))
    found = paired(level, run)
    return found is not None and found.clear and found.mean > 0


def _listed(runs: Mapping[str, RunSpread]) -> str:
    return ", ".join(f"{name} ({mean_and_deviation(run.tests.values())})" for name, run in runs.items())


def _how_trained(found: Recording) -> str:
    config = found.recorded.config
    epochs = counted(config.training.epochs, "epoch")
    return f"{epochs} of random batches" if config.data.batching == "random" else epochs


def _recording(name: str) -> Recording | None:
    if name not in recordings():
        return None
    try:
        return recording(name)
    except StoreError:  # the panel that offers to watch it says so
        return None
