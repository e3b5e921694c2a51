"""The tanh layer against PyTorch's own and against finite differences.

The kernels of a GPU are tested where one is, and as C++ where there is a compiler; what is around them, everywhere,
with kernels that PyTorch computes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sentiment_core.models import tanh_kernels, tanh_layer
from sentiment_core.models.tanh_layer import TanhLayer, _TanhRecurrence, _TanhWalk
from tests.models import cuda_on_cpu

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
needs_compiler = pytest.mark.skipif(cuda_on_cpu.COMPILER is None, reason="needs a C++ compiler")


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


def walk(states: torch.Tensor, u: torch.Tensor, rows: int, steps: int) -> None:
    assert states.is_contiguous() and u.is_contiguous() and states.shape[:2] == (rows, steps)
    state = torch.zeros_like(states[:, 0])
    for step in states.unbind(1):
        state = step.copy_(torch.tanh(step + state @ u.t()))


def walk_back(
    gradient: torch.Tensor,
    to_row: int,
    to_step: int,
    states: torch.Tensor,
    u: torch.Tensor,
    before: torch.Tensor,
    sums: torch.Tensor,
    rows: int,
    steps: int,
) -> None:
    assert states.is_contiguous() and before.is_contiguous() and states.shape[:2] == (rows, steps)
    gradient = gradient.as_strided(states.shape, (to_row, to_step, 1))
    later = torch.zeros_like(states[:, 0])
    for step in reversed(range(steps)):
        later = before[:, step].copy_((gradient[:, step] + later @ u) * (1 - states[:, step] ** 2))
    for number, block in enumerate(before.split(tanh_kernels.ROWS)):
        sums[number] = block.sum(dim=(0, 1))


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The layer makes its steps as on a GPU, in kernels that PyTorch computes; which sizes they were asked for."""
    asked: list[dict[str, Any]] = []

    def compile_kernel(source: str, name: str, nvcc_options: list[str]) -> Callable[..., None]:
        assert re.search(rf"\b{name}\(", source)

        def kernel(args: list[Any], **size: Any) -> None:
            asked.append({"name": name, "options": nvcc_options, **size})
            {"walk": walk, "walk_back": walk_back}[name](*args)

        return kernel

    monkeypatch.setattr(torch.cuda, "_compile_kernel", compile_kernel, raising=False)
    monkeypatch.setattr(tanh_layer, "walks", lambda place, units: tanh_kernels.compiled(units))
    return asked


Found = list[torch.Tensor]


def found_by(layer: nn.RNN, inputs: torch.Tensor, given_back: torch.Tensor, device: str = "cpu") -> Found:
    """Return states, the last of them, and the gradients of inputs and weights, from states' gradient `(B, T, H)`."""
    layer = layer.to(device)
    own = inputs.to(device).requires_grad_()
    outputs, last = layer(own)
    gradients = torch.autograd.grad([outputs, last], [own, *layer.parameters()], [given_back.to(device), last.sign()])
    return [tensor.detach().cpu() for tensor in (outputs, last, *gradients)]


def same_layer(kind: type[nn.RNN], other: nn.RNN) -> nn.RNN:
    layer = kind(other.input_size, other.hidden_size, batch_first=True)
    layer.load_state_dict(other.state_dict())
    return layer


@pytest.mark.parametrize(
    ("rows", "steps", "size", "hidden"), [(1, 1, 1, 1), (8, 5, 3, 16), (9, 2, 4, 17), (20, 1, 2, 3)], ids=str
)
def test_what_is_around_the_kernels_makes_pytorchs_numbers(
    rows: int, steps: int, size: int, hidden: int, walked: list[dict[str, Any]]
) -> None:
    torch.manual_seed(0)
    theirs = nn.RNN(size, hidden, batch_first=True)
    inputs = torch.randn(rows, steps, size)
    # As of one of two directions: rows and steps lie further apart than they are long.
    wide = torch.randn(rows, steps, 2 * hidden)
    for given_back in (wide[..., hidden:], torch.ones(1, 1, 1).expand(rows, steps, hidden)):
        ours = found_by(same_layer(TanhLayer, theirs), inputs, given_back)
        for mine, other in zip(ours, found_by(theirs, inputs, given_back), strict=True):
            torch.testing.assert_close(mine, other)
    assert [call["name"] for call in walked] == ["walk", "walk_back"] * 2
    for call in walked:
        # A warp of 32 threads for every sixteen units.
        assert call["grid"] == (-(-rows // 8), 1, 1) and call["block"] == (32 * -(-hidden // 16), 1, 1)
        assert call["options"] == [f"-DUNITS={hidden}", f"-DPADDED={16 * -(-hidden // 16)}"]


def test_the_gradient_around_the_kernels_is_that_of_finite_differences(walked: list[dict[str, Any]]) -> None:
    torch.manual_seed(0)
    kernels = tanh_kernels.compiled(5)
    shapes = ((4, 3, 2), (5, 2), (5, 5), (5,), (5,))
    values = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(lambda *given: _TanhWalk.apply(*given, kernels), values)


def test_what_no_kernel_is_for_pytorch_answers(walked: list[dict[str, Any]]) -> None:
    layer = TanhLayer(3, 4, batch_first=True)
    inputs = torch.randn(2, 5, 3)
    with torch.no_grad():
        layer(inputs)
    with torch.autocast("cpu", torch.bfloat16):
        layer(inputs)
    layer(inputs, torch.zeros(1, 2, 4))
    layer.double()(inputs.double())
    assert not walked
    layer.float()(inputs)
    assert [call["name"] for call in walked] == ["walk"]


@pytest.mark.parametrize(("units", "capability"), [(129, (9, 0)), (128, (7, 5)), (128, (9, 0))], ids=str)
def test_a_gpu_that_cannot_run_the_kernels_goes_on_without(
    units: int, capability: tuple[int, int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is too old, the layer too large, or PyTorch brings no compiler: only the last is worth a word."""

    def compile_kernel(*given: Any, **named: Any) -> None:
        raise OSError("Could not find any NVRTC library")

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    monkeypatch.setattr(torch.cuda, "_compile_kernel", compile_kernel, raising=False)
    found = tanh_kernels.walks.__wrapped__
    assert found(torch.device("cpu"), units) is None and not caplog.records
    assert found(torch.device("cuda", 0), units) is None
    assert len(caplog.records) == (units == 128 and capability == (9, 0))


@pytest.mark.parametrize("units", [1, 5, 16, 128])
def test_kernels_are_tried_before_they_are_used(units: int, walked: list[dict[str, Any]]) -> None:
    kernels = tanh_kernels.compiled(units)
    here, drawn = torch.device("cpu"), torch.get_rng_state()
    tanh_kernels.check(kernels, units, here)
    assert torch.equal(torch.get_rng_state(), drawn)

    def forward(states: torch.Tensor, u: torch.Tensor) -> None:
        kernels.forward(states, u)
        states[-1, -1, -1] += 0.01

    def back(*given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # As if rows and steps lay as close as they are long.
        gradient, *rest = given
        return kernels.back(gradient.as_strided(gradient.shape, torch.empty(gradient.shape).stride()), *rest)

    for wrong in (kernels._replace(forward=forward), kernels._replace(back=back)):
        with pytest.raises(ValueError, match="off by"):
            tanh_kernels.check(wrong, units, here)


@pytest.fixture
def from_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The layer makes its steps as on a GPU, in the kernels' own source."""

    def compile_kernel(source: str, name: str, nvcc_options: list[str]) -> Callable[..., None]:
        return cuda_on_cpu.compile_kernel(source, name, nvcc_options, tmp_path)

    monkeypatch.setattr(torch.cuda, "_compile_kernel", compile_kernel, raising=False)
    monkeypatch.setattr(tanh_layer, "walks", cache(lambda place, units: tanh_kernels.compiled(units)))


@needs_compiler
@pytest.mark.parametrize(("rows", "steps", "size", "hidden"), [(1, 1, 3, 1), (9, 4, 3, 17), (17, 3, 4, 128)], ids=str)
def test_the_kernels_source_makes_the_numbers_of_double_precision(
    rows: int, steps: int, size: int, hidden: int, from_source: None
) -> None:
    _hold_to_double_precision(rows, steps, size, hidden, "cpu")


@needs_compiler
@pytest.mark.parametrize("units", [1, 40, 128])
def test_the_kernels_source_passes_its_trial(units: int, from_source: None) -> None:
    tanh_kernels.check(tanh_kernels.compiled(units), units, torch.device("cpu"))


@needs_compiler
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("to * UNITS + from", "from * UNITS + to"),
        ("* to_row", "* steps * UNITS"),
        ("held[step % 2]", "held[0]"),
    ],
)
def test_a_fault_in_the_kernels_source_is_found(
    right: str, wrong: str, from_source: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = torch.cuda._compile_kernel

    def compile_kernel(source: str, name: str, nvcc_options: list[str]) -> Callable[..., None]:
        assert right in source
        return sound(source.replace(right, wrong), name, nvcc_options)

    monkeypatch.setattr(torch.cuda, "_compile_kernel", compile_kernel)
    found = tanh_kernels.compiled(20)
    with pytest.raises(ValueError, match="off by"):
        tanh_kernels.check(found, 20, torch.device("cpu"))


def test_the_kernels_leave_with_the_package() -> None:
    assert files(tanh_kernels.__package__).joinpath("tanh_kernels.cu").is_file()


@needs_gpu
@pytest.mark.parametrize(
    ("rows", "steps", "size", "hidden"),
    [(1, 1, 3, 5), (13, 7, 100, 128), (9, 33, 20, 100), (17, 40, 6, 12), (40, 50, 64, 64), (128, 300, 100, 128)],
    ids=str,
)
def test_the_kernels_make_the_numbers_of_double_precision(rows: int, steps: int, size: int, hidden: int) -> None:
    _hold_to_double_precision(rows, steps, size, hidden, "cuda")


def _hold_to_double_precision(rows: int, steps: int, size: int, hidden: int, device: str) -> None:
    """To float32's accuracy, the same each time, also where a row's gradient is one half of a wider one."""
    torch.manual_seed(0)
    exact = nn.RNN(size, hidden, batch_first=True).double()
    inputs = torch.randn(rows, steps, size, dtype=torch.float64)
    given_back = torch.randn(rows, steps, 2 * hidden, dtype=torch.float64)[..., hidden:]
    layer = same_layer(TanhLayer, exact)
    ours = found_by(layer, inputs.float(), given_back.float(), device)
    assert type(layer(inputs.float().to(device))[0].grad_fn).__name__ == "_TanhWalkBackward"
    for mine, other in zip(ours, found_by(exact, inputs, given_back), strict=True):
        assert (mine.double() - other).norm() <= 2e-6 * other.norm()
    again = found_by(layer, inputs.float(), given_back.float(), device)
    assert all(torch.equal(mine, other) for mine, other in zip(ours, again, strict=True))
