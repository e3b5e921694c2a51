"""Step metrics and evaluations: what is written is read back, not-a-number and infinities too."""

from __future__ import annotations

import math
from dataclasses import astuple, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_core.errors import NotFoundError
from sentiment_core.metrics import Balance, Evaluation
from sentiment_core.steps.quantities import STEP_COLUMNS, StepMetrics
from sentiment_core.store import Experiment, Store, rows_of
from tests.store.shared import same, step

EDGES = [math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1]


def test_values_that_are_not_finite_survive(store: Store, twin: Experiment) -> None:
    run = twin.runs[0].id
    written = [step(n, value, grad_norm=value, clip_cosine=value) for n, value in enumerate(EDGES, start=1)]
    store.write_steps({run: written})
    assert same(list(zip(*store.steps(run).values(), strict=True)), [astuple(row) for row in written])
    assert same(rows_of(store, run)[0]["loss"], math.nan)
    results = [Evaluation(1, 1, "validation", math.nan, 0.5), Evaluation(1, 1, "test", math.inf, math.nan)]
    store.write_evaluations(run, results)
    assert same(store.evaluations(run), results)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(allow_subnormal=False), min_size=9, max_size=9), whole=st.integers(0, 2**31 - 1))
def test_any_number_survives(store: Store, twin: Experiment, values: list[float], whole: int) -> None:
    loss, accuracy, rate, norm, clipped, largest, cosine, threshold, seconds = values
    row = StepMetrics(1, 1, loss, accuracy, rate, norm, clipped, largest, cosine, threshold, whole, seconds)
    store.write_steps({twin.runs[0].id: [row]})
    (read,) = zip(*store.steps(twin.runs[0].id).values(), strict=True)
    # SQLite keeps no sign of zero; == does not look at it either.
    pairs = zip([value for value in read if isinstance(value, float)], values, strict=True)
    assert all(back == value or (math.isnan(back) and math.isnan(value)) for back, value in pairs)
    assert read[STEP_COLUMNS.index("tokens")] == whole


def test_numpy_numbers_are_kept_as_numbers(store: Store, twin: Experiment) -> None:
    import numpy as np

    row = replace(step(1), step=np.int64(3), loss=np.float32(0.5), tokens=np.int32(9))  # type: ignore[arg-type]
    store.write_steps({twin.runs[0].id: [row]})
    read = rows_of(store, twin.runs[0].id)[0]
    assert (read["step"], read["loss"], read["tokens"]) == (3, 0.5, 9)


def test_repeated_steps_replace_the_old_ones(store: Store, twin: Experiment) -> None:
    off, on = (run.id for run in twin.runs)
    store.write_steps({off: [step(n, 1.0) for n in range(1, 11)], on: [step(1, 3.0)]})
    store.write_steps({off: [step(n, 2.0) for n in range(6, 13)]})
    assert store.steps(off)["step"] == list(range(1, 13))
    assert store.steps(off)["loss"] == [1.0] * 5 + [2.0] * 7
    assert store.steps(on)["loss"] == [3.0]
    for loss in (0.9, 0.4):
        store.write_evaluations(off, [Evaluation(10, 1, "validation", loss, 0.5)])
    assert [result.loss for result in store.evaluations(off)] == [0.4]
    store.write_steps({})
    store.write_evaluations(off, [])


def test_steps_after_a_step(store: Store, twin: Experiment) -> None:
    run = twin.runs[0].id
    store.write_steps({run: [step(n) for n in range(1, 101)]})
    assert store.steps(run, after=97)["step"] == [98, 99, 100]
    assert store.steps(run, after=10, limit=2)["step"] == [11, 12]
    assert store.steps(run, after=100) == {name: [] for name in STEP_COLUMNS}


def test_a_failed_write_leaves_nothing_behind(store: Store, twin: Experiment) -> None:
    with pytest.raises(NotFoundError, match="deleted"):
        store.write_steps({twin.runs[0].id: [step(1)], "gone-1": [step(1)]})
    assert store.steps(twin.runs[0].id)["step"] == []


def test_the_reviews_of_each_part_are_kept_and_replaced(store: Store, twin: Experiment) -> None:
    first, second = (run.id for run in twin.runs)
    store.write_balances(first, {"train": Balance(90, 80), "validation": Balance(10, 1)})
    store.write_balances(first, {"validation": Balance(10, 9)})
    assert store.balances(first) == {"train": Balance(90, 80), "validation": Balance(10, 9)}
    assert store.balances(second) == {}
