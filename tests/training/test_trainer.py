"""Runs in lockstep: what they share, what each does on its own, and what is evaluated when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from sentiment_core.batches import collate, plan_epoch
from sentiment_core.corpus import Corpus
from sentiment_core.datasets import TEST, TRAIN, VALIDATION
from sentiment_core.errors import ConfigError, DataError
from sentiment_core.training import sentiment as module
from sentiment_core.training.device import choose_device

DROPOUT = {"model.word_dropout": 0.2, "model.state_dropout": 0.2, "model.head_dropout": 0.3}
TWIN = {"off": {"training.clipping": "none"}, "on": {"training.clipping": "norm", "training.max_norm": 0.2}}


def test_twins_share_their_first_loss_and_differ_afterwards(train: Any, experiment: Any) -> None:
    record = train(experiment({"training.optimizer": "sgd", "training.learning_rate": 0.5}, **TWIN))
    off, on = record.steps["off"], record.steps["on"]
    assert off[0].loss == on[0].loss and off[0].grad_norm == on[0].grad_norm
    assert off[-1].loss != on[-1].loss
    assert all(step.grad_norm == step.grad_norm_clipped for step in off)
    assert all(step.grad_norm_clipped <= 0.2 for step in on)
    assert any(step.grad_norm > 0.2 for step in on)
    assert all(np.isnan(step.threshold) for step in off) and all(step.threshold == 0.2 for step in on)
    assert all(step.clip_cosine == 1.0 for step in off + on)


@pytest.mark.parametrize("clipping", ["norm", "value"])
@pytest.mark.parametrize("dropout", [{}, DROPOUT], ids=["plain", "dropout"])
def test_a_huge_threshold_reproduces_the_unclipped_run(
    clipping: str, dropout: dict[str, float], train: Any, experiment: Any
) -> None:
    huge = {"training.clipping": clipping, "training.max_norm": 1e9, "training.clip_value": 1e9}
    record = train(experiment({"training.epochs": 7, **dropout}, off={"training.clipping": "none"}, huge=huge))
    off, on = record.steps["off"], record.steps["huge"]
    assert len(off) >= 20
    for name in ("loss", "accuracy", "grad_norm", "grad_norm_clipped", "grad_max"):
        assert [getattr(step, name) for step in off] == [getattr(step, name) for step in on], name
    for key, value in record.weights("off").items():
        assert torch.equal(value, record.weights("huge")[key])


def test_the_same_seed_gives_the_same_run_and_another_seed_another(train: Any, experiment: Any) -> None:
    clipped = {**DROPOUT, "training.clipping": "norm"}
    first, again, other = (train(experiment({**clipped, "seed": seed})) for seed in (1, 1, 2))
    assert first.steps == again.steps and first.evaluations == again.evaluations
    assert first.steps["run"][0].loss != other.steps["run"][0].loss


def test_lockstep_equals_each_run_alone(train: Any, experiment: Any) -> None:
    """Three threads, one of them with another architecture, each with dropout of its own."""
    base = {**DROPOUT, "training.clipping": "norm", "training.max_norm": 0.5}
    runs = {
        "first": {"training.clipping": "value"},
        "second": {"training.learning_rate": 0.02},
        "third": {"model.cell": "gru", "model.pooling": ("max", "attention_additive"), "model.bidirectional": True},
    }
    together = train(experiment(base, **runs))
    for name, overrides in runs.items():
        alone = train(experiment(base, **{name: overrides}))
        assert alone.steps[name] == together.steps[name]
        assert alone.evaluations[name] == together.evaluations[name]


def test_runs_with_vectors_of_their_own_see_the_same_reviews(
    train: Any, experiment: Any, make_corpus: Callable[..., Corpus]
) -> None:
    config = experiment({}, narrow={}, wide={"data.embedding_dim": 9})
    record = train(config, corpora=[make_corpus(), make_corpus(dim=9)])
    narrow, wide = record.steps["narrow"], record.steps["wide"]
    assert [step.tokens for step in narrow] == [step.tokens for step in wide]
    assert record.weights("wide")["encoder.forward_layers.0.weight_ih_l0"].shape[1] == 9


def test_it_learns(train: Any, experiment: Any, make_corpus: Callable[..., Corpus]) -> None:
    settings = {"training.epochs": 8, "training.learning_rate": 0.02, "model.pooling": "mean"}
    record = train(experiment(settings), corpora=[make_corpus(240, dim=24)])
    assert record.evaluations["run"][-1].accuracy > 0.9
    losses = [step.loss for step in record.steps["run"]]
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:10])


def test_steps_count_from_one_over_batches_of_the_plan(
    train: Any, experiment: Any, make_corpus: Callable[..., Corpus]
) -> None:
    corpus, config = make_corpus(), experiment()
    steps = train(config, corpora=[corpus]).steps["run"]
    assert [step.step for step in steps] == list(range(1, 9))
    assert [step.epoch for step in steps] == [1] * 4 + [2] * 4
    members = np.flatnonzero(corpus.parts == TRAIN)
    plans = [plan_epoch(members, corpus.lengths, 16, "bucketed", config.seed, epoch) for epoch in (1, 2)]
    expected = [int(corpus.lengths[batch].sum()) for plan in plans for batch in plan]
    assert [step.tokens for step in steps] == expected
    assert all(step.learning_rate == config.training.learning_rate for step in steps)


def test_evaluations_average_over_reviews_and_the_test_part_comes_once(
    train: Any, experiment: Any, make_corpus: Callable[..., Corpus], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Batches of 7, 7 and 2: an average over batches would be another number.
    monkeypatch.setattr(module, "EVALUATION_BATCH_SIZE", 7)
    corpus = make_corpus(longest=4)
    record = train(experiment({"model.head_dropout": 0.5}), corpora=[corpus])
    evaluations = record.evaluations["run"]
    assert [(e.part, e.step, e.epoch) for e in evaluations] == [
        ("validation", 4, 1),
        ("validation", 8, 2),
        ("test", 8, 2),
    ]
    model = record.trainer.runs[0].model.eval()
    for part, evaluation in [(VALIDATION, evaluations[1]), (TEST, evaluations[2])]:
        batch = collate(corpus, np.flatnonzero(corpus.parts == part))
        assert len(batch.labels) == 16
        with torch.no_grad():
            logits = model(batch.token_ids, batch.lengths).logits
        assert evaluation.accuracy == ((logits > 0) == (batch.labels > 0.5)).float().mean().item()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, batch.labels)
        assert evaluation.loss == pytest.approx(loss.item(), rel=1e-5)


def test_reviews_without_a_known_word_count_nowhere(
    train: Any, experiment: Any, make_corpus: Callable[..., Corpus]
) -> None:
    corpus = make_corpus(empty=12)
    record = train(experiment({"training.batch_size": 8}), corpora=[corpus])
    assert len(record.steps["run"]) == 2 * 7  # 56 of 64 training reviews
    # Whatever the network says to nothing, and whatever their labels: the others are counted alone.
    turned = replace(corpus, labels=np.where(corpus.readable, corpus.labels, 1 - corpus.labels))
    other = train(experiment({"training.batch_size": 8}), corpora=[turned])
    assert [item.accuracy for item in record.evaluations["run"]] == [item.accuracy for item in other.evaluations["run"]]
    assert {part: found.reviews for part, found in record.trainer.balances(record.trainer.runs[0]).items()} == {
        "train": 56,
        "validation": 14,
        "test": 14,
    }
    with pytest.raises(DataError, match="no training review has a known word"):
        train(experiment(), corpora=[make_corpus(12, empty=12)])
    silent = replace(corpus, readable=corpus.readable & (corpus.parts != TEST))
    with pytest.raises(DataError, match="no test review has a known word"):
        train(experiment(), corpora=[silent])


def test_a_step_limit_ends_with_an_evaluation(train: Any, experiment: Any) -> None:
    record = train(experiment({"training.max_steps": 6, "training.epochs": 9}))
    assert len(record.steps["run"]) == 6
    assert [(e.part, e.step) for e in record.evaluations["run"]] == [("validation", 4), ("validation", 6), ("test", 6)]
    assert record.moments == ["start", "epoch 1", "epoch 2", "end"]


@pytest.mark.parametrize(("step", "validations"), [(2, 0), (4, 1), (8, 2)])
def test_a_stopped_experiment_never_sees_the_test_part(
    step: int, validations: int, train: Any, experiment: Any, stop_at: Any
) -> None:
    record = train(experiment(), stop_at(step))
    assert len(record.steps["run"]) == step
    assert [evaluation.part for evaluation in record.evaluations["run"]] == ["validation"] * validations
    assert not record.ends and record.moments[-1] == "end"


def test_a_batch_of_one(train: Any, experiment: Any) -> None:
    settings = {"training.batch_size": 1, "training.max_steps": 3, "model.state_norm": "batch"}
    assert all(np.isfinite(step.loss) for step in train(experiment(settings)).steps["run"])


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_bf16_trains_on_the_cpu_with_full_precision_weights(cell: str, train: Any, experiment: Any) -> None:
    settings = {
        "training.precision": "bf16",
        "model.cell": cell,
        "model.bidirectional": True,
        "model.pooling": ("attention_additive", "max", "mean"),
        "model.input_norm": "batch",
        "model.state_norm": "layer",
        "training.clipping": "norm",
    }
    record = train(experiment(settings))
    assert all(np.isfinite(step.loss) for step in record.steps["run"])
    assert all(value.dtype is not torch.bfloat16 for value in record.weights("run").values())


def test_fp16_on_the_cpu_is_refused(train: Any, experiment: Any) -> None:
    with pytest.raises(ConfigError, match=r"training\.precision: fp16 needs a CUDA GPU; use bf16 or fp32 here"):
        train(experiment({"training.precision": "fp16"}))


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")
    for name in ("cuda", "mps"):
        with pytest.raises(ConfigError, match=f"device: {name} was asked for, but this machine has none"):
            choose_device(name)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto").type == "mps"
