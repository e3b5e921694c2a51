"""The recurrent encoder against PyTorch's packed sequences, which handle padding by another road."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from sentiment_core.config import build
from sentiment_core.models.encoder import RecurrentEncoder, reversal
from sentiment_core.settings import ModelConfig

SIZE, HIDDEN = 5, 4
LENGTHS = torch.tensor([6, 1, 4])


def pair(cell: str, layers: int, bidirectional: bool) -> tuple[RecurrentEncoder, nn.RNNBase]:
    """An encoder, and PyTorch's own stack with the same weights."""
    torch.manual_seed(0)
    config = build(
        ModelConfig,
        {"cell": cell, "hidden_size": HIDDEN, "num_layers": layers, "bidirectional": bidirectional},
    )
    encoder = RecurrentEncoder(config, SIZE, torch.Generator())
    reference = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](
        SIZE, HIDDEN, layers, batch_first=True, bidirectional=bidirectional
    )
    stacks = [("", encoder.forward_layers), ("_reverse", encoder.backward_layers)]
    with torch.no_grad():
        for suffix, stack in stacks:
            for depth, layer in enumerate(stack):
                for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                    getattr(reference, f"{kind}_l{depth}{suffix}").copy_(getattr(layer, f"{kind}_l0"))
    return encoder, reference


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_states_equal_packed_sequences(cell: str, layers: int, bidirectional: bool) -> None:
    encoder, reference = pair(cell, layers, bidirectional)
    embedded = torch.randn(3, 9, SIZE)  # padding holds noise: it must not matter
    states = encoder(embedded, LENGTHS)
    packed = pack_padded_sequence(embedded, LENGTHS, batch_first=True, enforce_sorted=False)
    outputs, final = reference(packed)
    expected = pad_packed_sequence(outputs, batch_first=True)[0]
    assert states.shape == (3, 9, encoder.output_size)
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(states[row, :length], expected[row, :length])
    last = final[0] if isinstance(final, tuple) else final
    final_states = torch.cat(list(last[-2 if bidirectional else -1 :]), dim=-1)
    torch.testing.assert_close(encoder.last_state(states, LENGTHS - 1), final_states)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_gradients_reach_every_layer_and_equal_the_packed_ones(cell: str) -> None:
    encoder, reference = pair(cell, 2, True)
    embedded = torch.randn(3, 8, SIZE, requires_grad=True)
    encoder.last_state(encoder(embedded, LENGTHS), LENGTHS - 1).square().sum().backward()
    ours, embedded.grad = embedded.grad, None
    packed = pack_padded_sequence(embedded, LENGTHS, batch_first=True, enforce_sorted=False)
    final = reference(packed)[1]
    (final[0] if isinstance(final, tuple) else final)[-2:].square().sum().backward()
    torch.testing.assert_close(ours, embedded.grad)
    for suffix, stack in (("", encoder.forward_layers), ("_reverse", encoder.backward_layers)):
        for depth, layer in enumerate(stack):
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                theirs = getattr(reference, f"{kind}_l{depth}{suffix}").grad
                torch.testing.assert_close(getattr(layer, f"{kind}_l0").grad, theirs, msg=f"{kind} {depth}{suffix}")


@given(st.lists(st.integers(0, 7), min_size=1, max_size=5), st.integers(7, 10))
def test_reversal_reverses_reviews_and_leaves_padding(lengths: list[int], steps: int) -> None:
    order = reversal(torch.tensor(lengths), steps)
    for row, length in zip(order.tolist(), lengths, strict=True):
        assert row == [*reversed(range(length)), *range(length, steps)]


def test_state_dropout_acts_after_every_layer() -> None:
    config = ModelConfig(hidden_size=HIDDEN, num_layers=2, state_dropout=0.5)
    encoder = RecurrentEncoder(config, SIZE, torch.Generator().manual_seed(0)).train()
    states = encoder(torch.randn(3, 9, SIZE), LENGTHS)
    assert 0.3 < (states == 0).float().mean() < 0.7
