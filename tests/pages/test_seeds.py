"""Seeds on the pages: asked for on Train, grouped on Runs; a model that is brought in can be asked at once."""

from __future__ import annotations

import pytest

from sentiment_core.config import from_fields
from sentiment_core.explain.archive.writer import model_archive
from sentiment_core.metrics import Balance, Status
from sentiment_core.presets import vary_clipping
from sentiment_core.seeds import over_seeds
from sentiment_core.store import Store
from tests.pages.conftest import button, key_of, step_metrics, texts
from ui.server.backend import executor


@pytest.fixture
def study(lab: Store) -> list[str]:
    """Five seeds of two settings, as a worker would have left them; the ids of the first seed's runs come first."""
    config = vary_clipping(from_fields({"name": "Study", "training.max_norm": 0.5}))
    runs = []
    for place, single in enumerate(over_seeds(config, [1, 2, 3, 4, 5])):
        experiment = lab.create_experiment(single)
        for run, test in zip(experiment.runs, (0.7, 0.8), strict=True):
            lab.write_steps({run.id: [step_metrics(step, 0.7 - step / 100) for step in (1, 2, 3)]})
            lab.update_run(run.id, steps=3, test_accuracy=test + 0.01 * place, validation_accuracy=test)
        lab.set_status(experiment.id, Status.FINISHED)
        runs += [run.id for run in experiment.runs]
    return runs


def test_runs_are_grouped_by_seed_with_means_and_a_verdict(study: list[str], open_page) -> None:
    page = open_page("runs", group="seed")
    assert not page.exception and not page.error
    (table,) = page.dataframe
    rows = table.value
    assert list(rows["Seeds"]) == [5, 5]
    assert sorted(round(value, 3) for value in rows["Test"]) == [0.72, 0.82]
    # Student: 2.776 times 0.0158 / √5.
    assert all(round(value, 3) == 0.020 for value in rows["Test ±"])
    assert "Seed" not in rows.columns
    said = texts(page.markdown)
    assert "real, more accurate" in said and "Over 5 seeds" in said
    assert page.query_params["group"] == "seed"


def test_the_grouped_table_follows_a_link_and_the_switch(study: list[str], open_page) -> None:
    page = open_page("runs", group="seed", runs=study[0])
    assert "Is it real?" not in texts(page.markdown)
    assert "**5** selected" in texts(page.markdown)
    page.toggle(key="runs:grouped").set_value(False).run()
    assert not page.exception and len(page.dataframe[0].value) == 10


def test_two_runs_of_one_seed_are_models_not_settings(study: list[str], open_page) -> None:
    page = open_page("runs", runs=",".join(study[:2]))
    said = texts(page.markdown)
    assert "one seed cannot tell" in said and "real, more" not in said
    # Different seeds are no twins.
    assert "cannot tell" not in texts(open_page("runs", runs=f"{study[0]},{study[2]}").markdown)


def test_curves_lie_over_epochs_where_all_runs_say_how_long_one_is(study: list[str], lab: Store, open_page) -> None:
    page = open_page("runs", group="seed", x="epoch")
    assert not [item for item in page.button_group if item.key == "runs:x"]
    for run in study:
        lab.write_balances(run, {"train": Balance(100, 50)})
    page = open_page("runs", group="seed", x="epoch")
    assert not page.exception and page.button_group(key="runs:x").value == "epoch"
    assert page.query_params["x"] == "epoch"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, lab: Store) -> list[str]:
    """What was handed to the executor, which starts nothing."""
    ids: list[str] = []
    monkeypatch.setattr(type(executor()), "submit", lambda self, identifier: ids.append(identifier))
    return ids


def test_several_seeds_start_an_experiment_each(lab: Store, started: list[str], open_page) -> None:
    page = open_page("train")
    page.text_input(key=key_of(page, "widget:seeds")).set_value("3, 5-6").run()
    assert page.query_params["seeds"] == "3, 5-6"
    button(page, "Train").click().run()
    assert not page.exception
    assert sorted(each.config.seed for each in lab.experiments()) == [3, 5, 6] and len(started) == 3
    # One that repeats another is no further seed.
    repeated = lab.create_experiment(lab.experiment(page.query_params["experiment"]).config)
    links = [link.proto for link in open_page("train", experiment=repeated.id).get("page_link")]
    assert [link.label for link in links if "experiment=" in link.query_string] == ["seed 5, queued", "seed 6, queued"]
    assert "group=seed" in next(link.query_string for link in links if link.label == "All 3 under Runs")
    # A link brings them back.
    linked = open_page("train", seeds="3,5-6")
    assert linked.text_input(key=key_of(linked, "widget:seeds")).value == "3,5-6"


@pytest.mark.parametrize("text", ["x", "1,1", ""])
def test_what_is_no_seed_starts_nothing(lab: Store, open_page, text: str) -> None:
    page = open_page("train")
    page.text_input(key=key_of(page, "widget:seeds")).set_value(text).run()
    assert "seed" in texts(page.error) and button(page, "Train").disabled


def test_a_model_that_arrives_is_asked_at_once(lab: Store, open_page) -> None:
    content = model_archive(lab, "pretrained")
    page = open_page("explain", text="A wonderful film.")
    page.file_uploader(key="explain:model").upload("model.zip", content, "application/zip").run()
    (experiment,) = lab.experiments()
    assert not page.exception and not page.error
    assert page.query_params["models"] == experiment.runs[0].id
    page = open_page("runs")
    page.file_uploader(key="runs:model").upload("model.zip", b"not a model", "application/zip").run()
    assert not page.exception and "Curves stayed where it was trained" in texts(page.caption)
    assert "no model of Sentiment Lab" in texts(page.error) and len(lab.experiments()) == 1
