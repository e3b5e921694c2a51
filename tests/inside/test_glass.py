"""One review through the units: states, gates and the gradient equal what is written out; padding washes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sentiment_core.errors import DataError, NotFoundError
from sentiment_core.explain.padding_probe import padding_probe
from sentiment_core.explain.predictor import Predictor
from sentiment_core.inside import measures
from sentiment_core.inside.glass import look, reading_order
from sentiment_core.inside.shipped import FOLDER, SHIPPED, load_shipped, shipped_steps
from tests.training.test_listening import CELLS

Make = Callable[..., Predictor]
TEXT = "word1 word2 unknown word3 word4 word5 word6"
EXAMPLE = "The photography is gorgeous, but none of it can hide the plot, which is lazy and far too long."
POOLINGS = ["padded_last", "last", "attention_dot"]


def written_out(predictor: Predictor, cell: str, row: np.ndarray, padding: int) -> list[torch.Tensor]:
    """Return the states `(1, H)` of a one-way network, each a tensor of its own."""
    weights = {
        name.removeprefix("encoder.forward_layers.0."): value for name, value in predictor.model.state_dict().items()
    }
    vectors = predictor.embedded(row[None, :])
    inputs = F.pad(vectors, (0, 0, 0, padding))
    zeros = torch.zeros(1, weights["weight_hh_l0"].shape[1])
    state: Any = (zeros, zeros) if cell == "lstm" else (zeros,)
    states = []
    for step in range(inputs.shape[1]):
        h, state = CELLS[cell](inputs[:, step].requires_grad_(), state, weights)
        h.retain_grad()
        states.append(h)
    return states


@pytest.mark.parametrize("padding", [0, 9])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_gradient_is_autograds_on_a_network_written_out(
    cell: str, pooling: str, padding: int, make_predictor: Make
) -> None:
    predictor = make_predictor({"model.cell": cell, "model.pooling": pooling}, temperature=1.7)
    found = look(predictor, TEXT, padding, label=0)
    count = len(found.token_ids)
    states = written_out(predictor, cell, found.token_ids, padding)
    np.testing.assert_allclose(found.states, torch.cat(states).detach(), atol=1e-6)
    if pooling == "attention_dot":
        own = torch.stack(states[:count], dim=1)
        pooled = torch.einsum("bt,bth->bh", (own @ states[count - 1].unsqueeze(-1)).squeeze(-1).softmax(dim=1), own)
    else:
        pooled = states[-1 if pooling == "padded_last" else count - 1]
    logit = predictor.model.head(pooled).squeeze()
    loss = F.softplus(logit)
    loss.backward()
    expected = [0.0 if state.grad is None else state.grad.norm().item() for state in states]
    np.testing.assert_allclose(found.gradient, expected, rtol=1e-5, atol=1e-7)
    assert found.loss == pytest.approx(loss.item(), rel=1e-5)
    behind = found.gradient[count:]
    assert found.gradient[:count].min() > 0 and (behind > 0).sum() == (padding if pooling == "padded_last" else 0)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_gates_make_the_states(bidirectional: bool, make_predictor: Make) -> None:
    def parts(cell: str) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        predictor = make_predictor({"model.cell": cell, "model.bidirectional": bidirectional})
        found = look(predictor, TEXT, 3)
        layer = predictor.model.encoder.forward_layers[0]
        inputs = F.pad(predictor.embedded(found.token_ids[None, :]), (0, 0, 0, 3))[0]
        own = found.states[:, : found.forward_units]
        before = np.concatenate([np.zeros_like(own[:1]), own[:-1]])
        x = F.linear(inputs, layer.weight_ih_l0, layer.bias_ih_l0).detach().numpy()
        h = F.linear(torch.from_numpy(before), layer.weight_hh_l0, layer.bias_hh_l0).detach().numpy()
        assert all(
            np.isnan(values[-3:, found.forward_units :]).all() for values in (found.states, *found.gates.values())
        )
        return (
            own,
            before,
            np.split(x, 3 + (cell == "lstm"), axis=1),
            np.split(h, 3 + (cell == "lstm"), axis=1),
            {name: values[:, : found.forward_units] for name, values in found.gates.items()},
        )

    own, before, x, h, gates = parts("gru")
    candidate = np.tanh(x[2] + gates["reset"] * h[2])
    np.testing.assert_allclose(own, (1 - gates["update"]) * candidate + gates["update"] * before, atol=1e-5)
    own, before, x, h, gates = parts("lstm")
    cell = np.zeros_like(own[0])
    for step in range(len(own)):
        cell = gates["forget"][step] * cell + gates["input"][step] * np.tanh(x[2][step] + h[2][step])
        np.testing.assert_allclose(own[step], gates["output"][step] * np.tanh(cell), atol=1e-5)


@pytest.mark.parametrize(
    "fields",
    [
        *({"model.pooling": pooling} for pooling in ("last", "padded_last", "attention_additive", "mean,max")),
        {"model.cell": "gru", "model.bidirectional": True, "model.state_norm": "batch"},
        {"model.pooling": "attention_dot", "model.mistakes": "cross_review_attention"},
    ],
)
def test_the_answer_after_each_word_is_that_of_the_review_up_to_there(
    fields: dict[str, Any], make_predictor: Make
) -> None:
    predictor = make_predictor(fields, temperature=1.3)
    found = look(predictor, TEXT, 4)
    beginnings = [found.token_ids[:length] for length in range(1, len(found.token_ids) + 1)]
    alone = np.concatenate([predictor.logits([row]) for row in beginnings])
    np.testing.assert_allclose(found.probabilities[: len(alone)], 1 / (1 + np.exp(-alone)), atol=1e-6)
    behind = found.probabilities[len(alone) :]
    if "mistakes" in str(fields):
        assert np.isfinite(behind).tolist() == [False, False, False, True]
    else:
        np.testing.assert_allclose(behind, padding_probe(predictor, TEXT, [1, 2, 3, 4]), atol=1e-6)
        again = look(predictor, TEXT, 4, bare=look(predictor, TEXT))
        np.testing.assert_allclose(again.log_odds, found.log_odds, atol=1e-6)


def test_padding_washes_a_saturated_state_out(make_predictor: Make) -> None:
    predictor = make_predictor({"model.pooling": "padded_last"})
    layer = predictor.model.encoder.forward_layers[0]
    layer.weight_ih_l0.mul_(9.0)
    layer.weight_hh_l0.mul_(0.5)
    layer.bias_ih_l0.zero_()
    layer.bias_hh_l0.zero_()
    found = look(predictor, TEXT, 60)
    count = len(found.token_ids)
    assert found.saturated[:count].mean() > 0.5 and not found.saturated[count + 2 :].any()
    assert np.abs(found.states[-1]).max() < 1e-6 and found.gradient[0] < 1e-9 < found.gradient[-1]
    other = look(predictor, "word30 word31 word32", 60)
    assert found.probabilities[-1] == pytest.approx(other.probabilities[-1], abs=1e-6)


def test_units_are_ordered_by_how_they_move_with_the_answer() -> None:
    answer = np.array([0.0, 1.0, np.nan, 3.0])
    states = np.stack([-answer, np.ones(4), answer, np.array([0.0, 1, 0, 2]), np.array([0.0, 1, 0, 0])], axis=1)
    assert reading_order(np.nan_to_num(states), answer, 5).tolist() == [2, 3, 1, 4, 0]
    assert reading_order(np.nan_to_num(states), answer, 2).tolist() == [1, 0, 2, 3, 4]
    assert reading_order(np.zeros((1, 3)), np.array([1.0]), 3).tolist() == [0, 1, 2]


def test_what_is_too_much_or_too_little_is_said(make_predictor: Make) -> None:
    predictor = make_predictor({"data.max_tokens": None})
    for text, padding, message in (
        ("  ", 0, "empty"),
        ("no known one", 0, "knows no word"),
        (TEXT, 251, "from 0 to 250"),
    ):
        with pytest.raises(DataError, match=message):
            look(predictor, text, padding)
    long = look(predictor, "word1 " * 300)
    assert len(long.token_ids) == measures.MOST_TOKENS and long.known == 300 and long.unknown == 0
    assert look(predictor, TEXT).unknown == 1


def test_the_loss_is_against_the_predicted_class_unless_told(make_predictor: Make) -> None:
    predictor = make_predictor()
    found, against = (look(predictor, TEXT, label=label) for label in (None, 1 - look(predictor, TEXT).label))
    assert found.loss < np.log(2) < against.loss
    assert found.label == int(found.probabilities[-1] >= 0.5)


def test_what_ships_shows_what_it_is_there_for() -> None:
    """The padded state forgets the review, the attention does not; each is there at the start as well."""
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert size < 1_000_000
    assert sorted(SHIPPED) == sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
    moved = {}
    for name in SHIPPED:
        steps = shipped_steps(name)
        assert steps[0] == 0 and len(steps) >= 3
        first, last = (load_shipped(name, step) for step in (0, None))
        assert (last.config.model.cell, last.config.model.pooling) == (SHIPPED[name].cell, (SHIPPED[name].pooling,))
        assert last.config.model.pooling == first.config.model.pooling
        far, near = (look(last, EXAMPLE, padding).probabilities[-1] for padding in (200, 0))
        moved[name] = abs(far - near)
        assert abs(look(first, EXAMPLE).probabilities[-1] - near) > 1e-3
    assert moved.pop("glass-padded") > 0.01 and max(moved.values()) < 1e-5
    for name, step, message in (
        ("glass-none", None, "no model called"),
        ("glass-gru", 5, "were not kept; kept are 0, "),
    ):
        with pytest.raises(NotFoundError, match=message):
            load_shipped(name, step)
