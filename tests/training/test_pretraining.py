"""The pre-training task through the trainer: what is measured, what is learned, twins, resuming, and a saved model."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sentiment_core import cli
from sentiment_core.config import ExperimentConfig, RunConfig, build, from_fields
from sentiment_core.datasets import TRAIN, VALIDATION, load_reviews
from sentiment_core.errors import ConfigError, DataError
from sentiment_core.metrics import Status
from sentiment_core.progress import silent
from sentiment_core.store import Store, table
from sentiment_core.training.checkpoints import load_checkpoint
from sentiment_core.training.pretraining import PretrainingTask
from sentiment_core.work.training import train_here
from tests.training.saving import KilledAt, SaveAt

FIELDS = {
    "task": "masked-words",
    "device": "cpu",
    "data.limit": 60,
    "data.vocabulary_size": 600,
    "data.pair_tokens": 32,
    "model.hidden_size": 16,
    "model.heads": 2,
    "model.feed_forward_size": 32,
    "training.batch_size": 32,
    "training.epochs": 2,
    "training.learning_rate": 1e-2,
    "training.clipping": "norm",
}


def configured(fields: dict[str, Any] | None = None, **runs: dict[str, Any]) -> ExperimentConfig:
    tree = from_fields({**FIELDS, **(fields or {})}).model_dump()
    if runs:
        tree["runs"] = [RunConfig(name=name, overrides=overrides) for name, overrides in runs.items()]
    return build(ExperimentConfig, tree)


def prepared(config: ExperimentConfig, folder: Path) -> list[Any]:
    return PretrainingTask().prepare(config, torch.device("cpu"), folder, silent)


def test_both_losses_are_measured_beside_what_guessing_reaches(home: Path) -> None:
    with Store() as store:
        experiment = train_here(store, configured({"training.epochs": 5}), lambda progress: None)
        assert experiment.status is Status.FINISHED, experiment.error
        rows = table(store, experiment.runs[0].id)
        np.testing.assert_allclose(rows["pair_guess"], math.log(2), rtol=1e-6)
        assert set(rows["pair_chance"]) == {0.5}
        assert len(set(rows["word_guess"])) == 1 and 0 < rows["word_chance"][0] < 0.2
        np.testing.assert_allclose(rows["loss"], np.add(rows["word_loss"], rows["pair_loss"]), rtol=1e-5)
        # It begins where guessing ends, of which it has to learn nothing: among all pieces alike it would be ln 600.
        assert rows["word_loss"][0] == pytest.approx(rows["word_guess"][0], abs=0.4) != pytest.approx(math.log(600))
        assert np.mean(rows["word_loss"][-10:]) == pytest.approx(rows["word_guess"][0], abs=0.2)
        assert [value is not None for value in rows["validation_word_loss"]].count(True) == 5
        assert rows["test_pair_accuracy"][-1] is not None
        ended = store.evaluations(experiment.runs[0].id)
        assert [item.part for item in ended] == ["validation"] * 5 + ["test"] and ended[-1].accuracy > 0


def test_twins_of_another_masking_read_the_same_pairs_and_start_alike(train: Any, tmp_path: Path) -> None:
    config = configured(
        {"training.max_steps": 2},
        one={},
        same={},
        more={"training.mask_share": 0.4},
        alone={"training.next_sentence": False},
        left={"model.direction": "left"},
    )
    data = prepared(config, tmp_path)
    assert data[0] is data[1] is data[4] and data[0].token_ids is data[2].token_ids
    record = train(config, corpora=data)
    assert record.steps["one"] == record.steps["same"]
    assert [step.tokens for step in record.steps["more"]] == [step.tokens for step in record.steps["one"]]
    assert record.steps["alone"][0].loss == pytest.approx(record.steps["one"][0].loss - math.log(2), abs=0.05)
    assert record.steps["left"][0].loss != record.steps["one"][0].loss


def test_resumed_in_the_middle_of_an_epoch_it_ends_at_the_same_bits(train: Any, tmp_path: Path) -> None:
    config = configured({"model.state_dropout": 0.1})
    data = prepared(config, tmp_path)
    whole = train(config, corpora=data)
    begun = train(config, SaveAt(5, tmp_path / "state.pt"), corpora=data)
    rest = train(config, corpora=data, state=load_checkpoint(tmp_path / "state.pt"))
    assert begun.steps["run"] + rest.steps["run"] == whole.steps["run"] and len(begun.steps["run"]) == 5
    assert begun.evaluations["run"] + rest.evaluations["run"] == whole.evaluations["run"]
    for name, value in whole.weights("run").items():
        assert torch.equal(value, rest.weights("run")[name])


def test_what_a_resumed_training_still_owes_is_measured_at_its_own_step(train: Any, tmp_path: Path) -> None:
    config = configured()
    data = prepared(config, tmp_path)
    whole = train(config, corpora=data)
    ends = [item.step for item in whole.evaluations["run"] if item.part == "validation"]
    # Before the first epoch was evaluated, and before the last one was, with the test behind it.
    for end in ends:
        with pytest.raises(KeyboardInterrupt):
            train(config, KilledAt(end, tmp_path / "state.pt"), corpora=data)
        rest = train(config, corpora=data, state=load_checkpoint(tmp_path / "state.pt"))
        found = [*rest.diagnostics["run"], *rest.trainer.runs[0].drain().diagnostics]
        at = {
            name: [item.step for item in found if item.quantity == name]
            for name in ("validation_word_loss", "test_word_loss")
        }
        assert at == {"validation_word_loss": [step for step in ends if step >= end], "test_word_loss": ends[-1:]}


def test_epochs_differ_in_pairs_and_masks_and_evaluations_do_not(tmp_path: Path) -> None:
    config, task = configured(), PretrainingTask()
    (data,) = prepared(config, tmp_path)
    members = task.members([data])
    plans = [np.concatenate(task.plan_epoch(config, data, members, epoch)) for epoch in (1, 1, 2)]
    assert np.array_equal(plans[0], plans[1]) and not np.array_equal(plans[0], plans[2])
    assert sorted(plans[0][:, 0]) == sorted(plans[2][:, 0]) == members.tolist()
    first, second = (task.plan_evaluation(data, "validation") for _ in range(2))
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))


def test_without_positions_shuffled_words_are_as_good_and_with_them_not(train: Any, tmp_path: Path) -> None:
    runs = {
        f"{positions} {'shuffled' if shuffled else 'plain'}": {
            "model.positions": positions,
            "training.shuffle_words": shuffled,
        }
        for positions in ("none", "learned")
        for shuffled in (False, True)
    }
    config = configured({"training.max_steps": 1}, **runs)
    losses = {name: steps[0].loss for name, steps in train(config, corpora=prepared(config, tmp_path)).steps.items()}
    assert losses["none plain"] == pytest.approx(losses["none shuffled"], abs=1e-5)
    assert abs(losses["learned plain"] - losses["learned shuffled"]) > 1e-4


def test_what_cannot_be_is_said_before_training(tiny: Callable[..., ExperimentConfig]) -> None:
    with pytest.raises(ConfigError, match="heads"):
        configured({"model.hidden_size": 10, "model.heads": 4})
    with pytest.raises(ConfigError, match="together at most 1"):
        configured({"training.masked_share": 0.8, "training.replaced_share": 0.3})
    assert tiny({"model.hidden_size": 10, "model.heads": 4}).model.hidden_size == 10


def test_a_part_too_small_to_pair_says_so(tmp_path: Path) -> None:
    config = configured()
    (data,) = prepared(config, tmp_path)
    one = np.flatnonzero(data.reviews == data.reviews[0])
    with pytest.raises(DataError, match="of one review"):
        PretrainingTask().plan_epoch(config, data, one, 1)
    # An evaluated part is met after an epoch, too late to end for it: it is not evaluated.
    parts = np.where(data.reviews == data.reviews[0], VALIDATION, TRAIN)
    assert PretrainingTask().plan_evaluation(replace(data, parts=parts), "validation") == []
    assert PretrainingTask().plan_evaluation(data, "validation")
    assert len(load_reviews(config.data, silent)) == 60


def test_the_command_line_trains_it(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    settings = [f"--set={name}={value}" for name, value in FIELDS.items()]
    assert cli.main(["train", *settings, "--max-steps", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["status"] == "finished"
