"""Looks inside a network in training: against autograd on the network written out, and against small cases by hand."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sentiment_core.models import build_model
from sentiment_core.models.through_time import by_distance, gradient_norms
from sentiment_core.steps.inside import BINS, COLUMNS, PLACES, SIZE_EDGES, VALUE_EDGES
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.inside_watch import MOST_VALUES, by_layer, histogram, spectrum
from sentiment_core.training.parts import parameters_by_place, recurrent_matrices, uppermost_recurrent
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.trainer import Trainer
from tests.training.test_listening import unrolled


def looks(record: Any, name: str = "run") -> dict[str, dict[int, Any]]:
    """What a run kept: quantity → step → value."""
    found: dict[str, dict[int, Any]] = {}
    for item in record.diagnostics[name]:
        found.setdefault(item.quantity, {})[item.step] = item.value
    return found


class Keep(Callback):
    """Keeps batch, weights and gradients of each update before it is made."""

    def __init__(self) -> None:
        self.kept: dict[int, tuple[Any, dict[str, torch.Tensor], dict[str, torch.Tensor]]] = {}
        self._batch: Any = None

    def wants_states(self, trainer: Trainer, run: TrainingRun) -> bool:
        return True

    def on_states(self, trainer: Trainer, run: TrainingRun, states: torch.Tensor, batch: Any) -> None:
        self._batch = batch

    def on_gradient(self, trainer: Trainer, run: TrainingRun, clipped: bool) -> None:
        if not clipped:
            weights = {name: value.clone() for name, value in run.model.state_dict().items()}
            gradients = {name: p.grad.clone() for name, p in run.model.named_parameters() if p.grad is not None}
            self.kept[run.step] = (self._batch, weights, gradients)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_gradient_through_time_is_that_of_the_network_written_out(cell: str, train: Any, experiment: Any) -> None:
    fields = {"model.cell": cell, "model.pooling": ("last",), "model.initialisation": "orthogonal"}
    kept = Keep()
    record = train(experiment({**fields, "training.max_steps": 3, "watch_every": 2}), kept)
    found = looks(record)["gradient_through_time"]
    assert sorted(found) == [1, 3]
    corpus, config = record.trainer.data[0], record.trainer.config
    for step, (measured, counted) in found.items():
        batch, weights, _ = kept.kept[step]
        model = build_model(config.model, torch.from_numpy(corpus.matrix), 1, torch.device("cpu"))
        model.load_state_dict(weights)
        states = unrolled(cell, model.embedding(batch.token_ids), weights, "encoder.forward_layers.0.")
        rows = torch.arange(len(batch.lengths))
        last = torch.stack(states, dim=1)[rows, batch.lengths - 1]
        F.binary_cross_entropy_with_logits(model.head(last).squeeze(-1), batch.labels).backward()
        lengths = batch.lengths.tolist()
        assert min(lengths) < len(states) == max(lengths), "there is padding"
        for column, (start, end) in enumerate(zip(COLUMNS, [*COLUMNS[1:], 10**9], strict=True)):
            back = [
                states[length - 1 - distance].grad[row].double().norm().item()
                for row, length in enumerate(lengths)
                for distance in range(start, min(end, length))
            ]
            assert counted[column] == sum(length > start for length in lengths)
            if back:
                assert 10 ** float(measured[column]) == pytest.approx(np.mean(back), rel=1e-5)
            else:
                assert math.isnan(measured[column])


def test_far_columns_take_several_tokens_and_say_how_many_reviews_there_are() -> None:
    lengths = torch.tensor([34, 40, 3])
    gradient = torch.zeros(3, 40, 1)
    gradient[0, :2], gradient[1, 4:8] = 3.0, 6.0  # 33 and 32 tokens before the end; 35 to 32
    measured, reviews = by_distance(gradient_norms(gradient, lengths), lengths)
    column = COLUMNS.index(32)
    assert COLUMNS[column + 1] == 36 and reviews[column] == 2 and reviews[0] == 3
    assert 10 ** measured[column].item() == pytest.approx((2 * 3 + 4 * 6) / 6)
    assert measured[0] == -math.inf and measured[-1].isnan() and reviews[-1] == 0


def test_parts_ratios_and_shares_are_what_they_are_by_hand(train: Any, experiment: Any) -> None:
    fields = {
        "model.head_activation": "relu",
        "model.head_sizes": (5,),
        "model.pooling": ("attention_additive",),
        "model.input_norm": "layer",
        "model.freeze_embeddings": False,
        "model.initialisation": "he",
        "training.optimizer": "sgd",
        "training.learning_rate": 4.0,
    }
    kept = Keep()
    record = train(experiment({**fields, "training.max_steps": 4, "watch_every": 1}), kept)
    found, config = looks(record), record.trainer.config
    prefixes = {
        "embedding": "embedding.",
        "norms": "input_norm.",
        "recurrence": "encoder.",
        "pooling": "pool.",
        "head": "head.",
    }
    seen = []
    for step, (batch, weights, gradients) in kept.kept.items():
        for group, prefix in prefixes.items():
            gradient, weight = (
                math.sqrt(
                    sum(float((value.double() ** 2).sum()) for name, value in of.items() if name.startswith(prefix))
                )
                for of in (gradients, {name: weights[name] for name in gradients})
            )
            assert found[f"gradient_{group}"][step] == pytest.approx(gradient, rel=1e-5)
            assert found[f"update_ratio_{group}"][step] == pytest.approx(math.log10(4.0 * gradient / weight), abs=1e-4)
        model = build_model(config.model, torch.from_numpy(record.trainer.data[0].matrix), 1, torch.device("cpu"))
        model.load_state_dict(weights)
        outputs: list[torch.Tensor] = []
        keep = partial(lambda into, module, inputs, output: into.append(output), outputs)
        for module in model.head:
            if isinstance(module, nn.ReLU):
                module.register_forward_hook(keep)
        states = model(batch.token_ids, batch.lengths).hidden_states
        real = torch.cat([row[:length] for row, length in zip(states, batch.lengths, strict=True)])
        saturated = float((real.abs() > 0.97).double().mean())
        dead = [bool((output[:, unit] == 0).all()) for output in outputs for unit in range(output.shape[1])]
        assert len(dead) == 8 + 5
        assert found["saturated_share"][step] == pytest.approx(saturated, abs=1e-6)
        assert found["dead_relu_share"][step] == pytest.approx(np.mean(dead), abs=1e-6)
        seen.append((saturated, np.mean(dead)))
        assert found["activation_histograms"][step].sum(axis=1) == pytest.approx([1, 1, 1, 0, 0, 0])
    assert max(share for share, _ in seen) > 0 and max(share for _, share in seen) > 0, "both happen"
    assert "gradient_other" not in found


def test_histograms_by_hand() -> None:
    values = torch.tensor([-5.0, -1.95, 0.0, 0.05, 0.05, 7.0, math.nan, math.inf])
    shares = histogram(values, VALUE_EDGES)
    expected = np.zeros(BINS)
    expected[[0, 20, 39]] = 2, 3, 1
    assert shares.tolist() == pytest.approx(list(expected / 8))
    layer = nn.Linear(2, 2, bias=False)
    layer.weight.data = torch.tensor([[0.0, 0.11], [-0.11, 2e9]])
    rows = by_layer({"head 2": [layer.weight]}, lambda parameter: parameter.detach())
    row = rows[PLACES.index("head 2")]
    assert rows.sum() == pytest.approx(1.0)
    place = next(i for i in range(BINS) if SIZE_EDGES[i] <= math.log10(0.11) < SIZE_EDGES[i + 1])
    assert (row[0], row[place], row[-1]) == (0.25, 0.5, 0.25)
    many = torch.cat([torch.zeros(3 * MOST_VALUES // 2), torch.ones(3 * MOST_VALUES // 2)])
    assert histogram(many, VALUE_EDGES)[[20, 30]].tolist() == pytest.approx([0.5, 0.5], abs=1e-3)
    assert histogram(torch.tensor([math.nan]), VALUE_EDGES).sum() == 0


def test_the_spectrum_of_a_rotation_of_a_shear_and_of_what_is_no_number() -> None:
    rotation, shear = torch.tensor([[0.0, -0.5], [0.5, 0.0]]), torch.tensor([[0.0, 4.0], [0.0, 0.0]])
    radius, stretch = spectrum(torch.stack([rotation, shear]))
    assert radius.tolist() == pytest.approx([0.5, 0.0], abs=1e-6) and stretch.tolist() == pytest.approx([0.5, 4.0])
    nothing = spectrum(torch.full((1, 2, 2), math.nan))
    assert all(value.isnan().all() for value in nothing)


def test_gates_and_directions_are_measured_apart(train: Any, experiment: Any) -> None:
    fields = {"model.cell": "lstm", "model.bidirectional": True, "model.num_layers": 2, "training.max_steps": 1}
    record = train(experiment({**fields, "watch_every": 1}))
    model = record.trainer.runs[0].model
    assert {"recurrence 1", "recurrence 2"} <= parameters_by_place(model).keys()
    backward = uppermost_recurrent(model)[1]
    assert backward is model.encoder.backward_layers[1] and recurrent_matrices(backward).shape == (4, 8, 8)
    first = build_model(
        record.trainer.config.model, torch.from_numpy(record.trainer.data[0].matrix), 1, torch.device("cpu")
    )
    forget = first.encoder.backward_layers[1].weight_hh_l0[8:16].detach()
    found = looks(record)
    assert found["recurrent_radius"][1].shape == (2, 4)
    assert found["recurrent_radius"][1][1, 1] == pytest.approx(np.abs(np.linalg.eigvals(forget)).max(), rel=1e-4)
    assert found["recurrent_stretch"][1][1, 1] == pytest.approx(np.linalg.norm(forget, 2), rel=1e-4)


def test_watching_changes_no_bit_and_a_resumed_run_has_seen_the_same(train: Any, experiment: Any, stop_at: Any) -> None:
    fields = {
        "model.cell": "lstm",
        "model.num_layers": 2,
        "model.state_dropout": 0.3,
        "model.head_activation": "tanh",
        "model.head_dropout": 0.2,
        "training.clipping": "value",
    }
    runs = {"one": {}, "two": {"model.cell": "rnn"}}
    plain = train(experiment(fields, **runs))
    watching = experiment({**fields, "watch_every": 3}, **runs)
    watched = train(watching)
    assert not plain.diagnostics["one"]
    for name in runs:
        assert plain.steps[name] == watched.steps[name] and plain.evaluations[name] == watched.evaluations[name]
        assert all(torch.equal(value, watched.weights(name)[key]) for key, value in plain.weights(name).items())
    stopped = train(watching, stop_at(5))
    resumed = train(watching, state=stopped.trainer.state_dict())
    for name in runs:
        whole, first, second = (looks(record, name) for record in (watched, stopped, resumed))
        assert sorted(whole["saturated_share"]) == [1, 4, 7]
        assert whole.keys() == first.keys() == second.keys()
        for quantity, values in whole.items():
            together = {**first[quantity], **second[quantity]}
            assert values.keys() == together.keys()
            assert all(np.array_equal(value, together[step], equal_nan=True) for step, value in values.items())


def test_a_network_that_diverged_is_watched_to_its_end(train: Any, experiment: Any) -> None:
    fields = {"training.learning_rate": 1000.0, "training.optimizer": "sgd", "model.pooling": ("last",)}

    class Break(Callback):
        def on_gradient(self, trainer: Trainer, run: TrainingRun, clipped: bool) -> None:
            if clipped:
                for parameter in run.model.parameters():
                    parameter.grad.fill_(math.inf)

    found = looks(train(experiment({**fields, "training.max_steps": 3, "watch_every": 1}), Break()))
    assert sorted(found["recurrent_radius"]) == [1, 2, 3] and np.isnan(found["recurrent_radius"][3]).all()
    assert found["weight_histograms"][3].sum() == 0
