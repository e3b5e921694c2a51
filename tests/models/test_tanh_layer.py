"""The tanh layer against PyTorch's own and against finite differences."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sentiment_core.models.tanh_layer import TanhLayer, _TanhRecurrence


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.integers(1, 4))
def test_states_and_gradients_are_those_of_pytorchs_layer(rows: int, steps: int, size: int, hidden: int) -> None:
    torch.manual_seed(rows * 1000 + steps * 100 + size * 10 + hidden)
    theirs, ours = (kind(size, hidden, batch_first=True) for kind in (nn.RNN, TanhLayer))
    ours.load_state_dict(theirs.state_dict())
    inputs = torch.randn(rows, steps, size)
    given_back = torch.randn(rows, steps, hidden)
    found = []
    for layer in (theirs, ours):
        own = inputs.clone().requires_grad_()
        outputs, last = layer(own)
        gradients = torch.autograd.grad((outputs * given_back).sum() + last.sum(), [own, *layer.parameters()])
        found.append((outputs, last, *gradients))
    for mine, other in zip(*found, strict=True):
        torch.testing.assert_close(mine, other)


def test_the_gradient_is_that_of_finite_differences() -> None:
    torch.manual_seed(0)
    shapes = ((4, 3, 2), (5, 2), (5, 5), (5,), (5,))
    values = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(_TanhRecurrence.apply, values)


def test_it_answers_only_where_a_gradient_is_asked_in_full_precision() -> None:
    layer = TanhLayer(3, 4, batch_first=True)
    inputs = torch.randn(2, 5, 3)
    with torch.no_grad():
        without, _ = layer(inputs)
    assert without.grad_fn is None
    assert type(layer(inputs)[0].grad_fn.next_functions[0][0]).__name__ == "_TanhRecurrenceBackward"
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(inputs)[0].dtype is torch.bfloat16
