"""Steps on their way to browsers: nothing is lost, nothing is stale, and what cannot change is read once."""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status
from sentiment_core.presets import vary_clipping
from sentiment_core.steps.quantities import DIAGNOSTICS, Diagnostic, Panel, Quantity, StepMetrics, declare
from sentiment_core.store import Store, Worker, WorkProgress
from ui.server import step_blocks
from ui.server.step_blocks import AnswerPiece, blocks_after, gzipped, overview, steps_json

FIRST = StepMetrics(1, 1, 0.693147182, 0.5, 1e-3, 2.0, 1.0, 0.5, 1.0, 1.0, 300, 0.1)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(step_blocks, "BLOCK", 10)
    monkeypatch.setattr(step_blocks, "ROWS_PER_ANSWER", 40)
    step_blocks._kept_block.cache_clear()
    step_blocks._kept_overview.cache_clear()


def write(store: Store, steps, loss: float = 0.5):
    """Write steps into the one experiment of the store, made by the first call, and return its first run's id."""
    known = store.experiments()
    found = known[0] if known else store.create_experiment(vary_clipping(ExperimentConfig()))
    run = found.runs[0]
    store.write_steps({run.id: [replace(FIRST, step=step, loss=loss) for step in steps]})
    store.update_run(run.id, steps=max(steps))
    return found.id


def train(store: Store, identifier: str, pid: int, step: int):
    """Let a worker hold the experiment, having made its updates up to `step`."""
    worker = Worker("here", pid, float(pid))
    store.claim_experiment(identifier, worker)
    store.heartbeat(identifier, WorkProgress("training", "Training", step=step), worker)


def shown(store: Store, identifier: str, after: int = 0):
    """Return the columns that a browser reads."""
    found = store.experiment(identifier)
    pieces = list(steps_json(blocks_after(store, found, found.runs[0], after)))
    plain = b"".join(piece.plain for piece in pieces)
    assert gzip.decompress(gzipped(pieces)) == plain
    return json.loads(plain, parse_constant=pytest.fail)


@given(st.lists(st.text(max_size=400)))
def test_pieces_make_one_gzip_file(texts):
    pieces = [AnswerPiece.of(text) for text in texts]
    assert gzip.decompress(gzipped(pieces)).decode() == "".join(texts)


def test_a_long_piece_is_compressed_and_may_stand_between_short_ones():
    pieces = [AnswerPiece.of("["), AnswerPiece.of("0.5," * 5000), AnswerPiece.of("1]")]
    assert len(gzipped(pieces)) < 300
    assert gzip.decompress(gzipped(pieces)) == b"[" + b"0.5," * 5000 + b"1]"


@pytest.mark.parametrize("status", [Status.RUNNING, Status.FINISHED])
@pytest.mark.parametrize("after", [0, 1, 9, 10, 13, 29, 30, 34, 35, 99])
def test_all_steps_after_one_arrive_once(store, after, status):
    identifier = write(store, range(1, 36))
    train(store, identifier, 1, 35)
    store.set_status(identifier, status)
    columns = shown(store, identifier, after)
    assert columns["step"] == list(range(after + 1, 36))
    drawn = {"loss", "accuracy", "grad_norm", "grad_norm_clipped", "threshold"}
    assert set(columns) == ({"step", "epoch", "clipped"} | drawn if after < 35 else {"step"})
    assert {len(values) for values in columns.values()} == {max(0, 35 - after)}


@pytest.mark.parametrize("status", [Status.RUNNING, Status.FINISHED])
def test_missing_steps_hide_none_behind_them(store, status):
    steps = [*range(3, 9), *range(22, 28), 40, 41, 77]
    identifier = write(store, steps)
    train(store, identifier, 1, 77)
    store.set_status(identifier, status)
    seen = []
    while new := shown(store, identifier, seen[-1] if seen else 0)["step"]:
        seen += new
    assert seen == steps


def test_an_answer_is_bounded(store):
    identifier = write(store, range(1, 200))
    assert len(shown(store, identifier)["step"]) == 40


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.693147182, 0.6931472), (1e-30, 1e-30), (math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")],
)
def test_numbers_keep_seven_digits_and_odd_ones_their_names(store, value, told):
    identifier = write(store, [1], loss=value)
    assert shown(store, identifier)["loss"] == [told]


def test_what_cannot_change_is_read_once_for_all(store, monkeypatch):
    identifier = write(store, range(1, 36))
    train(store, identifier, 1, 35)
    first = shown(store, identifier)
    asked = []
    read = Store.steps
    monkeypatch.setattr(Store, "steps", lambda *given, **more: asked.append(more["after"]) or read(*given, **more))
    assert shown(store, identifier) == first
    assert asked == [30]
    store.set_status(identifier, Status.FINISHED)
    shown(store, identifier)
    del asked[:]
    assert shown(store, identifier) == first
    assert asked == []


def test_what_is_measured_late_of_the_last_step_is_shown(store, monkeypatch):
    monkeypatch.setitem(DIAGNOSTICS, "late", None)  # taken away afterwards
    del DIAGNOSTICS["late"]
    declare("late", Quantity("late", "", "measured", "Late.", Panel("late", "Late")))
    identifier = write(store, range(1, 11))
    train(store, identifier, 1, 10)
    assert "late" not in shown(store, identifier)
    run = store.experiment(identifier).runs[0]
    store.write_steps({}, [Diagnostic(run.id, 10, "late", 0.5)])
    write(store, range(11, 13))
    train(store, identifier, 1, 12)
    assert shown(store, identifier)["late"] == [None] * 9 + [0.5] + [None] * 2


def test_what_a_resumed_run_repeats_is_shown_anew(store):
    identifier = write(store, range(1, 36), loss=0.5)
    train(store, identifier, 1, 35)
    shown(store, identifier)
    store.set_status(identifier, Status.INTERRUPTED)
    assert set(shown(store, identifier)["loss"]) == {0.5}
    # Another worker goes on from the checkpoint at step 12; at first, the old steps after it are still there.
    train(store, identifier, 2, 12)
    assert set(shown(store, identifier)["loss"]) == {0.5}
    write(store, range(13, 31), loss=0.25)
    train(store, identifier, 2, 30)
    assert shown(store, identifier)["loss"] == [0.5] * 12 + [0.25] * 18 + [0.5] * 5


def test_rows_that_arrive_after_the_end_are_shown(store):
    identifier = write(store, range(1, 15))
    store.set_status(identifier, Status.INTERRUPTED)
    assert len(shown(store, identifier)["step"]) == 14
    write(store, range(15, 18))
    assert len(shown(store, identifier)["step"]) == 17


@given(st.lists(st.none() | st.booleans() | st.floats(width=32, allow_subnormal=False) | st.integers(0, 10**9)))
def test_a_column_is_written_as_each_of_its_values_is(values):
    assert step_blocks._list_written(values) == ",".join(map(step_blocks._written, values))
    finite = [value for value in values if type(value) is float and abs(value) < 1e30]
    read = [float(each) for each in step_blocks._list_written(finite).split(",") if each]
    assert read == pytest.approx(finite, rel=1e-6)


def looked_over(store: Store, identifier: str):
    """Return the columns of an overview, and how many steps it has."""
    found = store.experiment(identifier)
    blocks = overview(store, found, found.runs[0])
    plain = b"".join(piece.plain for piece in steps_json(blocks))
    return json.loads(plain, parse_constant=pytest.fail), sum(block.count for block in blocks)


@pytest.mark.parametrize("status", [Status.RUNNING, Status.FINISHED])
def test_a_long_run_is_looked_over_and_no_spike_is_missed(store, status, monkeypatch):
    monkeypatch.setattr(step_blocks, "LONG", 100)
    monkeypatch.setattr(step_blocks, "STRETCHES", 10)
    identifier = write(store, range(1, 501))
    run = store.experiment(identifier).runs[0]
    odd = {250: 9.0, 333: 0.01, 402: math.nan}
    store.write_steps({run.id: [replace(FIRST, step=step, loss=loss) for step, loss in odd.items()]})
    store.write_steps({run.id: [replace(FIRST, step=77, loss=0.5, grad_norm=80.0)]})
    store.set_status(identifier, status)
    columns, count = looked_over(store, identifier)
    assert count == len(columns["step"]) <= 60 and columns["step"] == sorted(columns["step"])
    assert {1, 77, 250, 333, 402, 500} <= set(columns["step"])
    assert columns["loss"][columns["step"].index(402)] == "NaN"
    assert "clipped" not in columns and columns.keys() == shown(store, identifier).keys() - {"clipped"}
    # All of them still come, whatever was looked over before.
    assert shown(store, identifier)["step"][:3] == [1, 2, 3]


def test_a_short_run_needs_no_overview(store):
    identifier = write(store, range(1, 31))
    assert looked_over(store, identifier)[0] == shown(store, identifier)


def test_an_overview_of_an_ended_run_is_made_once(store, monkeypatch):
    monkeypatch.setattr(step_blocks, "LONG", 20)
    identifier = write(store, range(1, 31))
    store.set_status(identifier, Status.FINISHED)
    first = looked_over(store, identifier)
    monkeypatch.setattr(step_blocks, "table", pytest.fail)
    assert looked_over(store, identifier) == first
