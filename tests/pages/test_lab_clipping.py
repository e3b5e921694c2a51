"""The clipping lab: one click starts a comparison, its address shows it again, a bad address says what is wrong."""

from __future__ import annotations

import math

import pytest

from sentiment_core.findings.clipping_over_seeds import clipping_experiment
from sentiment_core.metrics import Evaluation, Status
from ui.labs.clipping_figures import MOST_POINTS, thinned

from .conftest import step_metrics


def texts(page) -> str:
    return "\n".join(str(item.value) for item in [*page.markdown, *page.caption]).replace("\\", "")


def button(page, name):
    return next(item for item in page.button if item.label == name)


def finished_comparison(store, seeds=2, status=Status.FINISHED):
    identifiers = []
    for seed in range(1, seeds + 1):
        experiment = store.create_experiment(clipping_experiment(seed, {}))
        for run in experiment.runs:
            store.write_steps({run.id: [step_metrics(step, 0.7 - step / 100) for step in range(1, 31)]})
            store.write_evaluations(run.id, [Evaluation(30, 1, "validation", 0.5, 0.6 + seed / 10)])
            store.update_run(run.id, steps=30)
        store.set_status(experiment.id, status)
        identifiers.append(experiment.id)
    return ",".join(identifiers)


def test_one_click_starts_one_experiment_a_seed(open_page, lab, monkeypatch):
    submitted = []
    monkeypatch.setattr(
        "sentiment_core.work.executors.local.LocalExecutor.submit",
        lambda self, identifier: submitted.append(identifier),
    )
    page = open_page("labs", lab="clipping", optimizer="sgd", max_norm="0.5", steps="7")
    button(page, "Run 3 seeds").click().run()
    assert not page.exception and not page.error
    experiments = [lab.experiment(identifier) for identifier in submitted]
    assert [item.config.seed for item in experiments] == [1, 2, 3]
    assert {item.config.training.optimizer for item in experiments} == {"sgd"}
    assert {(item.config.training.max_norm, item.config.training.max_steps) for item in experiments} == {(0.5, 7)}
    assert page.query_params["experiments"] == ",".join(submitted)
    assert button(page, "Stop")


def test_it_opens_on_a_recorded_comparison_that_shows_what_clipping_does(open_page):
    page = open_page("labs", lab="clipping")
    assert not page.exception and not page.error
    assert "Recorded: SGD, rate 0.6, by norm 1" in texts(page)
    assert list(page.dataframe[0].value.iloc[:, 0]) == ["no clipping", "by norm", "by value"]
    (chart,) = page.get("plotly_chart")
    assert all(f"seed {seed}" in chart.proto.spec for seed in (1, 2, 3))
    assert button(page, "Run 3 seeds") and "experiments" not in page.query_params


def test_settings_go_into_the_address(open_page):
    page = open_page("labs", lab="clipping", rate="0.02")
    assert page.text_input[0].value == "0.02"
    page.text_input[1].set_value("2.5").run()
    page.selectbox[0].set_value("1").run()
    assert (page.query_params["max_norm"], page.query_params["seeds"]) == ("2.5", "1")
    page.button_group[0].set_value("adam").run()
    assert page.query_params["optimizer"] == "adam" and "rate" not in page.query_params
    assert button(page, "Run 1 seed")
    assert not page.exception and not page.error


def test_a_finished_comparison_shows_curves_advice_and_spread(open_page, lab):
    page = open_page("labs", lab="clipping", experiments=finished_comparison(lab))
    assert not page.exception and not page.error
    (chart,) = page.get("plotly_chart")
    assert all(f"seed {seed}" in chart.proto.spec for seed in (1, 2))
    assert "More than half" in texts(page)
    table = page.dataframe[0].value
    assert list(table.iloc[:, 0]) == ["no clipping", "by norm", "by value"]
    assert table["Validation accuracy"][0] == "0.750 (0.700 to 0.800)"
    button(page, "New comparison").click().run()
    assert button(page, "Run 3 seeds") and "experiments" not in page.query_params


def test_stop_asks_every_seed_that_still_trains(open_page, lab):
    link = finished_comparison(lab, status=Status.QUEUED)
    page = open_page("labs", lab="clipping", experiments=link)
    assert not page.exception
    button(page, "Stop").click().run()
    assert {lab.experiment(name).status for name in link.split(",")} == {Status.STOPPED}
    assert not page.exception and not page.error


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"max_norm": "-1"}, "max_norm"),
        ({"optimizer": "<b>x</b>"}, "optimizer"),
        ({"seeds": "99"}, "seeds"),
        ({"rate": "banana"}, "learning_rate"),
        ({"experiments": "00000000"}, "no experiment"),
    ],
)
def test_a_bad_link_says_what_is_wrong_and_opens_the_default(open_page, query, message):
    page = open_page("labs", lab="clipping", **query)
    assert not page.exception
    assert message in "".join(item.value for item in [*page.warning, *page.error]).replace("\\", "")
    assert button(page, "Run 3 seeds")
    assert not query.keys() & set(page.query_params)


def test_an_experiment_of_something_else_is_refused(open_page, lab, tiny):
    experiment = lab.create_experiment(tiny())
    page = open_page("labs", lab="clipping", experiments=experiment.id)
    assert "does not compare" in page.error[0].value.replace("\\", "")


def test_a_seed_named_twice_counts_once(open_page, lab):
    one = finished_comparison(lab, seeds=1)
    page = open_page("labs", lab="clipping", experiments=f"{one},{one}")
    assert not page.exception and not page.error
    assert list(page.dataframe[0].value["Diverged"]) == ["0 of 1"] * 3


def test_the_caption_counts_the_updates_of_the_link(open_page):
    for seven in ("7", "7.0"):
        assert " 7 updates on demo" in texts(open_page("labs", lab="clipping", steps=seven))
    assert " 240 updates on demo" in texts(open_page("labs", lab="clipping", steps="5000"))


def test_thinning_keeps_the_spikes():
    steps = list(range(1, 10_001))
    values = [1.0] * 10_000
    values[7_777], values[5] = 50.0, math.nan
    x, y = thinned(steps, values)
    assert len(x) <= MOST_POINTS and x == sorted(x)
    assert (7_778, 50.0) in zip(x, y, strict=True)
    assert thinned([1, 2], [math.nan, math.inf]) == ([1, 2], [None, None])
    assert thinned([], []) == ([], [])
