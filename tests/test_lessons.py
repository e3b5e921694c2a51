"""Every lesson runs, shows the code that runs, and counts the notebook's parameters."""

from __future__ import annotations

import importlib
import inspect
import math
import textwrap

import pytest
import torch

from sentiment_core.clipping import NORM
from sentiment_core.config import ExperimentConfig, choices, from_fields, from_query, to_query
from sentiment_core.errors import ConfigError, NotFoundError
from sentiment_core.findings.twins import Parting
from sentiment_core.findings.verdict import Comparison, Interval, RunVerdict, Spike, Verdict
from sentiment_core.lessons import (
    LESSONS,
    MISTAKES,
    changed_fields,
    excerpt,
    experiment_for,
    full_experiment_for,
    lesson,
    measured_choice,
    mistake,
)
from sentiment_core.models import build_model, parameter_count
from sentiment_core.presets import NOTEBOOK_DIM

RUNNABLE = [item for item in LESSONS if item.preset]
NAMES = [item.name for item in RUNNABLE]
TABLE = {1: 42_441, 2: 29_569, 3: 29_569, 4: 29_569, 5: 29_569, 6: 29_569, 7: 29_569, 8: 37_761, 9: 37_761, 10: 37_761}


def test_links_are_stable_and_in_the_order_of_the_notebook():
    # Links have been handed out: names may be added, never changed.
    assert [(item.rung, item.name) for item in LESSONS] == [
        (1, "padded-last-state"),
        (2, "last-state"),
        (3, "gradient-norm"),
        (4, "clip-norm"),
        (4, "clip-value"),
        (5, "initialisation"),
        (6, "batch-norm"),
        (7, "relu"),
        (8, "deep-head"),
        (9, "learning-rates"),
        (10, "attention"),
        (None, "reference"),
    ]
    assert all(lesson(item.name) is item for item in LESSONS)


def test_an_unknown_lesson_names_those_there_are():
    with pytest.raises(NotFoundError, match="clip-norm"):
        lesson("clip-banana")


@pytest.mark.parametrize("name", [item.name for item in LESSONS])
def test_every_lesson_is_whole(name):
    item = lesson(name)
    assert item.title and item.summary and item.idea and item.formula and item.notebook and item.look_for
    assert item.formula.count("{") == item.formula.count("}")
    if item.preset:
        assert item.question and item.explanation and item.code
        assert len(set(item.choices)) == len(item.choices) == {"learned": 2, "best": 4}.get(item.measure, 3)


@pytest.mark.parametrize("name", NAMES)
def test_the_code_shown_is_the_code_that_runs(name):
    for reference in lesson(name).code:
        module, _, path = reference.partition("@")[0].partition(":")
        target = importlib.import_module(module)
        for part in path.split("."):
            target = getattr(target, part)
        source = textwrap.dedent(inspect.getsource(target)).strip()
        shown = excerpt(reference).text.strip()
        assert shown == source if "@" not in reference else textwrap.indent(shown, "    ") in source


@pytest.mark.parametrize(
    "reference",
    [
        "os:path",
        "sentiment_core.nothing:here",
        "sentiment_core.batches:no",
        "sentiment_core.batches",
        "sentiment_core.batches:collate@nothing",
    ],
)
def test_code_that_is_not_there_is_named(reference):
    with pytest.raises(NotFoundError):
        excerpt(reference)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [experiment_for, full_experiment_for])
def test_the_rung_runs_beside_the_one_before_it_with_the_tables_parameters(name, make):
    item = lesson(name)
    config = make(item)
    runs = [config.resolve(run) for run in config.runs]
    assert len(runs) == (1 if item.compared_with is None else 4 if item.rung == 9 else 2)
    matrix = torch.zeros(5, NOTEBOOK_DIM)
    counts = [parameter_count(build_model(run.model, matrix, 1, torch.device("cpu"))) for run in runs]
    before = {2: 42_441, 8: 29_569}.get(item.rung, TABLE[item.rung])
    assert counts[-1] == TABLE[item.rung]
    assert counts[0] == (before if item.compared_with else TABLE[item.rung])
    assert config.data.batching == ("random" if item.rung <= 2 else "bucketed")
    assert from_query(to_query(config)) == config


def test_what_the_runs_differ_in_is_the_rung_alone():
    differing = {name: set(experiment_for(lesson(name)).runs[-1].overrides) for name in NAMES}
    assert differing == {
        "padded-last-state": set(),
        "last-state": {"model.pooling", "model.head_sizes"},
        "gradient-norm": set(),
        "clip-norm": {"training.clipping"},
        "clip-value": {"training.clipping"},
        "initialisation": {"model.initialisation"},
        "batch-norm": {"model.input_norm", "model.state_norm"},
        "relu": {"model.head_activation"},
        "deep-head": {"model.head_sizes"},
        "learning-rates": {"training.learning_rate"},
        "attention": {"model.pooling", "model.input_norm", "model.state_norm"},
    }


def test_the_full_setting_is_the_notebooks():
    config = full_experiment_for(lesson("clip-norm"))
    assert (config.data.source, config.data.embeddings, config.data.tokenizer) == ("imdb", "glove-100", "whitespace")
    assert (config.training.batch_size, config.training.learning_rate) == (128, 1e-3)
    assert full_experiment_for(lesson("attention")).training.epochs == 10
    assert full_experiment_for(lesson("learning-rates")).training.epochs == 1


def test_a_link_may_change_settings_of_all_runs():
    changes = changed_fields({"seed": "7", "training.max_steps": "5"})
    config = experiment_for(lesson("relu"), changes)
    assert (config.seed, config.training.max_steps) == (7, 5)
    assert config.runs == experiment_for(lesson("relu")).runs


@pytest.mark.parametrize(
    "query",
    [{"no.such": "1"}, {"runs": "[]"}, {"data.path": "/etc/passwd"}, {"data.source": "csv"}, {"name": "x"}],
)
def test_a_link_may_not_change_what_the_lesson_is(query):
    with pytest.raises(ConfigError, match="cannot change"):
        changed_fields(query)


def test_a_link_with_a_bad_value_is_refused():
    with pytest.raises(ConfigError, match="epochs"):
        experiment_for(lesson("relu"), {"training.epochs": "-1"})


def test_the_reference_trains_nothing():
    with pytest.raises(NotFoundError):
        experiment_for(lesson("reference"))


def run(accuracy=0.6, learned=True, clipped=None, cosine=None, times=1.0) -> RunVerdict:
    spike = Spike(3, 1.0, times, 0.7, 0.7, 0.7)
    return RunVerdict(
        run_id="a-1",
        name="a",
        steps=9,
        accuracy=accuracy,
        balance=None,
        interval=Interval(0.5, 0.7),
        learned=learned,
        clipped_share=clipped,
        clipping=NORM,
        norm_hidden=False,
        usual_norm=1.0,
        threshold=1.0,
        cosine=cosine,
        spike=spike,
        long_gradients=None,
        spread=0.1,
        spread_steps=4,
        non_finite=0,
        first_non_finite=None,
        diverged=None,
    )


def against(low, high) -> Comparison:
    return Comparison("a", "b", Parting("a", "b", 9, ("loss",), ()), (low + high) / 2, Interval(low, high))


@pytest.mark.parametrize(
    ("name", "runs", "comparisons", "expected"),
    [
        ("padded-last-state", [run(learned=False)], [], 0),
        ("padded-last-state", [run(learned=True)], [], 1),
        ("padded-last-state", [run(learned=None)], [], None),
        ("relu", [run(), run()], [against(0.01, 0.1)], 0),
        ("relu", [run(), run()], [against(-0.01, 0.1)], 1),
        ("relu", [run(), run()], [against(-0.1, -0.01)], 2),
        ("relu", [run(), run()], [], None),
        ("clip-norm", [run(), run()], [against(0.01, 0.1)], 0),
        ("clip-norm", [run(), run()], [against(-0.01, 0.1)], 1),
        ("gradient-norm", [run(times=2.0)], [], 0),
        ("gradient-norm", [run(times=11.0)], [], 2),
        ("clip-value", [run(), run(cosine=0.995)], [], 0),
        ("clip-value", [run(), run(cosine=0.95)], [], 1),
        ("clip-value", [run(), run(cosine=0.5)], [], 2),
        ("learning-rates", [run(0.6), run(0.5), run(0.8), run(None)], [], 2),
        ("learning-rates", [run(None)] * 4, [], None),
        ("learning-rates", [run(math.nan), run(0.5), run(0.4), run(math.nan)], [], 1),
    ],
)
def test_the_choice_that_came_true_follows_from_the_measurements(name, runs, comparisons, expected):
    item = lesson(name)
    found = measured_choice(item, Verdict(tuple(runs), tuple(comparisons), ()))
    assert found == (None if expected is None else item.choices[expected])


def test_choices_of_the_sweep_are_its_runs():
    config: ExperimentConfig = experiment_for(lesson("learning-rates"))
    rates = [config.resolve(item).training.learning_rate for item in config.runs]
    assert [float(choice) for choice in lesson("learning-rates").choices] == rates


def test_every_mistake_belongs_to_a_lesson_and_shows_its_own_source():
    offered = {item.name for item in MISTAKES}
    assert offered == {*choices("model.mistakes"), *choices("training.mistakes")}
    for item in MISTAKES:
        assert item.what and item.look_for and item.lessons
        assert all(lesson(name).preset for name in item.lessons)
        assert ".mistakes:" in item.code[0]


def test_no_lesson_names_code_that_is_gone():
    for item in (*LESSONS, *MISTAKES):
        assert all(excerpt(reference).text for reference in item.code), item.name


@pytest.mark.parametrize(
    ("name", "item"), [(name, item) for item in MISTAKES for name in item.lessons], ids=lambda part: str(part)[:20]
)
def test_a_mistake_runs_beside_the_correct_path(name, item):
    config = experiment_for(lesson(name), {"seed": "7"}, item)
    assert config.seed == 7 and from_query(to_query(config)) == config
    runs = [config.resolve(run) for run in config.runs]
    wrong = [run for run in runs if run.model.mistakes or run.training.mistakes]
    assert wrong == [runs[-1]]
    assert runs[-1].model.mistakes + runs[-1].training.mistakes == (item.name,)
    assert not (runs[0].model.mistakes or runs[0].training.mistakes)
    # The mistake is all that tells the last run from the first.
    same = {"model.mistakes": (), "training.mistakes": ()}
    assert from_fields({**same, "name": "x"}, runs[-1]).model == from_fields({**same, "name": "x"}, runs[0]).model
    assert from_fields(same, runs[-1]).training == runs[0].training
    matrix = torch.zeros(5, NOTEBOOK_DIM)
    for run in runs:
        build_model(run.model, matrix, 1, torch.device("cpu"))


@pytest.mark.parametrize("name", NAMES)
def test_no_lesson_has_a_mistake_on_by_itself(name):
    for config in (experiment_for(lesson(name)), full_experiment_for(lesson(name))):
        for item in config.runs:
            found = config.resolve(item)
            assert found.model.mistakes == found.training.mistakes == ()


def test_a_mistake_of_another_lesson_is_refused_by_name():
    assert mistake("off_by_one_mask", "attention").lessons == ("attention",)
    with pytest.raises(NotFoundError, match="choose one of norm_per_call"):
        mistake("off_by_one_mask", "batch-norm")
    with pytest.raises(NotFoundError, match="has none"):
        mistake("off_by_one_mask", "relu")


@pytest.mark.parametrize("name", [item.name for item in LESSONS if item.variations])
def test_variations_are_links_that_a_lesson_can_open(name):
    for item in lesson(name).variations:
        changes = changed_fields({field: str(value) for field, value in item.fields.items()})
        changed = experiment_for(lesson(name), changes)
        assert changed.runs == experiment_for(lesson(name)).runs
        assert changed != experiment_for(lesson(name))
