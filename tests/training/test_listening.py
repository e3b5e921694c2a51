"""Moments within an update: gradients before and after clipping, and hidden states with their gradient through time."""

from __future__ import annotations

import math
import threading
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from sentiment_core.models import build_model
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.trainer import Trainer

TWIN = {"off": {"training.clipping": "none"}, "on": {"training.clipping": "norm", "training.max_norm": 0.02}}


def norm(run: TrainingRun) -> float:
    return math.sqrt(sum((p.grad.double() ** 2).sum().item() for p in run.model.parameters() if p.grad is not None))


class Gradients(Callback):
    """Notes the length of the gradient, and who was called in which thread."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, bool, float]] = []
        self.threads: dict[str, set[str]] = {}

    def on_gradient(self, trainer: Trainer, run: TrainingRun, clipped: bool) -> None:
        name = run.experiment.runs[0].name
        self.heard.append((name, trainer.step, clipped, norm(run)))
        self.threads.setdefault(name, set()).add(threading.current_thread().name)


def test_gradients_are_heard_before_and_after_clipping_in_the_thread_of_their_run(train: Any, experiment: Any) -> None:
    listener = Gradients()
    record = train(experiment(None, **TWIN), listener)
    for name in TWIN:
        mine = [(step, clipped, length) for run, step, clipped, length in listener.heard if run == name]
        assert [(step, clipped) for step, clipped, _ in mine] == [(s, c) for s in range(1, 9) for c in (False, True)]
        for measured, (before, after) in zip(record.steps[name], zip(mine[::2], mine[1::2], strict=True), strict=True):
            assert before[2] == pytest.approx(measured.grad_norm, rel=1e-5)
            assert after[2] == pytest.approx(measured.grad_norm_clipped, rel=1e-5)
    assert all(thread.startswith("run") for threads in listener.threads.values() for thread in threads)
    assert any(before > 0.02 for run, _, clipped, before in listener.heard if run == "on" and not clipped)


def test_what_a_listener_changes_after_clipping_is_what_trains(train: Any, experiment: Any) -> None:
    class Stop(Callback):
        def on_gradient(self, trainer: Trainer, run: TrainingRun, clipped: bool) -> None:
            if clipped:
                for parameter in run.model.parameters():
                    parameter.grad = None

    record = train(experiment({"training.optimizer": "sgd", "training.max_steps": 3}), Stop())
    first = build_model(
        record.trainer.config.model, torch.from_numpy(record.trainer.data[0].matrix), 1, torch.device("cpu")
    )
    assert all(torch.equal(value, first.state_dict()[name]) for name, value in record.weights("run").items())


class States(Callback):
    """Keeps the states of some updates, with the weights that they were computed with."""

    def __init__(self, *steps: int) -> None:
        self.steps = steps
        self.kept: dict[int, tuple[torch.Tensor, Any, dict[str, torch.Tensor]]] = {}

    def wants_states(self, trainer: Trainer, run: TrainingRun) -> bool:
        return trainer.step in self.steps

    def on_states(self, trainer: Trainer, run: TrainingRun, states: torch.Tensor, batch: Any) -> None:
        weights = {name: value.clone() for name, value in run.model.state_dict().items()}
        self.kept[trainer.step] = (states, batch, weights)


def rnn(x: torch.Tensor, state: Any, w: dict[str, torch.Tensor]) -> tuple[torch.Tensor, Any]:
    h = state[0]
    h = torch.tanh(x @ w["weight_ih_l0"].T + w["bias_ih_l0"] + h @ w["weight_hh_l0"].T + w["bias_hh_l0"])
    return h, (h,)


def gru(x: torch.Tensor, state: Any, w: dict[str, torch.Tensor]) -> tuple[torch.Tensor, Any]:
    (h,) = state
    r_x, z_x, n_x = (x @ w["weight_ih_l0"].T + w["bias_ih_l0"]).chunk(3, dim=1)
    r_h, z_h, n_h = (h @ w["weight_hh_l0"].T + w["bias_hh_l0"]).chunk(3, dim=1)
    z = torch.sigmoid(z_x + z_h)
    h = (1 - z) * torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h) + z * h
    return h, (h,)


def lstm(x: torch.Tensor, state: Any, w: dict[str, torch.Tensor]) -> tuple[torch.Tensor, Any]:
    h, c = state
    gates = x @ w["weight_ih_l0"].T + w["bias_ih_l0"] + h @ w["weight_hh_l0"].T + w["bias_hh_l0"]
    i, f, g, o = gates.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, (h, c)


CELLS = {"rnn": rnn, "gru": gru, "lstm": lstm}


def unrolled(cell: str, embedded: torch.Tensor, weights: dict[str, torch.Tensor], prefix: str) -> list[torch.Tensor]:
    """The states of a layer written out, each a tensor of its own: what autograd says about them is the reference."""
    own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    zeros = torch.zeros(len(embedded), own["weight_hh_l0"].shape[1])
    state: Any = (zeros, zeros)[: 2 if cell == "lstm" else 1]
    states = []
    for x in embedded.unbind(1):
        h, state = CELLS[cell](x, state, own)
        h.requires_grad_(True)
        h.retain_grad()
        states.append(h)
    return states


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("pooling", ["last", "padded_last", "mean", "attention_additive"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_gradient_of_a_state_is_that_of_the_network_written_out(
    cell: str, pooling: str, bidirectional: bool, train: Any, experiment: Any
) -> None:
    watch = States(1, 3)
    fields = {"model.cell": cell, "model.pooling": (pooling,), "model.bidirectional": bidirectional}
    # Subnormal products are no part of the claim, so weights are large enough for every step to be felt.
    record = train(experiment({**fields, "model.initialisation": "orthogonal", "training.max_steps": 3}), watch)
    corpus, config = record.trainer.data[0], record.trainer.config
    assert sorted(watch.kept) == [1, 3]
    for states, batch, weights in watch.kept.values():
        model = build_model(config.model, torch.from_numpy(corpus.matrix), 1, torch.device("cpu"))
        model.load_state_dict(weights)
        embedded, steps = model.embedding(batch.token_ids), batch.token_ids.shape[1]
        assert (batch.lengths < steps).any(), "there is padding"
        forward = unrolled(cell, embedded, weights, "encoder.forward_layers.0.")
        halves = [forward]
        hidden = torch.stack(forward, dim=1)
        if bidirectional:
            mirrored = [[*range(length - 1, -1, -1), *range(length, steps)] for length in batch.lengths.tolist()]
            order, rows = torch.tensor(mirrored), torch.arange(len(mirrored))[:, None]
            backward = unrolled(cell, embedded[rows, order], weights, "encoder.backward_layers.0.")
            halves.append(backward)
            hidden = torch.cat([hidden, torch.stack(backward, dim=1)[rows, order]], dim=-1)
        last = model.encoder.last_state(hidden, batch.lengths - 1)
        padded_last = model.encoder.last_state(hidden, torch.full_like(batch.lengths, steps - 1))
        mask = torch.arange(steps) < batch.lengths[:, None]
        pooled, _ = model.pool(hidden, mask, last, padded_last)
        F.binary_cross_entropy_with_logits(model.head(pooled).squeeze(-1), batch.labels).backward()
        parts = [torch.stack([torch.zeros_like(h) if h.grad is None else h.grad for h in half], 1) for half in halves]
        if bidirectional:
            parts[1] = parts[1][rows, order]
        expected = torch.cat(parts, dim=-1)
        assert states.grad is not None and states.shape == expected.shape == (*batch.token_ids.shape, hidden.shape[-1])
        torch.testing.assert_close(states, hidden.detach(), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(states.grad, expected, rtol=1e-5, atol=1e-6)
        assert expected.abs().max() > 1e-4
        if pooling == "last" and not bidirectional:
            direct = torch.zeros_like(expected)
            direct[torch.arange(len(mask)), batch.lengths - 1] = expected[torch.arange(len(mask)), batch.lengths - 1]
            assert not torch.allclose(expected, direct, atol=1e-5), "earlier states are felt through later ones only"


def test_watching_changes_no_bit_and_happens_only_where_it_was_asked_for(train: Any, experiment: Any) -> None:
    # In float32: on a CPU, oneDNN's bfloat16 LSTM differs in its last bits from one training to the next by itself.
    fields = {
        "model.cell": "lstm",
        "model.num_layers": 2,
        "model.state_dropout": 0.3,
        "model.word_dropout": 0.2,
        "training.clipping": "value",
    }
    plain = train(experiment(fields, one={}, two={"model.cell": "rnn"}))
    watch = States(2, 5)
    watched = train(experiment(fields, one={}, two={"model.cell": "rnn"}), watch, Gradients())
    assert sorted(watch.kept) == [2, 5]
    for name in ("one", "two"):
        assert plain.steps[name] == watched.steps[name] and plain.evaluations[name] == watched.evaluations[name]
        assert all(torch.equal(value, watched.weights(name)[key]) for key, value in plain.weights(name).items())


def test_whoever_does_not_listen_is_not_called(train: Any, experiment: Any) -> None:
    record = train(experiment(None))
    assert not record.trainer.stepper.listeners.gradient and not record.trainer.stepper.listeners.states
