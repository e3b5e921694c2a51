"""The table of what lessons show at their defaults: of every lesson, measured with its present settings."""

from __future__ import annotations

import re

import pytest

from benchmarks import lessons as measured
from docs.lessons import PAGE, Told, as_markdown, digest_of, experiment_of, measured_lessons
from sentiment_core.lessons import BERT_LESSONS, LESSONS, lesson
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Store

ROWS = [re.split(r"\s*\|\s*", line)[1:-1] for line in PAGE.read_text(encoding="utf-8").splitlines()[6:]]
SEEDS = (1, 2, 3)


def test_every_lesson_is_in_the_table_with_its_present_settings():
    assert {item.name for item in measured_lessons()} == {i.name for i in (*LESSONS, *BERT_LESSONS) if i.preset}
    assert [(row[0], row[-1]) for row in ROWS] == [(item.name, digest_of(item)) for item in measured_lessons()], (
        "run `python -m benchmarks.lessons`"
    )


@pytest.mark.parametrize("item", measured_lessons(), ids=lambda item: item.name)
def test_what_a_lesson_teaches_is_one_of_its_choices_and_what_was_measured(item):
    assert item.teaches in item.choices
    row = next(row for row in ROWS if row[0] == item.name)
    assert row[1] == f"{item.question} {item.teaches}"
    measured = [cell for cell in row[2 : 2 + len(SEEDS)] if cell != "not measured"]
    assert all(cell.startswith(f"{item.teaches} (") for cell in measured)
    assert row[-2] == ("yes" if len(measured) == len(SEEDS) else "not measured")
    assert measured or item in BERT_LESSONS, "a rung is never left unmeasured"


def test_a_row_says_yes_only_where_every_seed_says_what_the_lesson_teaches():
    item = lesson("relu")

    def row(*choices):
        told = dict(zip(SEEDS, choices, strict=True))
        text = as_markdown(SEEDS, lambda one, seed: Told(told[seed], [0.6, None]) if one is item else None)
        return next(line for line in text.splitlines() if line.startswith("| relu"))

    assert f"| {item.teaches} (0.600, none) |" in row(item.teaches, item.teaches, item.teaches)
    assert "| yes |" in row(item.teaches, item.teaches, item.teaches)
    assert "| no |" in row(item.teaches, item.choices[0], item.teaches)
    assert "| no |" in row(item.teaches, None, item.teaches) and "cannot be told" in row(item.teaches, None, None)
    assert "not measured" in as_markdown(SEEDS, lambda one, seed: None)


def test_runs_that_were_trained_alone_are_judged_side_by_side(home):
    item = lesson("relu")
    config = experiment_of(item, 2)
    with Store() as store:
        runs = {}
        for place, run in enumerate(config.runs):
            alone = store.create_experiment(config.resolve(run))
            (made,) = alone.runs
            for step in range(1, 11):
                metrics = StepMetrics(step, 1, 0.7, 0.5, 1e-3, 0.5, 0.5, 0.1, 1.0, 1.0, 300, 0.1 + place)
                store.write_steps({made.id: [metrics]})
            store.write_evaluations(made.id, [Evaluation(10, 1, "validation", 0.5, 0.5 + place / 4)])
            store.write_balances(made.id, {"validation": Balance(640, 320)})
            store.update_run(made.id, validation_accuracy=0.5 + place / 4)
            store.set_status(alone.id, Status.FINISHED)
            if not place:
                assert measured.told(store, item, 2, {}) is None
            runs[measured.ladder.what_is_trained(config.resolve(run))] = store.experiment(alone.id).runs[0]
        assert measured.told(store, item, 2, runs) == Told("Clearly more accurate", [0.5, 0.75])
