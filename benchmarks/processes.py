"""Is one training faster in two processes with half of each batch than in one with two threads?

    python -m benchmarks.processes [--updates 4] [--rounds 7]

A bare loop over one batch, without metrics and store: whole, in one thread; its halves in two threads whose gradients
are added, as `training/halves.py` does; its halves in two processes of one thread each that add their gradients by
gloo, as one vector. The ways take turns; of each the median over the rounds counts, the first round not. All begin
with the same weights, and what these come to is compared.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import multiprocessing, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from sentiment_core.models.tanh_layer import TanhLayer
from sentiment_core.numerics import prepare_thread

Update = Callable[[], None]


class Model(nn.Module):
    """Layers over rows `(B, T, E)`, what they say at one place, one linear layer."""

    def __init__(self, layers: nn.Module, size: int, place: int) -> None:
        super().__init__()
        self.layers, self.head, self.place = layers, nn.Linear(size, 1), place

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        found = self.layers(rows)
        states = found[0] if isinstance(found, tuple) else found
        return self.head(states[:, self.place]).squeeze(-1)


def transformer() -> nn.Module:
    """Return the size of `bert-mlm`'s encoder, roughly."""
    layer = nn.TransformerEncoderLayer(64, 4, 256, dropout=0.0, batch_first=True)
    return nn.TransformerEncoder(layer, 2)


# By its name: how it is made, and what it reads `(B, T, E)`.
MODELS: dict[str, tuple[Callable[[], Model], tuple[int, int, int]]] = {
    "tanh RNN, 128 units": (lambda: Model(TanhLayer(50, 128, batch_first=True), 128, -1), (128, 200, 50)),
    "GRU, 128 units": (lambda: Model(nn.GRU(50, 128, batch_first=True), 128, -1), (128, 200, 50)),
    "Transformer, 2 layers of 64": (lambda: Model(transformer(), 64, 0), (32, 64, 64)),
}


class Training:
    """A model with its optimizer and one batch, the same wherever it is made."""

    def __init__(self, name: str) -> None:
        torch.manual_seed(1)
        make, shape = MODELS[name]
        self.model = make()
        self.rows, self.labels = torch.randn(shape), torch.randint(2, shape[:1]).float()
        self.learned = list(self.model.parameters())
        self.optimizer = torch.optim.Adam(self.learned, lr=1e-3)
        self.halves = [slice(0, shape[0] // 2), slice(shape[0] // 2, shape[0])]

    def gradient(self, rows: slice) -> Sequence[torch.Tensor]:
        """Return what some rows add to the gradient of the mean over all."""
        loss = F.binary_cross_entropy_with_logits(self.model(self.rows[rows]), self.labels[rows], reduction="sum")
        return torch.autograd.grad(loss / len(self.labels), self.learned)

    def step(self, gradients: Sequence[torch.Tensor]) -> None:
        """Change the weights once."""
        for parameter, gradient in zip(self.learned, gradients, strict=True):
            parameter.grad = gradient
        self.optimizer.step()


def timed(update: Update, updates: int) -> float:
    """Return seconds an update."""
    began = time.perf_counter()
    for _ in range(updates):
        update()
    return (time.perf_counter() - began) / updates


def process(rank: int, name: str, meeting: str, updates: int, told: Connection) -> None:
    """Be one of two that share each batch: time so many updates whenever something comes, until it is False."""
    prepare_thread(threads=1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    training = Training(name)

    def update() -> None:
        flat = parameters_to_vector(training.gradient(training.halves[rank]))
        dist.all_reduce(flat)
        gradients = [torch.empty_like(parameter) for parameter in training.learned]
        vector_to_parameters(flat, gradients)
        training.step(gradients)

    while told.recv():
        told.send(timed(update, updates))
    told.send(parameters_to_vector(training.learned).detach().numpy())
    dist.destroy_process_group()


def compared(name: str, updates: int, rounds: int) -> tuple[list[list[float]], float]:
    """Return milliseconds an update, whole, in threads and in processes, by round; how far the weights end apart."""
    whole, threaded = Training(name), Training(name)
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(2)]
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(2, initializer=prepare_thread, initargs=(1,)) as pool,
    ):
        meeting = str(Path(folder) / "meeting")
        others = [
            context.Process(target=process, args=(rank, name, meeting, updates, pipe[1]))
            for rank, pipe in enumerate(pipes)
        ]
        for other in others:
            other.start()

        def in_threads() -> None:
            first, second = pool.map(threaded.gradient, threaded.halves)
            threaded.step([one + other for one, other in zip(first, second, strict=True)])

        def tell(go: bool) -> list[Any]:
            for ours, _ in pipes:
                ours.send(go)
            return [ours.recv() for ours, _ in pipes]

        found = []
        for _ in range(rounds + 1):
            alone = timed(lambda: whole.step(whole.gradient(slice(None))), updates)
            found.append([1000 * seconds for seconds in (alone, timed(in_threads, updates), max(tell(True)))])
        weights = [torch.from_numpy(each) for each in tell(False)]
        for other in others:
            other.join()
    mine = parameters_to_vector(threaded.learned).detach()
    return found[1:], max(float((mine - each).abs().max()) for each in weights)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=4, help="in a round")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    prepare_thread(threads=1)
    for name in MODELS:
        found, apart = compared(name, options.updates, options.rounds)
        middle = [statistics.median(column) for column in zip(*found, strict=True)]
        gain = [threads / processes for _, threads, processes in found]
        print(
            f"{name}: {middle[0]:.1f} ms an update whole, {middle[1]:.1f} in two threads, {middle[2]:.1f} in two"
            f" processes; threads over processes {statistics.median(gain):.2f} ({min(gain):.2f} to {max(gain):.2f});"
            f" weights apart by {apart:.0e}; load {os.getloadavg()[0]:.1f}"
        )


if __name__ == "__main__":
    main()
