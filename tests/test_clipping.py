"""A clipping rule is one module: registered, it is there for trainer, command line, route, form, lab and live."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentiment_core import cli
from sentiment_core.cli import runs
from sentiment_core.clipping import RULES, ClippingRule
from sentiment_core.config import FIELDS, ExperimentConfig, RunConfig, from_fields, from_query, to_query, with_runs
from sentiment_core.errors import ConfigError
from sentiment_core.findings.clipping_over_seeds import clipping_experiment
from sentiment_core.presets import vary_clipping
from sentiment_core.setting_words import say
from sentiment_core.store import Request, Store, rows_of
from sentiment_core.training.memory import memory_need
from sentiment_core.work.reporting import Reporter
from tests.app_page import open_app
from tests.conftest import TINY
from ui.server.experiment_json import describe


def halve(parameters: Any, norm: Any, threshold: float) -> None:
    """Halve every gradient as often as the threshold says."""
    for parameter in parameters:
        parameter.grad.mul_(0.5**threshold)


@pytest.fixture
def halving(monkeypatch: pytest.MonkeyPatch) -> ClippingRule:
    rule = ClippingRule("half", "By halves", "by halves", "halved", threshold="max_norm", limits="size", clip=halve)
    monkeypatch.setitem(RULES, rule.name, rule)
    return rule


def test_every_rule_names_a_threshold_with_a_range_and_none_has_none() -> None:
    for name, rule in RULES.items():
        assert rule.name == name and rule.label and rule.phrase and rule.effect
        assert (rule.clip is None) == (rule.field is None) == (name == "none")
        if rule.field:
            assert FIELDS[rule.field].title and rule.limits
            assert from_fields({"training.clipping": name, rule.field: 7.5}).training.threshold == 7.5
    assert from_fields({}).training.threshold is None


def test_a_new_rule_trains_and_is_offered_everywhere(
    halving: ClippingRule, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    fields = {**TINY, "training.clipping": "half", "training.max_norm": 3}
    settings = [f"--set={name}={value}" for name, value in fields.items()]
    assert cli.main(["train", *settings, "--vary", "clipping", "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["name"] for run in runs] == ["no clipping", "clip by halves 3"]
    with Store() as store:
        told = describe(store, store.experiment(store.run(runs[0]["run_id"]).experiment_id), {})
        assert [run["clipping"] for run in told["runs"]] == ["none", "half"]
        assert all("threshold" in run["undrawn"] for run in told["runs"]), "no length to draw beside the norm"
        assert "grad_norm_clipped" not in told["runs"][1]["undrawn"]
        for row in rows_of(store, runs[1]["run_id"]):
            assert row["grad_norm_clipped"] == pytest.approx(row["grad_norm"] / 8) and row["threshold"] == 3
    assert say("training.clipping", "half") == "By halves"
    assert [run.name for run in clipping_experiment(1, {}).runs][-1] == "by halves"
    page = open_app("train", **to_query(from_fields({"training.clipping": "half"})))
    assert not page.exception and not page.error
    (rule,) = [item for item in page.selectbox if item.label == "Clipping"]
    assert rule.value == "half" and rule.options == ["None", "By norm", "By value", "By halves"]
    assert [item for item in page.text_input if item.label == "Largest norm"]
    (compare,) = [item for item in page.selectbox if item.label == "Compare with"]
    assert "Clipping by halves" in compare.options


def test_a_rule_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"training\.clipping: allowed: none, norm, value \(got 'half'\)"):
        from_fields({"training.clipping": "half"})


@pytest.mark.parametrize("name", RULES)
def test_command_line_and_page_make_the_same_twins(name: str) -> None:
    fields = {"training.clipping": name, "training.max_norm": 0.25, "training.clip_value": 0.125}
    options = cli.build_parser().parse_args(
        ["train", "--vary", "clipping", *(f"--set={field}={value}" for field, value in fields.items())]
    )
    (asked,) = runs.build_configs(options)
    page = open_app("train", **to_query(from_fields(fields)))
    (compare,) = [item for item in page.selectbox if item.label == "Compare with"]
    compare.set_value("clipping").run()
    assert not page.exception and not page.error
    assert from_query(page.query_params).model_copy(update={"name": asked.name}) == asked
    rules = [asked.resolve(run).training.clipping for run in asked.runs]
    assert rules == ["none", "norm" if name == "none" else name]


def test_each_run_keeps_its_own_rule_beside_its_unclipped_twin() -> None:
    runs = (
        RunConfig(name="a", overrides={"training.clipping": "value", "training.clip_value": 0.5}),
        RunConfig(name="b", overrides={"training.learning_rate": 0.5}),
    )
    twins = vary_clipping(with_runs(from_fields({"training.max_norm": 2.0}), runs))
    assert [run.name for run in twins.runs] == [
        "a, no clipping",
        "a, clip by value 0.5",
        "b, no clipping",
        "b, clip by norm 2",
    ]
    assert [twins.resolve(run).training.learning_rate for run in twins.runs][2:] == [0.5, 0.5]


def test_only_a_rule_that_turns_keeps_a_second_gradient() -> None:
    sizes = {
        name: memory_need(from_fields({"training.clipping": name, "training.optimizer": "sgd"})).parameters
        for name in RULES
    }
    assert sizes["none"] == sizes["norm"] < sizes["value"]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> ClippingRule:
    """A rule whose threshold is a share: what is right for a norm is not right for it."""
    rule = ClippingRule(
        "share", "By share", "by share", "kept in part", threshold="momentum", limits="share", clip=halve
    )
    monkeypatch.setitem(RULES, rule.name, rule)
    return rule


def test_a_live_threshold_has_the_range_of_the_rule_in_force(
    narrow: ClippingRule, tiny: Callable[..., ExperimentConfig], caplog: pytest.LogCaptureFixture
) -> None:
    runs = [RunConfig(name=name, overrides={"training.clipping": name}) for name in ("none", "norm", "share")]
    with Store() as store:
        experiment = store.create_experiment(with_runs(tiny(), runs))
        none, norm, share = (run.id for run in experiment.runs)
        store.request(experiment.id, "threshold", 5.0, norm)
        store.request(experiment.id, "threshold", 0.5)
        with pytest.raises(ConfigError, match=r"training\.momentum: allowed: a number ≥ 0 and < 1 \(got '5\.0'\)"):
            store.request(experiment.id, "threshold", 5.0, share)
        with pytest.raises(ConfigError, match=r"training\.momentum"):
            store.request(experiment.id, "threshold", 5.0)
        with pytest.raises(ConfigError, match=r"training\.max_norm: allowed: a number > 0"):
            store.request(experiment.id, "threshold", 0.0)
        with pytest.raises(ConfigError, match="not clipped here"):
            store.request(experiment.id, "threshold", 0.5, none)

        # Whatever lies in the store: the worker looks once more.
        reporter = Reporter(store, experiment.id, lambda: False, lambda trainer: None)
        trainer = FakeTrainer(experiment.runs)
        for value in (5.0, math.nan, -1.0, None):
            reporter._requests = lambda value=value: [Request(1, "threshold", value, None)]  # type: ignore[method-assign]
            reporter._obey(trainer)  # type: ignore[arg-type]
            assert [run.threshold for run in trainer.runs] == ["untouched"] * 3
        assert caplog.text.count("refused: training.") == 4 and "a number ≥ 0 and < 1" in caplog.text
        reporter._requests = lambda: [Request(2, "threshold", 0.25, None)]  # type: ignore[method-assign]
        reporter._obey(trainer)  # type: ignore[arg-type]
        assert [run.threshold for run in trainer.runs] == ["untouched", 0.25, 0.25]


class FakeTrainer:
    """As much of a trainer as requests are about."""

    should_stop = False

    def __init__(self, runs: Any) -> None:
        self.runs = [FakeRun(run.id, run.config) for run in runs]


class FakeRun:
    learning_rate: Any = "untouched"
    threshold: Any = "untouched"

    def __init__(self, identifier: str, config: ExperimentConfig) -> None:
        self.id, self.experiment = identifier, config

    def change(self, kind: str, value: float) -> None:
        setattr(self, kind, value)
