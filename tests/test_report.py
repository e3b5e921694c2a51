"""The report as one file: small, offline, nothing from outside gets into it as markup."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sentiment_core import cli, export
from sentiment_core.config import ExperimentConfig, build
from sentiment_core.errors import ConfigError, NotFoundError
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.report import report
from sentiment_core.report.curves import Line, extremes, figure
from sentiment_core.report.page import LARGEST, MOST_EXPERIMENTS
from sentiment_core.seeds import over_seeds
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Experiment, Store

HOSTILE = "<script>alert(1)</script>'\"><img src=x onerror=alert(2)> & ö"


class Page(HTMLParser):
    """What a browser would make of it: its elements, their attributes and its text."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data: str) -> None:
        self.text += data


def trained(store: Store, config: ExperimentConfig, steps: int = 40) -> Experiment:
    experiment = store.create_experiment(config)
    for place, run in enumerate(experiment.runs):
        rows = [
            StepMetrics(n, 1, math.nan if n == 9 else 0.7 - n / 1000, 0.5, 1e-3, 4.0, 2.0, 0.3, 0.9, 2.0, 900, n * 0.5)
            for n in range(1, steps + 1)
        ]
        store.write_steps({run.id: rows})
        store.write_evaluations(run.id, [Evaluation(steps, 1, "validation", 0.6, 0.7)])
        store.write_balances(run.id, {"validation": Balance(200, 100)})
        store.update_run(run.id, steps=steps, test_accuracy=0.68 + 0.05 * place, error=HOSTILE if place else None)
    store.set_status(experiment.id, Status.FINISHED)
    return store.experiment(experiment.id)


@pytest.fixture
def store(home: Path):
    with Store() as opened:
        yield opened


@pytest.fixture
def twin() -> ExperimentConfig:
    runs = [{"name": HOSTILE[:80]}, {"name": "on", "overrides": {"training.clipping": "norm"}}]
    data = {"source": "csv", "path": "/secret/folder/a.csv"}
    return build(ExperimentConfig, {"name": HOSTILE[:120], "data": data, "runs": runs})


def test_report_has_settings_curves_and_verdicts_and_nothing_that_runs(store: Store, twin: ExperimentConfig) -> None:
    experiment = trained(store, twin)
    content = report(store, [experiment.id])
    page = Page(content)
    assert not {"script", "img", "iframe", "link", "object", "form"} & set(page.tags)
    assert not any(name.startswith("on") or name in ("src", "href") for name, _ in page.attributes)
    assert re.findall(rb"https?://", content) == []
    assert page.tags.count("svg") == 3 and page.tags.count("polyline") >= 4
    assert HOSTILE[:80] in page.text and "/secret" not in page.text and "a.csv" in page.text
    assert "Validation accuracy 0.700" in page.text and "1 step has a loss" in page.text
    assert "Clipping" in page.text and "on: By norm" in page.text
    assert "✕" in page.text and len(content) < LARGEST


def test_seeds_are_grouped_and_judged(store: Store, twin: ExperimentConfig) -> None:
    ids = [trained(store, single, steps=3).id for single in over_seeds(twin, [1, 2, 3, 4, 5])]
    text = Page(report(store, ids)).text
    assert "0.680 ± 0.000 (n = 5)" in text and "real, more accurate" in text


def test_many_long_runs_stay_small(store: Store) -> None:
    runs = [{"name": f"run {n}", "overrides": {"training.learning_rate": 0.01 + n / 1000}} for n in range(12)]
    config = build(ExperimentConfig, {"runs": runs})
    experiment = trained(store, config, steps=3000)
    assert len(report(store, [experiment.id])) < LARGEST


def test_thinning_keeps_the_spike() -> None:
    pairs = [(float(n), 1.0) for n in range(10_000)]
    pairs[4321] = (4321.0, 99.0)
    kept = extremes(pairs, 200)
    assert (4321.0, 99.0) in kept and len(kept) <= 200
    assert figure("nothing", [Line("a", "#000", [1, 2], [math.nan, math.inf])], log=False, most=10) == ""
    validations = figure("accuracy", [Line("a", "#000", [1, 2], [math.nan, 0.5], points=True)], log=False, most=10)
    assert "1 values are not finite" in validations and validations.count("✕") == 2
    assert "✕" in figure("norm", [Line("a", "#000", [1, 2], [0.0, 1.0])], log=True, most=10)


def test_command_line_writes_it(store: Store, twin: ExperimentConfig, tmp_path: Path) -> None:
    experiment = trained(store, twin)
    file = tmp_path / "report.html"
    assert cli.main(["export", experiment.runs[0].id, "--format", "html", "--output", str(file)]) == 0
    assert file.read_text("utf-8").startswith("<!doctype html>")
    form = next(
        a for a in cli.build_parser()._subparsers._group_actions[0].choices["export"]._actions if a.dest == "format"
    )
    assert tuple(form.choices) == export.FORMATS
    with pytest.raises(NotFoundError):
        report(store, ["nothing"])
    with pytest.raises(ConfigError, match="choose fewer"):
        report(store, [f"{n}" for n in range(MOST_EXPERIMENTS + 1)])


def test_settings_are_those_of_the_task_and_axes_begin_at_0(store: Store) -> None:
    content = report(store, [trained(store, ExperimentConfig()).id])
    text = Page(content).text
    assert "Hidden size" in text
    assert "Sequence length" not in text, "nothing that only another task has a use for"
    below = re.findall(r"text-anchor='middle'>([^<]*)<", content.decode())
    assert "0" in below and "0.0" not in below
