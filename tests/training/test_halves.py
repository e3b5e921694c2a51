"""Updates from half batches measure what updates from whole ones do, and are made only where that is so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sentiment_core.corpus import Corpus
from sentiment_core.recorded import in_words
from sentiment_core.training import halves as module
from sentiment_core.training.build import build_trainer
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.checkpoints import load_checkpoint
from sentiment_core.training.device import circumstances
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.trainer import Trainer
from tests.training.saving import KilledAt

MEASURED = ("loss", "accuracy", "grad_norm", "grad_norm_clipped", "grad_max")
DROPOUT = {"model.word_dropout": 0.2, "model.embedding_dropout": 0.1, "model.state_dropout": 0.2}
# Below Adam's usual division by what is almost nothing, so that a last bit stays one.
STEADY = {"training.optimizer": "sgd", "training.learning_rate": 0.1}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "dropout": {**DROPOUT, "model.head_dropout": 0.3, "model.num_layers": 2},
    "attention": {"model.cell": "gru", "model.bidirectional": True, "model.pooling": ("attention_additive", "max")},
    "padding": {"model.cell": "lstm", "model.pooling": ("padded_last", "mean"), "data.batching": "random"},
    "odd": {"training.batch_size": 15, "model.input_norm": "layer", "training.clipping": "norm"},
    "weighed": {"training.class_weights": "balanced", "model.freeze_embeddings": False},
    "adam": {"training.optimizer": "adam", "training.learning_rate": 1e-3, "training.weight_averaging": 0.9},
}


@pytest.fixture(autouse=True)
def even_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_STATES", 1)


class Look(Callback):
    """Keeps the states of some updates and their gradients."""

    def __init__(self, most: int | None, *steps: int) -> None:
        self.most_states = most
        self.steps = steps
        self.kept: list[tuple[torch.Tensor, torch.Tensor]] = []

    def wants_states(self, trainer: Trainer, run: TrainingRun) -> bool:
        return trainer.step in self.steps

    def on_states(self, trainer: Trainer, run: TrainingRun, states: torch.Tensor, batch: Any) -> None:
        assert states.grad is not None
        self.kept.append((states.clone(), states.grad.clone()))


def close(record: Any, other: Any, name: str = "run") -> None:
    """What two trainings measured is equal to 1e-5."""
    for field in MEASURED:
        one, two = ([getattr(step, field) for step in each.steps[name]] for each in (record, other))
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5, err_msg=field)
    for one, two in zip(record.evaluations[name], other.evaluations[name], strict=True):
        assert (one.loss, one.accuracy) == pytest.approx((two.loss, two.accuracy), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_fifty_updates_measure_what_those_from_whole_batches_do(case: str, train: Any, experiment: Any) -> None:
    fields = {**STEADY, **CASES[case], "training.epochs": 13, "training.max_steps": 50}
    halved = train(experiment(fields), threads=2)
    whole = train(experiment(fields | {"training.halves": "never"}))
    assert halved.trainer.updates == "halves" and whole.trainer.updates == "whole"
    assert len(halved.steps["run"]) == 50
    close(halved, whole)


def test_halves_are_computed_side_by_side(train: Any, experiment: Any) -> None:
    """Each half waits for the other: one after the other they would wait for ever."""
    meeting = threading.Barrier(2, timeout=30)

    def meet(module: torch.nn.Module, *call: Any) -> None:
        if module.training:
            meeting.wait()

    class Meet(Callback):
        def on_start(self, trainer: Trainer) -> None:
            trainer.runs[0].model.embedding.register_forward_hook(meet)

    assert len(train(experiment({"training.max_steps": 3}), Meet(), threads=2).steps["run"]) == 3


@pytest.mark.parametrize("most", [None, 4])
def test_a_watched_update_shows_the_states_of_the_whole_batch(most: int | None, train: Any, experiment: Any) -> None:
    fields = {**STEADY, "model.cell": "gru", "model.bidirectional": True, "training.max_steps": 3, "watch_every": 2}
    one, two = Look(most, 1, 3), Look(most, 1, 3)
    halved = train(experiment(fields), one, threads=2)
    whole = train(experiment(fields | {"training.halves": "never"}), two)
    assert halved.trainer.updates == "halves" and len(one.kept) == 2
    close(halved, whole)
    for (states, gradient), (expected, expected_gradient) in zip(one.kept, two.kept, strict=True):
        torch.testing.assert_close(states, expected, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(gradient, expected_gradient, rtol=1e-5, atol=1e-6)
        assert gradient.abs().max() > 0
    seen, known = ({(d.step, d.quantity): d.value for d in each.diagnostics["run"]} for each in (halved, whole))
    assert seen.keys() == known.keys() and len(seen) > 10
    for key, value in known.items():
        np.testing.assert_allclose(seen[key], value, rtol=1e-3, atol=1e-5, err_msg=key[1])


def test_watching_a_halved_run_changes_no_bit(train: Any, experiment: Any) -> None:
    config = experiment({**DROPOUT, "model.cell": "lstm"})
    plain, watched = train(config, threads=2), train(config, Look(None, 2, 5), threads=2)
    assert plain.steps == watched.steps and plain.evaluations == watched.evaluations


def test_a_batch_of_one_stays_whole(train: Any, experiment: Any) -> None:
    """Of 64 reviews, batches of 21 leave one over."""
    fields = {**STEADY, **DROPOUT, "training.batch_size": 21}
    halved = train(experiment(fields), threads=2)
    whole = train(experiment(fields | {"training.halves": "never"}))
    assert halved.trainer.updates == "halves" and len(halved.steps["run"]) == 8
    close(halved, whole)


@pytest.mark.parametrize("was_halved", [True, False])
def test_a_resumed_run_goes_on_as_it_began(was_halved: bool, train: Any, experiment: Any, tmp_path: Any) -> None:
    """To the last bit; also where a checkpoint says nothing of halves, or fewer or more cores are there now."""
    began, now = (2, 1) if was_halved else (1, 2)
    config, path = experiment({**DROPOUT, "training.epochs": 3}), tmp_path / "state.pt"
    whole = train(config, threads=began)
    with pytest.raises(KeyboardInterrupt):
        train(config, KilledAt(6, path), threads=began)
    state = load_checkpoint(path)
    if not was_halved:
        del state["updates"]
    rest = train(config, state=state, threads=now)
    assert rest.trainer.updates == ("halves" if was_halved else "whole")
    assert rest.steps["run"] == whole.steps["run"][6:]
    assert all(torch.equal(value, rest.weights("run")[name]) for name, value in whole.weights("run").items())


@pytest.mark.parametrize(
    "fields",
    [
        {"training.halves": "never"},
        {"model.state_norm": "batch"},
        {"model.input_norm": "batch"},
        {"training.precision": "bf16"},
        {"model.mistakes": ("cross_review_attention",), "model.pooling": ("attention_dot",)},
    ],
    ids=str,
)
def test_examples_that_see_each_other_stay_together(
    fields: dict[str, Any], experiment: Any, make_corpus: Callable[..., Corpus]
) -> None:
    assert trainer_of(experiment(), make_corpus).updates == "halves"
    assert trainer_of(experiment(fields), make_corpus).updates == "whole"


def test_one_core_for_each_run_halves_nothing(experiment: Any, make_corpus: Callable[..., Corpus]) -> None:
    twin = experiment(None, off={"training.clipping": "none"}, on={})
    assert trainer_of(twin, make_corpus, threads=1).updates == "whole"
    assert trainer_of(twin, make_corpus, threads=2).updates == "halves"


def test_halves_too_small_to_save_anything_stay_together(
    experiment: Any, make_corpus: Callable[..., Corpus], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEAST_STATES", 129)  # 16 reviews of 8 states
    assert trainer_of(experiment(), make_corpus).updates == "whole"
    assert trainer_of(experiment({"training.batch_size": 17}), make_corpus).updates == "halves"


def trainer_of(config: Any, make_corpus: Callable[..., Corpus], threads: int = 2) -> Trainer:
    ids = [f"run-{number}" for number in range(len(config.runs))]
    return build_trainer(config, ids, [make_corpus()] * len(ids), torch.device("cpu"), threads=threads)


def test_where_a_training_was_computed_says_how_its_updates_were_made() -> None:
    made = [circumstances(torch.device("cpu"), 2, updates) for updates in ("whole", "halves", "graphs")]
    assert "halves" not in in_words(made[0])
    assert "2 threads, batches in halves" in in_words(made[1])
    assert "2 threads, updates as CUDA graphs" in in_words(made[2]) and "graphs" not in in_words(made[0])
    assert in_words({key: value for key, value in made[0].items() if key != "halves"}) == in_words(made[0])
