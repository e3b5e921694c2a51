"""The form of the Train page: what is loaded is shown, what is shown is trained, what is impossible is refused."""

from __future__ import annotations

import pytest

from sentiment_core.config import from_fields, from_query, to_query
from sentiment_core.findings import twin_grid
from sentiment_core.presets import PRESETS, vary_clipping
from ui.kit.notices import literal

from .conftest import button, key_of, texts


def test_newcomers_see_the_twin_with_and_without_clipping(open_page):
    page = open_page("train")
    assert page.selectbox(key=key_of(page, "widget:compare")).value == "clipping"
    assert "no clipping" in page.query_params["runs"]


def test_link_with_a_configuration_fills_the_form(open_page):
    page = open_page("train", **to_query(PRESETS["xavier"].config))
    assert page.selectbox(key=key_of(page, "field:model.initialisation")).value == "xavier"
    assert not page.error


def test_impossible_setting_names_the_field_and_disables_training(open_page):
    page = open_page("train")
    page.text_input(key=key_of(page, "field:training.learning_rate")).set_value("-3").run()
    assert "learning" in texts(page.error)
    assert button(page, "Train").disabled


@pytest.mark.parametrize(
    ("field", "bad", "allowed"),
    [("training.epochs", 999, "≤ 200"), ("model.hidden_size", 0, "≥ 1"), ("training.batch_size", -5, "≥ 1")],
)
def test_number_out_of_range_is_refused_not_replaced(open_page, field, bad, allowed):
    page = open_page("train")
    page.number_input(key=key_of(page, f"field:{field}")).set_value(bad).run()
    message = texts(page.error).replace("\\", "")
    assert field in message
    assert allowed in message
    assert button(page, "Train").disabled


def test_limit_can_be_taken_away_again(open_page):
    page = open_page("train", **{"data.limit": "1000"})
    page.text_input(key=key_of(page, "field:data.limit")).set_value("12").run()
    assert "data.limit" in texts(page.error).replace("\\", "")
    page.text_input(key=key_of(page, "field:data.limit")).set_value("").run()
    assert not page.error
    assert "data.limit" not in page.query_params


def test_csv_without_a_file_is_asked_for_not_complained_about(open_page):
    page = open_page("train")
    page.selectbox(key=key_of(page, "field:data.source")).set_value("csv").run()
    assert not page.error
    assert "Choose a file" in texts(page.caption)
    assert page.selectbox(key=key_of(page, "widget:compare"))
    assert button(page, "Train").disabled


def test_preset_fills_the_form_and_keeps_the_reviews(open_page):
    page = open_page("train")
    page.selectbox(key=key_of(page, "field:data.source")).set_value("imdb").run()
    page.selectbox(key="widget:preset").set_value("batch-norm").run()
    assert page.selectbox(key=key_of(page, "field:model.state_norm")).value == "batch"
    assert page.selectbox(key=key_of(page, "field:data.source")).value == "imdb"
    assert not page.exception


@pytest.mark.parametrize("own", ["glove-50", "random"])
def test_the_users_vectors_come_back_after_a_recipe(open_page, own):
    page = open_page("train", **{"data.embeddings": own})
    for name, expected in [("clip-norm", own), ("best", "word2vec"), ("best-frozen", "word2vec"), ("xavier", own)]:
        page.selectbox(key="widget:preset").set_value(name).run()
        assert page.session_state["draft"]["data.embeddings"] == expected, name


def test_every_preset_can_be_loaded(open_page):
    page = open_page("train")
    for name in PRESETS:
        page.selectbox(key="widget:preset").set_value(name).run()
        assert not page.exception
        assert not page.error, name


@pytest.mark.parametrize("name", ["best", "best-frozen", "uniform-attention", "learning-rates"])
def test_preset_has_a_short_link_and_brings_its_own_vectors(open_page, name):
    linked, chosen = open_page("train", preset=name), open_page("train")
    chosen.selectbox(key="widget:preset").set_value(name).run()
    assert not linked.exception and not linked.error
    assert linked.query_params == chosen.query_params
    assert from_query(linked.query_params).model == PRESETS[name].config.model
    vectors = linked.selectbox(key=key_of(linked, "field:data.embeddings")).value
    assert vectors == PRESETS[name].config.data.embeddings
    assert literal(PRESETS[name].description) in texts(linked.caption)


@pytest.mark.parametrize("query", [{"preset": "nothing"}, {"preset": "best", "model.cell": "<b>"}, {"foo": "1"}])
def test_bad_link_says_that_the_default_is_shown(open_page, query):
    page = open_page("train", **query)
    wanted = "preset in this link" if query == {"preset": "nothing"} else "here is the first experiment instead"
    assert wanted in texts([*page.warning, *page.error])
    assert page.query_params["training.learning_rate"] == f"{twin_grid.FIRST_RATE:g}"


@pytest.mark.parametrize(
    "kind",
    [
        "nothing",
        "clipping",
        "threshold",
        "by_value",
        "learning_rate",
        "batch_size",
        "optimizer",
        "cell",
        "pooling",
        "embeddings",
    ],
)
def test_every_comparison_makes_a_valid_experiment(open_page, kind):
    page = open_page("train")
    page.selectbox(key=key_of(page, "widget:compare")).set_value(kind).run()
    assert not page.exception
    assert not page.error
    assert not button(page, "Train").disabled


def started(page, lab) -> str:
    button(page, "Train").click().run()
    assert not page.exception and not page.error
    experiment = lab.experiments()[0]
    assert len(experiment.runs) > 1 or experiment.runs[0].name == experiment.name[:80]
    return experiment.name


def test_what_nobody_named_is_called_by_what_it_is(open_page, lab, monkeypatch):
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda self, identifier: None)
    page = open_page("train")
    page.selectbox(key=key_of(page, "widget:compare")).set_value("nothing").run()
    assert started(page, lab) == "tanh RNN 128 · last state · SGD 0.6 · clip by norm 0.25"
    again = open_page("train", **to_query(lab.experiments()[0].config))
    again.selectbox(key=key_of(again, "field:model.cell")).set_value("gru").run()
    assert started(again, lab) == "GRU 128 · last state · SGD 0.6 · clip by norm 0.25"


def test_one_run_of_what_was_a_comparison_is_not_called_after_both(open_page, lab, monkeypatch):
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda self, identifier: None)
    twin = vary_clipping(from_fields({"name": "no clipping vs clip by norm 1"}))
    page = open_page("train", **to_query(twin))
    assert started(page, lab) == "no clipping vs clip by norm 1"
    page = open_page("train", **to_query(twin))
    page.selectbox(key=key_of(page, "widget:compare")).set_value("nothing").run()
    assert started(page, lab).startswith("tanh RNN 128")


def test_a_presets_name_stays_while_its_network_is_trained_as_it_says(open_page, lab, monkeypatch):
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda self, identifier: None)
    page = open_page("train", preset="attention", **{"data.limit": "200"})
    assert started(page, lab) == PRESETS["attention"].config.name
    page = open_page("train", preset="attention", **{"data.limit": "200"})
    page.number_input(key=key_of(page, "field:training.epochs")).set_value(1).run()
    assert started(page, lab).startswith("tanh RNN 128")


def test_another_batch_size_is_an_experiment_of_its_own(open_page, lab, monkeypatch):
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda self, identifier: None)
    page = open_page("train", **{"training.batch_size": "64", "training.epochs": "2"})
    page.selectbox(key=key_of(page, "widget:compare")).set_value("batch_size").run()
    assert not page.exception and "experiment of its own" in texts(page.caption)
    page.number_input(key=key_of(page, "compare-value:batch_size")).set_value(16).run()
    button(page, "Train").click().run()
    assert not page.exception and not page.error
    second, first = lab.experiments()
    assert [(one.name, one.config.training.batch_size) for one in (first, second)] == [
        ("batch 64", 64),
        ("batch 16", 16),
    ]
    assert first.config.training.epochs == second.config.training.epochs == 2
    assert [run.name for one in (first, second) for run in one.runs] == ["batch 64", "batch 16"]
    assert page.query_params["experiment"] == first.id
    links = [link.proto for link in page.get("page_link")]
    assert [link.label for link in links if f"experiment={second.id}" in link.query_string] == ["batch 16, queued"]
    both = next(link.query_string for link in links if link.label == "All 2 under Runs")
    assert all(run.id in both for one in (first, second) for run in one.runs)


def test_a_click_before_the_browser_knows_the_new_address_is_not_lost(open_page):
    link = {"data.limit": "200", "data.source": "demo"}
    page = open_page("train", **link)
    assert "data.source" not in page.query_params  # the page has written an address of its own
    page.query_params.clear()
    page.query_params.update(link)
    page.selectbox(key=key_of(page, "field:model.cell")).set_value("gru").run()
    assert page.selectbox(key=key_of(page, "field:model.cell")).value == "gru"
    assert page.query_params["model.cell"] == "gru"


def test_a_mistake_is_offered_only_when_a_link_brought_it_and_can_be_taken_away(open_page):
    clean = open_page("train")
    assert not [item for item in clean.multiselect if "mistake" in item.label.lower()]
    page = open_page("train", **{"model.mistakes": "off_by_one_mask", "training.mistakes": "norm_after_clipping"})
    assert not page.error and "mistake of the course notebook" in texts(page.caption)
    page.multiselect(key=key_of(page, "field:model.mistakes")).set_value([]).run()
    assert "model.mistakes" not in page.query_params
    assert page.query_params["training.mistakes"] == "norm_after_clipping"
