"""What only some runs measure: numbers and arrays beside the steps, read back as they were, thinned, deleted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sentiment_core.errors import NotFoundError, StoreError
from sentiment_core.metrics import Status
from sentiment_core.steps.quantities import Diagnostic
from sentiment_core.store import Experiment, Store
from sentiment_core.store.arrays import pack, unpack
from tests.store.shared import step

EDGES = [math.nan, math.inf, -math.inf, 0.1, 1.7976931348623157e308]


def test_numbers_and_arrays_are_read_back_as_they_were(store: Store, twin: Experiment) -> None:
    run = twin.runs[0].id
    flat = np.array([1.5, math.nan, math.inf, -0.0], dtype=np.float32)
    square = np.arange(12, dtype=np.float32).reshape(3, 4)
    store.write_steps(
        {},
        [
            *(Diagnostic(run, number, "ratio", value) for number, value in enumerate(EDGES, start=1)),
            Diagnostic(run, 1, "norm per time step", flat),
            Diagnostic(run, 2, "norm per time step", square.T),
            Diagnostic(run, 3, "norm per time step", np.zeros((0, 5))),
            Diagnostic(run, 4, "norm per time step", np.float32(0.25)),  # type: ignore[arg-type]
        ],
    )
    assert store.diagnostic_names(run) == ["norm per time step", "ratio"]
    assert repr(store.diagnostics(run, "ratio")) == repr(([1, 2, 3, 4, 5], EDGES))
    steps, values = store.diagnostics(run, "norm per time step")
    assert steps == [1, 2, 3, 4] and values[3] == 0.25
    for value, written in zip(values, (flat, square.T, np.zeros((0, 5))), strict=False):
        assert isinstance(value, np.ndarray) and value.dtype == np.float32 and value.shape == written.shape
        assert value.tobytes() == written.astype(np.float32).tobytes()
        assert value.flags.writeable
    assert store.diagnostic_names(twin.runs[1].id) == []
    assert store.diagnostics(run, "never measured") == ([], [])


def test_a_resumed_run_replaces_what_it_repeats(store: Store, twin: Experiment) -> None:
    run = twin.runs[0].id
    store.write_steps({}, [Diagnostic(run, number, "ratio", 1.0) for number in (1, 2, 3)])
    store.write_steps({}, [Diagnostic(run, 2, "ratio", np.ones(2, dtype=np.float32)), Diagnostic(run, 3, "ratio", 7)])
    steps, values = store.diagnostics(run, "ratio")
    assert steps == [1, 2, 3] and (values[0], values[2]) == (1.0, 7.0)
    assert isinstance(values[1], np.ndarray) and values[1].tolist() == [1.0, 1.0]


def test_many_are_thinned_evenly_and_the_ends_stay(store: Store, twin: Experiment) -> None:
    run = twin.runs[0].id
    store.write_steps({}, [Diagnostic(run, number, "ratio", float(number)) for number in range(1, 1002)])
    steps, values = store.diagnostics(run, "ratio", most=11)
    assert steps == list(range(1, 1002, 100)) and values == [float(number) for number in steps]
    assert store.diagnostics(run, "ratio", after=998)[0] == [999, 1000, 1001]
    assert store.diagnostics(run, "ratio", after=998, most=3)[0] == [999, 1000, 1001]
    assert store.diagnostics(run, "ratio", after=998, most=2)[0] == [999, 1001]
    assert len(store.diagnostics(run, "ratio", most=1)[0]) == 1


def test_steps_and_diagnostics_are_written_together_or_not_at_all(store: Store, twin: Experiment) -> None:
    run = twin.runs[0].id
    with pytest.raises(NotFoundError, match="deleted"):
        store.write_steps({run: [step(1)]}, [Diagnostic("gone-1", 1, "ratio", 1.0)])
    with pytest.raises(ValueError, match=r"not one of shape \(1, 1, 1, 1, 1, 1, 1, 1, 1\)"):
        store.write_steps({run: [step(1)]}, [Diagnostic(run, 1, "ratio", np.ones((1,) * 9))])
    assert store.steps(run)["step"] == [] and store.diagnostic_names(run) == []
    store.write_steps({run: [step(1)]}, [Diagnostic(run, 1, "ratio", 1.0)])
    assert store.steps(run)["step"] == [1] and store.diagnostics(run, "ratio") == ([1], [1.0])


def test_they_are_deleted_with_the_run(store: Store, twin: Experiment) -> None:
    store.write_steps({}, [Diagnostic(twin.runs[0].id, 1, "ratio", 1.0)])
    store.set_status(twin.id, Status.FINISHED)
    store.delete_experiment(twin.id)
    assert store.diagnostic_names(twin.runs[0].id) == []


@pytest.mark.parametrize(
    "damage", [b"", b"\0", b"\x09" + b"\0" * 36, pack(np.ones(3))[:-1], pack(np.ones(3))[:4], b"text"]
)
def test_a_damaged_array_is_said_to_be_one(damage: bytes) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        unpack(damage)
