"""Runs searched, counted, renamed and compared."""

from __future__ import annotations

import pytest

from sentiment_core.config import ExperimentConfig, RunConfig, build, from_fields
from sentiment_core.errors import ConfigError, NotFoundError
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment, Search, Store
from tests.store.shared import TWIN


def names(store: Store, *words: str, limit: int = 100, offset: int = 0, **other: object) -> list[str]:
    search = Search(tuple((word,) for word in words), **other)  # type: ignore[arg-type]
    found = store.search_runs(search, limit, offset)
    assert all(run in experiment.runs for experiment, run in found)
    if offset == 0 and limit == 100:
        assert store.count_runs(search) == len(found)
    return [run.name for _, run in found]


@pytest.fixture
def three(store: Store) -> list[Experiment]:
    """A twin, a GRU on a CSV file with two poolings, and a failed LSTM called 100%."""
    gru = from_fields(
        {
            "name": "Rivers",
            "data.source": "csv",
            "data.path": "/x/a.csv",
            "model.cell": "gru",
            "model.pooling": "mean,max",
        }
    )
    lstm = build(ExperimentConfig, {"name": "100% sure", "model": {"cell": "lstm", "bidirectional": True}, "seed": 12})
    made = [
        store.create_experiment(TWIN),
        store.create_experiment(gru.model_copy(update={"runs": (RunConfig(name="first"),)})),
        store.create_experiment(lstm.model_copy(update={"runs": (RunConfig(name="second"),)})),
    ]
    store.set_status(made[2].id, Status.FAILED, "too few reviews")
    return made


def test_all_runs_come_newest_experiment_first_in_pages(store: Store, three: list[Experiment]) -> None:
    assert names(store) == ["second", "first", "off", "on"]
    assert names(store, limit=2, offset=1) == ["first", "off"]
    assert store.count_runs(Search()) == 4
    assert [store.run_place(run.id, Search()) for run in three[0].runs] == [2, 3]
    assert store.run_place(three[0].runs[1].id, Search((("rivers",),))) is None
    assert store.run_place("nonsense", Search()) is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["RIVERS"], ["first"]),
        (["gru"], ["first"]),
        (["cell=gru"], ["first"]),
        (["model.cell=gru"], ["first"]),
        (["pooling=mean"], ["first"]),
        (["seed=12"], ["second"]),
        (["seed=1"], ["first", "off", "on"]),
        (["bidirectional=true"], ["second"]),
        (["learning_rate=2e-3"], ["second", "first", "off", "on"]),
        (["twin", "norm"], ["on"]),
        (["norm", "gru"], []),
        (["hidden_size"], []),
        (["100%"], ["second"]),
        (["10_%"], []),
        (['"'], []),
        (["="], []),
        (["'; DROP TABLE runs; --"], []),
    ],
)
def test_words_are_looked_for_in_names_and_values(
    store: Store, three: list[Experiment], words: list[str], expected: list[str]
) -> None:
    assert names(store, *words) == expected


def test_ids_alternatives_status_and_source(store: Store, three: list[Experiment]) -> None:
    assert names(store, three[1].id) == ["first"]
    either = Search((("rivers", "cell=lstm"),))
    assert [run.name for _, run in store.search_runs(either, 10)] == ["second", "first"]
    assert names(store, status=Status.FAILED) == ["second"]
    assert names(store, source="csv") == ["first"]
    assert names(store, "sure", status=Status.QUEUED) == []


def test_renamed_run_is_renamed_everywhere(store: Store, twin: Experiment) -> None:
    store.rename_run(twin.runs[1].id, " clipped ")
    found = store.experiment(twin.id)
    assert [run.name for run in found.runs] == ["off", "clipped"]
    assert [run.name for run in found.config.runs] == ["off", "clipped"]
    assert found.runs[1].config.runs[0].name == "clipped"
    assert found.runs[1].config.training.clipping == "norm"


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "off"])
def test_impossible_run_names_are_refused(store: Store, twin: Experiment, name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        store.rename_run(twin.runs[1].id, name)
    assert store.experiment(twin.id) == twin
    with pytest.raises(NotFoundError, match="nonsense"):
        store.rename_run("nonsense", "x")
