"""A home folder of the first version: its runs list, draw, explain, replay and export to the numbers they had."""

from __future__ import annotations

import csv
import io
import json
import math
import sqlite3
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_core.datasets import TEST, load_reviews
from sentiment_core.explain.catalogue import available_models, load_predictor
from sentiment_core.export import export
from sentiment_core.findings.verdict import judge
from sentiment_core.predictions import check_same_reviews, read_predictions
from sentiment_core.recorded import read
from sentiment_core.store import Search, Store, schema
from tests.app_page import open_app
from tests.conftest import REAL_DATA
from tests.forks import StartCode
from tests.recorded.making import record
from tests.store import version_1
from tests.store.shared import TWIN, layout_of, same, version_of
from ui.server.experiment_json import describe, written
from ui.server.step_blocks import AnswerPiece

ARCHIVE = REAL_DATA / "home-v1.tar.gz"
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not ARCHIVE.exists(), reason=f"the home of the first version is not at {ARCHIVE}"),
]

RUNS = ["4b17a705-1", "4b17a705-2", "b05f91a1-1"]
STEPS = ["step", "epoch", "loss", "accuracy", "learning_rate", "grad_norm", "grad_norm_clipped", "grad_max"]
STEPS += ["clip_cosine", "threshold", "tokens", "seconds"]


@pytest.fixture
def first_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, as that version left it."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(home, filter="data")
    monkeypatch.setenv("SENTIMENT_HOME", str(home / "home-v1"))
    return home / "home-v1"


class Untouched:
    """What the store held before any program of today opened it, read by SQLite alone."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as raw:
            raw.row_factory = sqlite3.Row
            self.tables = {
                table: [dict(row) for row in raw.execute(f"SELECT * FROM {table}")]
                for table in ("experiments", "runs", "step_metrics", "evaluations")
            }

    def of_run(self, table: str, run_id: str) -> list[dict[str, Any]]:
        return [row for row in self.tables[table] if row["run_id"] == run_id]

    def column(self, run_id: str, name: str) -> list[Any]:
        values = [row[name] for row in self.of_run("step_metrics", run_id)]
        return [math.nan if value is None else value for value in values]


@pytest.fixture
def untouched(first_home: Path) -> Untouched:
    return Untouched(first_home / "store.sqlite3")


@pytest.fixture
def store(untouched: Untouched) -> Iterator[Store]:
    """The store, opened by this program after `untouched` was read."""
    with Store() as opened:
        yield opened


def test_tests_of_migrations_start_from_the_tables_it_has(first_home: Path, home: Path) -> None:
    made = f"sqlite:///{home}/made.sqlite3"
    version_1.make(made, TWIN, later=False)
    assert layout_of(f"sqlite:///{first_home}/store.sqlite3") == layout_of(made)


def test_what_was_measured_is_there_to_the_last_bit(store: Store, untouched: Untouched) -> None:
    for run_id in RUNS:
        steps = store.steps(run_id)
        assert list(steps)[: len(STEPS)] == STEPS
        for name in STEPS:
            assert same(steps[name], untouched.column(run_id, name)), (run_id, name)
        kept = [
            (row["step"], row["epoch"], row["part"], row["loss"], row["accuracy"])
            for row in untouched.of_run("evaluations", run_id)
        ]
        found = [(item.step, item.epoch, item.part, item.loss, item.accuracy) for item in store.evaluations(run_id)]
        assert sorted(found) == sorted(kept)


def test_runs_are_listed_with_their_results(store: Store, untouched: Untouched) -> None:
    listed = {run.id: run for _, run in store.search_runs(Search(), 10)}
    assert sorted(listed) == RUNS
    results = ("name", "status", "steps", "seconds", "tokens", "parameters", "validation_accuracy", "test_accuracy")
    for row in untouched.tables["runs"]:
        assert {name: getattr(listed[row["id"]], name) for name in results} == {name: row[name] for name in results}
        given = json.loads(row["config"])
        kept = listed[row["id"]].config.model_dump(mode="json")
        assert {name: {**kept[name], **given[name]} for name in ("data", "model", "training")} == {
            name: kept[name] for name in ("data", "model", "training")
        }


def test_the_page_of_runs_shows_them(store: Store, untouched: Untouched) -> None:
    app = open_app("runs")
    assert not app.exception
    shown = app.dataframe[0].value.set_index("ID")["Test"].to_dict()
    assert shown == {row["id"]: row["test_accuracy"] for row in untouched.tables["runs"]}


def test_runs_are_drawn_from_the_same_numbers(store: Store, untouched: Untouched) -> None:
    odd = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    for experiment in store.experiments():
        pieces: list[AnswerPiece] = written(describe(store, experiment, {}))
        for run in json.loads(b"".join(piece.plain for piece in pieces))["runs"]:
            drawn = run["steps"]
            for name in ("loss", "accuracy", "grad_norm", "grad_norm_clipped", "threshold"):
                values = [odd.get(value, value) for value in drawn[name]]
                expected = [float(f"{value:.7g}") for value in untouched.column(run["id"], name)]
                assert same([float(value) for value in values], expected), (run["id"], name)


def test_models_answer_as_they_did(store: Store) -> None:
    assert set(RUNS) <= {model.id for model in available_models(store)}
    for run_id in RUNS:
        run = store.run(run_id)
        kept = read_predictions(run)
        assert kept is not None
        reviews = load_reviews(run.config.data)
        check_same_reviews(kept, reviews)
        assert kept.indices.tolist() == reviews.select(TEST).tolist()
        predictor = load_predictor(run_id, store)
        answers = predictor.predict([reviews.texts[place] for place in kept.indices])
        np.testing.assert_allclose(answers, kept.probabilities, rtol=0, atol=1e-6)
        explained = predictor.explain(reviews.texts[kept.indices[0]])
        assert explained.probability == pytest.approx(float(kept.probabilities[0]), abs=1e-6)


def test_a_recording_replays_the_same_numbers(store: Store, untouched: Untouched, tmp_path: Path) -> None:
    for experiment in store.experiments():
        played = read(record(store, experiment.id, tmp_path / f"{experiment.id}.npz"))
        name = f"recorded-{experiment.id}"
        for run, original in zip(played.experiment(name).runs, experiment.runs, strict=True):
            for column in STEPS:
                kept = np.asarray(untouched.column(original.id, column), dtype=np.float32)
                assert np.array_equal(np.asarray(played.steps(run.id)[column], dtype=np.float32), kept, equal_nan=True)
        said = [
            [finding.text for finding in judge(source, key).findings]
            for source, key in ((store, experiment.id), (played, name))
        ]
        assert said[0] == said[1]


def test_exports_hold_the_same_numbers(store: Store, untouched: Untouched) -> None:
    rows = list(csv.DictReader(io.StringIO(export(store, RUNS, "csv").decode())))
    for run_id in RUNS:
        mine = [row for row in rows if row["run_id"] == run_id]
        for name in STEPS:
            assert same([float(row[name]) for row in mine], [float(v) for v in untouched.column(run_id, name)])
    described = {item["run_id"]: item for item in json.loads(export(store, RUNS, "json"))["runs"]}
    for row in untouched.tables["runs"]:
        assert described[row["id"]]["test_accuracy"] == row["test_accuracy"]
        assert described[row["id"]]["steps"] == row["steps"]
    archive = zipfile.ZipFile(io.BytesIO(export(store, RUNS, "tensorboard")))
    assert archive.testzip() is None and sum("tfevents" in name for name in archive.namelist()) == len(RUNS)


def test_two_processes_that_open_it_at_once_change_it_once(
    first_home: Path, untouched: Untouched, start_code: StartCode
) -> None:
    code = "from sentiment_core.store import Store\nwith Store() as s: print(s._token, len(s.experiments()))"
    children = [start_code(code) for _ in range(2)]
    (said,) = {process.finish() for process in children}
    assert said.endswith(" 2\n")
    url = f"sqlite:///{first_home}/store.sqlite3"
    assert version_of(url) == schema.SCHEMA_VERSION
    # The copy that was made before is the store as it was.
    assert Untouched(first_home / "store.sqlite3.v1.backup").tables == untouched.tables
    assert sorted(path.name for path in first_home.iterdir()) == [
        "experiments",
        "store.sqlite3",
        "store.sqlite3.v1.backup",
    ]
