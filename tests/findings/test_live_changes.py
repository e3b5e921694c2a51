"""What is changed while a run trains leaves a mark, in the store, its table and the verdict."""

from __future__ import annotations

import pytest

from sentiment_core.config import from_fields
from sentiment_core.findings.live_changes import Change, asked, changes, in_force
from sentiment_core.findings.verdict import judge
from sentiment_core.presets import vary_clipping
from sentiment_core.steps.quantities import Diagnostic, StepMetrics
from sentiment_core.store import Request
from sentiment_core.store.source import table


def written(store, marks, rates=(0.1, 0.1, 0.4, 0.4)):
    """Return a twin's clipped run that trained with `rates`, with what was measured of changes."""
    fields = {"training.learning_rate": 0.1, "training.clipping": "norm", "training.max_norm": 1.0}
    experiment = store.create_experiment(vary_clipping(from_fields(fields)))
    run = experiment.runs[1]
    steps = [StepMetrics(n, 1, 0.7, 0.6, rate, 2.0, 1.0, 0.1, 1.0, 1.0, 300, 0.1) for n, rate in enumerate(rates, 1)]
    store.write_steps({run.id: steps}, [Diagnostic(run.id, step, name, value) for step, name, value in marks])
    return experiment, run


def test_a_change_is_found_at_its_step_with_both_values(store):
    experiment, run = written(store, [(3, "changed_learning_rate", 0.4)])
    assert changes(store, run) == (Change("learning_rate", 3, 0.1, 0.4),)
    assert changes(store, run)[0].words == "rate 0.1 → 0.4"
    assert changes(store, experiment.runs[0]) == ()
    said = [finding for finding in judge(store, experiment.id).findings if finding.topic == "changed"]
    assert [(item.run, item.text) for item in said] == [
        ("clip by norm 1", "Changed while it trained: rate 0.1 → 0.4 at step 3.")
    ]
    assert table(store, run.id)["changed_learning_rate"] == [None, None, pytest.approx(0.4), None]


def test_a_change_before_the_first_step_is_one_of_the_configured_value(store):
    _, run = written(store, [(1, "changed_learning_rate", 0.3)], rates=(0.3, 0.3))
    assert changes(store, run) == (Change("learning_rate", 1, 0.1, 0.3),)


def test_what_an_interrupted_run_did_not_keep_is_no_change(store):
    _, run = written(store, [(3, "changed_learning_rate", 0.4)], rates=(0.1, 0.1, 0.1, 0.1))
    assert changes(store, run) == ()


def test_what_is_asked_is_said_with_the_values_in_force(store):
    experiment, one = written(store, [])
    store.update_run(one.id, steps=4)
    experiment = store.experiment(experiment.id)
    other, one = experiment.runs
    said = asked(
        store,
        experiment,
        [
            Request(1, "pause", None, None),
            Request(2, "step", None, None),
            Request(3, "step", None, None),
            Request(4, "learning_rate", 0.9, one.id),
            Request(5, "learning_rate", 0.3, None),
            Request(8, "learning_rate", 0.8, one.id),
            Request(9, "learning_rate", 0.2, one.id),
            Request(6, "threshold", 0.5, None),
            Request(7, "pause", None, None),
        ],
    )
    assert said == [
        "Pausing …",
        "Making 2 updates …",
        "rate → 0.3 at the next update …",  # the other run has made no update, and still has what it was given
        "clip by norm 1: rate 0.4 → 0.2 at the next update …",
        "threshold 1 → 0.5 at the next update …",
    ]
    assert (in_force(store, other, "learning_rate"), in_force(store, one, "threshold")) == (0.1, 1.0)
    assert asked(store, experiment, []) == []
