"""Fine-tuning through the trainer: where weights and pieces come from, what is refused, resuming, and the twins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from sentiment_core import cli
from sentiment_core.artifacts import WEIGHTS, WORD_PIECES, run_place, snapshot_place
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.errors import CheckpointError, ConfigError
from sentiment_core.metrics import Status
from sentiment_core.presets import fitting, preset
from sentiment_core.progress import silent
from sentiment_core.store import Run, Store
from sentiment_core.training.checkpoints import load_checkpoint
from sentiment_core.training.fine_tuning import FineTuningTask
from sentiment_core.training.pretrained import load_pretrained
from sentiment_core.work.training import train_here
from tests.training.saving import SaveAt
from tests.training.test_pretraining import FIELDS as PRETRAINING

FIELDS = {
    "task": "reviews-in-pieces",
    "device": "cpu",
    "data.limit": 60,
    "data.vocabulary_size": 400,
    "data.max_tokens": 30,
    "model.hidden_size": 16,
    "model.heads": 2,
    "model.feed_forward_size": 32,
    "training.batch_size": 16,
    "training.epochs": 2,
    "training.learning_rate": 1e-3,
}
TWINS = [RunConfig(name="tuned"), RunConfig(name="scratch", overrides={"model.transfer": False})]


@pytest.fixture
def pretrained(store: Store) -> Run:
    config = from_fields({**PRETRAINING, "training.max_steps": 3, "snapshots": 0})
    return train_here(store, config, lambda progress: None).runs[0]


def prepared(config: ExperimentConfig, folder: Path) -> list[Any]:
    return FineTuningTask().prepare(config, torch.device("cpu"), folder, silent)


def test_twins_read_the_same_pieces_and_differ_in_their_first_weights_alone(
    store: Store, pretrained: Run, train: Any, tmp_path: Path
) -> None:
    config = with_runs(from_fields({**FIELDS, "model.pretrained": pretrained.id, "snapshots": 1}), TWINS)
    data = prepared(config, tmp_path)
    assert data[0] is data[1]
    assert data[0].pieces.text == (run_place(pretrained.experiment_id, pretrained.id) / WORD_PIECES).read_text("utf-8")
    experiment = train_here(store, config, lambda progress: None)
    assert experiment.status is Status.FINISHED, experiment.error
    tuned, scratch = experiment.runs
    assert tuned.parameters == scratch.parameters and tuned.test_accuracy is not None
    learned = load_pretrained(pretrained.id).tensors
    first, other = (
        safetensors.torch.load_file(snapshot_place(experiment.id, run.id, 0) / WEIGHTS) for run in experiment.runs
    )
    shared = first.keys() & learned.keys()
    assert len(shared) == len(first) - 2
    for name in shared:
        assert torch.equal(first[name], learned[name]), name
    for name in ("answer.weight", "answer.bias"):
        assert torch.equal(first[name], other[name]), name
    assert not torch.equal(first["transformer.embedding.weight"], other["transformer.embedding.weight"])


def test_without_a_pre_trained_model_pieces_are_learned_from_the_training_reviews(tmp_path: Path) -> None:
    (data,) = prepared(from_fields(FIELDS), tmp_path)
    assert 300 < len(data.pieces) <= 400 and data.lengths.max() <= 30 and data.token_ids.min() > 0


def refused(store: Store, fields: dict[str, Any]) -> str:
    experiment = train_here(store, from_fields({**FIELDS, **fields}), lambda progress: None)
    assert experiment.status is Status.FAILED and experiment.error
    return experiment.error


def test_weights_that_do_not_fit_are_refused_with_what_to_set(store: Store, pretrained: Run) -> None:
    error = refused(store, {"model.pretrained": pretrained.id, "model.hidden_size": 8, "data.max_tokens": 31})
    assert error == (
        f"model.pretrained: the weights of {pretrained.id} fit another network; "
        "set model.hidden_size=16, data.max_tokens=30"
    )
    small = {**FIELDS, "model.hidden_size": 8, "data.max_tokens": 8, "training.max_steps": 1, "model.positions": "none"}
    fits = from_fields({**small, "model.pretrained": pretrained.id, **fitting(pretrained.config)})
    assert train_here(store, fits, lambda progress: None).status is Status.FINISHED
    assert "there is no run 'gone' here" in refused(store, {"model.pretrained": "gone"})
    assert "no run '../bert/bert-encoder' here" in refused(store, {"model.pretrained": "../bert/bert-encoder"})


def test_pieces_of_another_model_are_refused_in_one_sentence(store: Store, pretrained: Run, tmp_path: Path) -> None:
    (data,) = prepared(from_fields(FIELDS), tmp_path)
    (run_place(pretrained.experiment_id, pretrained.id) / WORD_PIECES).write_text(data.pieces.text, "utf-8")
    with pytest.raises(CheckpointError, match=r"^model.pretrained: the word pieces beside .* are not those that"):
        load_pretrained(pretrained.id)


def test_a_run_that_learned_something_else_is_no_start(store: Store) -> None:
    other = train_here(store, from_fields({**FIELDS, "training.max_steps": 1}), lambda progress: None).runs[0]
    with pytest.raises(ConfigError, match="did not learn masked words"):
        load_pretrained(other.id)


@pytest.mark.parametrize("longest", [None, 2_000])
def test_a_transformer_needs_a_longest_review(longest: int | None) -> None:
    with pytest.raises(ConfigError, match=r"data.max_tokens: .* allowed: 1 to 1,022"):
        from_fields({**FIELDS, "data.max_tokens": longest})


def test_resumed_it_ends_at_the_same_bits(train: Any, tmp_path: Path) -> None:
    config = from_fields({**FIELDS, "model.state_dropout": 0.1})
    data = prepared(config, tmp_path)
    whole = train(config, corpora=data)
    begun = train(config, SaveAt(4, tmp_path / "state.pt"), corpora=data)
    rest = train(config, corpora=data, state=load_checkpoint(tmp_path / "state.pt"))
    assert len(begun.steps["run"]) == 4 and begun.steps["run"] + rest.steps["run"] == whole.steps["run"]
    assert begun.evaluations["run"] + rest.evaluations["run"] == whole.evaluations["run"]
    for name, value in whole.weights("run").items():
        assert torch.equal(value, rest.weights("run")[name])


def test_the_preset_starts_from_the_model_that_ships(capsys: pytest.CaptureFixture[str]) -> None:
    assert {run.name: run.overrides for run in preset("bert-finetune").config.runs} == {
        "from scratch": {"model.transfer": False},
        "fine-tuned": {"model.transfer": True},
    }
    settings = ["--limit", "60", "--max-steps", "1", "--set", "device=cpu", "--set", "snapshots=0", "--json"]
    assert cli.main(["train", "--preset", "bert-finetune", *settings]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["status"] for run in runs] == ["finished", "finished"]
    beside = preset("bert-rnn").parameters
    assert beside is not None and abs(beside / runs[0]["parameters"] - 1) < 0.02
