"""Where two runs part, which setting is named for it, and in which words."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from sentiment_core.config import ExperimentConfig, RunConfig, build, from_fields
from sentiment_core.findings.twins import differing, in_words, parting
from sentiment_core.presets import vary_clipping
from sentiment_core.setting_words import say
from sentiment_core.settings import CARRIED_OVER
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Store
from sentiment_core.work.training import train_here


def plain(step: int, **changed: float) -> StepMetrics:
    return replace(StepMetrics(step, 1, 0.5, 0.5, 1e-3, 2.0, 2.0, 0.3, 1.0, math.nan, 900, step * 0.1), **changed)


@pytest.fixture
def told(home):
    """`told(steps, steps, overrides)` writes two runs and returns where they part and the sentence about it."""

    def tell(ours: list[StepMetrics], theirs: list[StepMetrics], overrides=None):
        runs = (RunConfig(name="plain"), RunConfig(name="other", overrides=overrides or {}))
        with Store() as store:
            one, other = store.create_experiment(ExperimentConfig(runs=runs)).runs
            store.write_steps({one.id: ours, other.id: theirs})
            found = parting(one, other, store.steps(one.id), store.steps(other.id))
            return found, in_words(found)

    return tell


def cause(found) -> str | None:
    return found.cause and found.cause.field


CLIPPED = {"training.clipping": "norm"}


def test_the_first_clipped_step_is_told_without_saying_when_it_shows(told):
    theirs = [plain(1, grad_norm_clipped=1.0), plain(2), plain(3), plain(4, loss=0.25)]
    found, words = told([plain(n) for n in range(1, 5)], theirs, CLIPPED)
    assert (found.step, found.common_steps, cause(found)) == (4, 4, "training.clipping")
    assert (
        "up to step 3 and part at step 4 (loss 0.5 against 0.25). Cause: clipping, “None” against “By norm”." in words
    )
    assert "Clipping first changed a gradient at step 1, in other: its length from 2 to 1." in words


def test_clipping_that_changed_nothing_is_no_cause(told):
    found, words = told([plain(1), plain(2)], [plain(1), plain(2, loss=0.25)], CLIPPED)
    assert found.step == 2 and cause(found) is None
    assert "cannot be told" in words and "Cause" not in words


def test_runs_part_in_the_norm_where_rounding_hides_it_from_the_loss(told):
    near = math.nextafter(2.0, 3)
    found, words = told([plain(1), plain(2)], [plain(1), plain(2, grad_norm=near)], {"training.optimizer": "sgd"})
    assert (found.step, found.column, cause(found)) == (2, "grad_norm", "training.optimizer")
    assert f"gradient norm 2.0 against {near!r}" in words


def test_a_rate_is_a_cause_only_after_it_differed(told):
    faster = {"training.learning_rate": 0.1}
    found, words = told([plain(1), plain(2)], [plain(1, learning_rate=0.1), plain(2, loss=1.0)], faster)
    assert cause(found) == "training.learning_rate" and "learning rate, 0.002 against 0.1" in words
    found, _ = told([plain(1), plain(2)], [plain(1), plain(2, loss=1.0)], faster)
    assert cause(found) is None
    found, _ = told([plain(1)], [plain(1, learning_rate=0.1, loss=1.0)], faster)
    assert cause(found) is None, "no update has been made before the first loss"


def test_a_rate_changed_while_training_is_named(told):
    theirs = [plain(1), plain(2, learning_rate=0.1), plain(3, loss=1.0)]
    found, words = told([plain(1), plain(2), plain(3)], theirs)
    assert cause(found) == "training.learning_rate" and "0.001 against 0.1" in words


def test_of_several_settings_none_is_named_unless_only_one_can_have_done_it(told):
    parts = [plain(1), plain(2)], [plain(1), plain(2, loss=1.0)]
    found, words = told(*parts, {"training.optimizer": "sgd", "training.weight_decay": 0.1})
    assert cause(found) is None and "optimizer, “Adam” against “SGD”; weight decay, 0 against 0.1" in words
    found, _ = told(*parts, {"training.optimizer": "sgd", "training.early_stopping": 3})
    assert cause(found) == "training.optimizer"


def test_a_norm_that_is_read_after_clipping_is_not_compared(told):
    theirs = [plain(1, grad_norm=1.0, grad_norm_clipped=1.0), plain(2)]
    found, words = told([plain(1), plain(2)], theirs, {"training.mistakes": ("norm_after_clipping",)})
    assert found.step is None and "the same loss, bit for bit" in words and "Norms are not compared" in words


def test_clipping_another_model_is_named_with_the_step_that_was_clipped(told):
    ours = [plain(1, grad_norm_clipped=1.0), plain(2)]
    found, words = told(ours, [plain(1), plain(2, loss=1.0)], {"training.mistakes": ("clip_wrong_model",)})
    assert cause(found) == "training.mistakes" and "changed a gradient at step 1, in plain" in words


@pytest.mark.parametrize("mistake", sorted(CARRIED_OVER))
def test_what_a_run_before_left_is_named_from_the_first_loss_on(told, mistake):
    found, words = told([plain(1)], [plain(1, loss=1.0)], {"training.mistakes": (mistake,)})
    assert cause(found) == "training.mistakes" and f"“none” against “{say('training.mistakes', mistake)}”" in words


def test_twins_that_never_part_and_twins_without_steps(told):
    nan = plain(2, loss=math.nan)
    found, words = told([plain(1), nan, plain(3)], [plain(1), nan], CLIPPED)
    assert (found.step, found.common_steps) == (None, 2)
    assert "at all 2 steps that both made. No gradient was cut." in words
    _, words = told([plain(1)], [plain(1)], {"training.weight_averaging": 0.9})
    assert "(weight averaging, 0 against 0.9) has had no effect" in words
    _, words = told([], [plain(1)])
    assert "no step in common" in words


def test_settings_that_are_not_in_force_do_not_differ():
    one = ExperimentConfig()
    other = one.model_copy(update={"training": one.training.model_copy(update={"max_norm": 3.0, "momentum": 0.5})})
    assert differing(one, other) == ()


@pytest.mark.parametrize(("task", "differ"), [("sentiment", False), ("reviews-in-pieces", True)])
def test_the_rate_of_vectors_is_in_force_where_they_are_trained(task, differ):
    one, other = (from_fields({"task": task, "training.embedding_rate": rate}) for rate in (1.0, 10.0))
    assert bool(differing(one, other)) is differ


# One setting each; what it can and cannot do follows from measurements of real training.
SETTINGS = {
    "data.tokenizer": "whitespace",
    "data.max_tokens": 5,
    "data.embedding_dim": 5,
    "model.cell": "gru",
    "model.hidden_size": 9,
    "model.bidirectional": True,
    "model.pooling": ("mean",),
    "model.state_norm": "layer",
    "model.initialisation": "xavier",
    "model.head_sizes": (4,),
    "model.word_dropout": 0.3,
    "model.freeze_embeddings": False,
    "model.mistakes": ("off_by_one_mask",),
    "training.optimizer": "adamw",
    "training.learning_rate": 0.01,
    "training.weight_decay": 0.5,
    "training.schedule": "cosine",
    "training.max_norm": 0.01,
    "training.clipping": "none",
    "training.precision": "bf16",
    "training.early_stopping": 1,
    "training.weight_averaging": 0.9,
}


@pytest.mark.parametrize("fields", [list(SETTINGS)[:11], list(SETTINGS)[11:]], ids=["first", "second"])
def test_the_cause_of_a_single_difference_is_that_setting_or_none(home, tiny, fields):
    base = tiny({"training.clipping": "norm", "training.max_norm": 0.05, "training.max_steps": 6})
    runs = [RunConfig(name="base"), *(RunConfig(name=name, overrides={name: SETTINGS[name]}) for name in fields)]
    config = build(ExperimentConfig, {**base.model_dump(exclude={"runs"}), "runs": [run.model_dump() for run in runs]})
    with Store() as store:
        first, *others = train_here(store, config, lambda progress: None).runs
        ours = store.steps(first.id)
        for run in others:
            found = parting(first, run, ours, store.steps(run.id))
            assert [item.field for item in found.differences] == [run.name]
            never = run.name in {"training.early_stopping", "training.weight_averaging"}
            assert (found.step is None) is never or run.name == "training.optimizer"
            # AdamW without weight decay is Adam; everything else that parted has its one setting for a cause.
            assert cause(found) == (None if found.step is None else run.name), in_words(found)


def test_a_huge_threshold_never_parts_real_twins(home, tiny):
    with Store() as store:
        for threshold, parts in ((1e9, False), (0.05, True)):
            config = vary_clipping(tiny({"training.max_norm": threshold, "training.epochs": 1}))
            runs = train_here(store, config, lambda progress: None).runs
            found = parting(*runs, *(store.steps(run.id) for run in runs))
            assert (found.step is not None) is parts
    # Rounding may hide the first clipped update from the next loss, but not for ever.
    assert found.cut is not None and 1 <= found.cut.step < found.step
    assert cause(found) == "training.clipping"


@pytest.mark.parametrize("clipping", ["norm", "value"])
def test_a_threshold_beyond_every_gradient_is_said_to_have_cut_nothing(home, tiny, clipping):
    field = "training.max_norm" if clipping == "norm" else "training.clip_value"
    runs = [RunConfig(name="off"), RunConfig(name="on", overrides={"training.clipping": clipping, field: 1e9})]
    base = tiny({"training.max_steps": 4}).model_dump(exclude={"runs"})
    config = build(ExperimentConfig, {**base, "runs": [run.model_dump() for run in runs]})
    with Store() as store:
        made = train_here(store, config, lambda progress: None).runs
        found = parting(*made, *(store.steps(run.id) for run in made))
    assert in_words(found).endswith("No gradient was cut.")
