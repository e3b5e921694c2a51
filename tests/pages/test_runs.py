"""The Runs page: filter, selection, twins, right and wrong, names; and what a bad link does to it."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment_core.artifacts import folder
from sentiment_core.config import ExperimentConfig, RunConfig, build, from_fields, from_query
from sentiment_core.datasets import TEST, load_reviews
from sentiment_core.errors import ConfigError
from sentiment_core.lessons import LESSONS
from sentiment_core.metrics import Status
from sentiment_core.predictions import write_predictions
from sentiment_core.recorded import recording, recordings
from sentiment_core.store import Experiment, Store
from tests.app_page import ROOT
from ui.addresses import to_train
from ui.runs.actions import save_names
from ui.runs.search import alternatives
from ui.runs.table import Entry, labels

from .conftest import button, finished_twin, step_metrics, texts


def made(store: Store, name: str, runs: tuple[str, ...] = ("one",), error: str | None = None, **fields) -> Experiment:
    tree = from_fields({"name": name, **fields}).model_dump(exclude={"runs"})
    config = build(ExperimentConfig, {**tree, "runs": [RunConfig(name=run) for run in runs]})
    experiment = store.create_experiment(config)
    store.set_status(experiment.id, Status.FAILED if error else Status.FINISHED, error)
    return store.experiment(experiment.id)


def listed(page) -> list[str]:
    return list(page.dataframe[0].value["Run"]) if page.dataframe else []


def drawn(monkeypatch) -> list[dict]:
    calls: list[dict] = []
    monkeypatch.setattr(
        "ui.kit.components.live_plot.overlay", lambda curves, **options: calls.append({"curves": curves, **options})
    )
    return calls


@pytest.fixture
def two(lab):
    """A GRU on demo reviews, and an LSTM on a file, which failed."""
    made(lab, "Rivers", ("gru run",), **{"model.cell": "gru"})
    fields = {"model.cell": "lstm", "data.source": "csv", "data.path": "/gone/a.csv"}
    made(lab, "Lakes", ("lstm run",), "cannot read *a.csv*: upload it again", **fields)
    return lab


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ({}, ["lstm run", "gru run"]),
        ({"filter": "rivers"}, ["gru run"]),
        ({"filter": "cell=lstm"}, ["lstm run"]),
        ({"filter": "GRU rivers"}, ["gru run"]),
        ({"status": "failed"}, ["lstm run"]),
        ({"source": "demo"}, ["gru run"]),
        ({"filter": "nothing like it"}, []),
    ],
)
def test_a_link_carries_the_filter(open_page, two, query, runs):
    page = open_page("runs", **query)
    assert not page.exception and not page.warning
    assert listed(page) == runs
    assert all(page.query_params[name] in (value, [value]) for name, value in query.items())


def test_typing_filters_and_is_kept_in_the_address(open_page, two):
    page = open_page("runs")
    page.text_input(key="runs:filter").set_value("lakes").run()
    assert listed(page) == ["lstm run"]
    assert page.query_params["filter"] in ("lakes", ["lakes"])
    page.selectbox(key="runs:status").set_value("finished").run()
    assert listed(page) == []
    assert "No run fits" in texts(page.info)
    button(page, "Show all runs").click().run()
    assert len(listed(page)) == 2
    assert "filter" not in page.query_params


def test_coming_back_from_another_page_shows_what_was_shown(open_page, two):
    page = open_page("runs", filter="rivers")
    page.switch_page(str(ROOT / "pages/home.py")).run()
    page.query_params.clear()
    page.query_params["models"] = "left over from the other page"
    page.switch_page(str(ROOT / "pages/runs.py")).run()
    assert listed(page) == ["gru run"]
    assert "models" not in page.query_params


def test_words_of_the_pages_find_settings():
    assert "cell=rnn" in alternatives("tanh")
    assert alternatives("zebra") == ("zebra",)
    assert alternatives("by") == ("by",)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"status": "banana"}, "status"),
        ({"source": "<script>"}, "source"),
        ({"page": "0"}, "page"),
        ({"page": "9" * 40}, "page"),
        ({"cell": "xx"}, "cell"),
        ({"threshold": "7"}, "threshold"),
        ({"threshold": "nan"}, "threshold"),
        ({"runs": "nonsense,'--"}, "not in this list"),
    ],
)
def test_a_tampered_link_says_so_and_shows_the_default(open_page, two, query, message):
    page = open_page("runs", **query)
    assert not page.exception
    assert message in texts(page.warning)
    assert len(listed(page)) == 2
    (name,) = query
    assert page.query_params.get(name) not in (query[name], [query[name]])


def test_runs_of_a_link_are_listed_first_and_a_later_filter_is_no_broken_link(open_page, two):
    made(two, "Hills", ("third",))
    older = next(experiment.runs[0].id for experiment in two.experiments() if experiment.name == "Rivers")
    page = open_page("runs", runs=older)
    assert listed(page)[0] == "gru run" and not page.warning
    page.text_input(key="runs:filter").set_value("lakes").run()
    assert listed(page) == ["lstm run"] and not page.warning and not page.exception


def test_runs_are_called_by_their_names_and_by_their_experiments_where_those_are_equal(lab):
    alike = [made(lab, name, ("one", name)) for name in "ab"]
    first, second = (experiment.id for experiment in alike)
    shown = [Entry(experiment, run) for experiment in alike for run in experiment.runs]
    assert list(labels(shown).values()) == [f"one ({first})", "a", f"one ({second})", "b"]


def test_why_an_experiment_was_refused_is_in_its_row_and_under_the_table(open_page, two):
    page = open_page("runs")
    assert page.dataframe[0].value["Problem"][0] == "cannot read *a.csv*: upload it again"
    assert r"\*a\.csv\*" in texts(page.error)


def test_numbers_sort_as_numbers_and_only_differing_settings_are_columns(open_page, lab):
    made(lab, "a", **{"model.hidden_size": 8, "training.learning_rate": 1e-5})
    made(lab, "b", **{"model.hidden_size": 128, "training.learning_rate": 0.1})
    table = open_page("runs").dataframe[0].value
    assert list(table["Hidden size"]) == [128, 8]
    assert list(table["Learning rate"]) == [0.1, 1e-5]
    assert "Cell" not in table.columns and "Problem" not in table.columns


def test_the_accuracy_of_the_kept_weights_is_shown(open_page, lab):
    lab.update_run(made(lab, "a").runs[0].id, validation_accuracy=0.9)
    table = open_page("runs").dataframe[0].value
    assert table["Valid."][0] == 0.9


def test_at_most_five_are_preselected_and_at_most_eight_drawn(open_page, lab, monkeypatch):
    calls = drawn(monkeypatch)
    experiment = made(lab, "many", tuple(f"run {n}" for n in range(10)))
    for run in experiment.runs:
        lab.write_steps({run.id: [step_metrics(1, 0.7)]})
        lab.update_run(run.id, steps=1)
    open_page("runs")
    assert len(calls[-1]["curves"]) == 5
    page = open_page("runs", runs=",".join(run.id for run in experiment.runs))
    assert [curve.run_id for curve in calls[-1]["curves"]] == [run.id for run in experiment.runs[:8]]
    assert len({curve.colour for curve in calls[-1]["curves"]}) == 8
    assert "first 8 of the 10" in texts(page.caption)


def test_where_twins_part_is_said_and_marked(open_page, lab, monkeypatch):
    calls = drawn(monkeypatch)
    experiment = finished_twin(lab)
    lab.write_steps({experiment.runs[1].id: [step_metrics(20, 0.123)]})
    page = open_page("runs")
    assert "up to step 19 and part at step 20" in texts(page.caption).replace("\\", "")
    assert [marker.step for marker in calls[-1]["markers"]] == [20]
    page = open_page("runs", runs=experiment.runs[0].id)
    assert "part at step" not in texts(page.caption)


def test_a_table_longer_than_a_page_has_pages_and_a_link_opens_the_right_one(open_page, lab, monkeypatch):
    monkeypatch.setattr("ui.runs.search.ROWS", 2)
    first = made(lab, "a", ("a1", "a2"))
    made(lab, "b", ("b1",))
    made(lab, "c", ("c1", "c2"))
    assert listed(open_page("runs")) == ["c1", "c2"]
    assert listed(open_page("runs", page="2")) == ["b1", "a1"]
    assert listed(open_page("runs", page="77")) == ["a2"]
    page = open_page("runs", runs=first.runs[1].id)
    assert listed(page) == ["a2"]
    assert "5 runs" in texts(page.caption)


@pytest.fixture
def tested(lab):
    """A finished twin whose runs kept their predictions on the demo reviews."""
    experiment = finished_twin(lab)
    reviews = load_reviews(experiment.config.data)
    indices = reviews.select(TEST)
    logits = np.random.default_rng(0).normal(0, 2, len(indices)).astype(np.float32)
    for run in experiment.runs:
        where = folder("experiments", experiment.id, run.id)
        write_predictions(where, indices, logits, reviews.labels[indices])
    return experiment, reviews, dict(zip(indices.tolist(), logits.tolist(), strict=True))


def test_a_number_of_the_matrix_opens_its_reviews_and_they_open_in_explain(open_page, tested, monkeypatch):
    experiment, reviews, logits = tested
    gone = []
    monkeypatch.setattr("streamlit.switch_page", lambda page, query_params: gone.append(query_params))
    page = open_page("runs")
    assert not [item for item in page.button if str(item.key).startswith("review:")]
    expected = [index for index, logit in logits.items() if logit > 0 and not reviews.labels[index]]
    assert page.button(key="cell:fp").label == str(len(expected))
    page.button(key="cell:fp").click().run()
    shown = [item for item in page.button if str(item.key).startswith("review:")]
    surest = max(expected, key=logits.__getitem__)
    assert shown[0].key == f"review:{surest}"
    assert len(shown) == 8
    shown[0].click().run()
    assert not page.exception
    assert gone[0]["models"] == experiment.runs[0].id
    assert gone[0].get("text", reviews.texts[surest]) == reviews.texts[surest]


def test_a_link_opens_cell_run_and_threshold(open_page, tested):
    experiment, reviews, logits = tested
    page = open_page("runs", cell="fn", of=experiment.runs[1].id, threshold="0.8")
    assert not page.exception and not page.warning
    raw = np.log(0.8 / 0.2)
    missed = sum(bool(reviews.labels[index]) and logit <= raw for index, logit in logits.items())
    assert f"**{missed}** positive reviews read as negative" in texts(page.markdown)
    assert page.query_params["of"] in (experiment.runs[1].id, [experiment.runs[1].id])


def test_reviews_that_are_gone_are_said_to_be(open_page, lab, tmp_path):
    fields = {"data.source": "csv", "data.path": str(tmp_path / "mine.csv")}
    experiment = made(lab, "a", **fields)
    where = folder("experiments", experiment.id, experiment.runs[0].id)
    write_predictions(where, np.arange(3), np.array([1.0, -1.0, 2.0]), np.array([1, 1, 0]))
    page = open_page("runs", cell="tp")
    assert not page.exception
    assert "mine.csv is no longer where it was" in texts(page.error).replace("\\", "")
    assert str(tmp_path) not in texts(page.error).replace("\\", "")
    (where / "predictions.npz").write_bytes(b"junk")
    assert "damaged" in texts(open_page("runs").error)


def test_renaming_offers_the_names_and_keeps_what_changed(open_page, lab):
    experiment = finished_twin(lab)
    page = open_page("runs")
    button(page, "Rename").click().run()
    fields = {item.label: item.value for item in page.text_input}
    assert fields.items() >= {"Experiment": "Twin", "Run 1": "no clipping", "Run 2": "clip by norm 1"}.items()
    first, second = (run.id for run in experiment.runs)
    save_names(experiment, "Better", {first: "no clipping", second: "clipped"})
    found = lab.experiment(experiment.id)
    assert (found.name, [run.name for run in found.runs]) == ("Better", ["no clipping", "clipped"])
    with pytest.raises(ConfigError, match="name of its own"):
        save_names(found, "Better", {second: "no clipping"})
    assert lab.experiment(experiment.id) == found


def test_duplicating_brings_settings_and_runs_without_folders(lab):
    twin = finished_twin(lab)
    assert from_query(to_train(twin.config).query) == twin.config
    filed = made(lab, "a", **{"data.source": "csv", "data.path": "/home/me/0123.csv"})
    assert to_train(filed.config).query["data.path"] == "0123.csv"


def test_hostile_names_are_only_text(open_page, lab, monkeypatch):
    drawn(monkeypatch)
    nasty = "<img src=x onerror=alert(1)> $x$ :material/home: [a](javascript:b)"
    experiment = made(lab, nasty, (nasty, "b"))
    for run in experiment.runs:
        lab.write_steps({run.id: [step_metrics(1, 0.7)]})
        lab.update_run(run.id, steps=1)
    page = open_page("runs")
    assert not page.exception
    assert nasty not in texts(page.caption)
    button(page, "Delete").click().run()
    assert nasty not in texts(page.markdown)


def test_a_threshold_outlives_a_filter_that_finds_nothing(open_page, tested):
    page = open_page("runs", filter="Twin", threshold="0.8")
    for words in ("zzz", "yyy", "Twin"):
        page.text_input(key="runs:filter").set_value(words).run()
        assert not page.exception
    assert page.slider(key="runs:threshold").value == 0.8
    assert page.query_params["threshold"] in ("0.8", ["0.8"])


def test_before_anything_is_trained_recorded_runs_are_shown(open_page):
    page = open_page("runs", runs="0123abcd-1")
    assert not page.exception and not page.error and texts(page.warning) == "The runs in this link are not here."
    assert not open_page("runs").warning
    shown = page.dataframe[0].value
    kept = [run for item in LESSONS if item.name in recordings() for run in recording(item.name).recorded.runs]
    assert [*shown["Run"]] == [run.name for run in kept] and [*shown["Steps"]] == [run.steps for run in kept]
    assert "You have trained nothing yet" in texts(page.markdown)
    assert [link.proto.label for link in page.get("page_link")] == ["Train your own", "Start with clipping"]
