"""Subnormal floats count as zero in every thread that computes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from sentiment_core.config import ExperimentConfig
from sentiment_core.corpus import Corpus
from sentiment_core.explain import parallel
from sentiment_core.models import build_model
from sentiment_core.numerics import prepare_thread
from sentiment_core.presets import vary_clipping
from sentiment_core.training import trainer as trainers
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.trainer import Trainer

SUBNORMAL = 1e-39
ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(not torch.set_flush_denormal(True), reason="this processor cannot flush subnormals")


def flushed() -> bool:
    """Whether the calling thread counts a subnormal product as zero."""
    return (torch.full((4,), SUBNORMAL) * torch.ones(4)).sum().item() == 0.0


@pytest.fixture(autouse=True)
def unflushed() -> Iterator[None]:
    """The test's own thread keeps subnormals until somebody prepares it, so that nothing is merely inherited."""
    torch.set_flush_denormal(False)
    assert not flushed()
    yield
    prepare_thread()


def test_a_prepared_thread_flushes_and_has_its_threads() -> None:
    prepare_thread(threads=1)
    assert flushed() and torch.get_num_threads() == 1


def test_the_threads_that_explain_flush() -> None:
    assert parallel.each(lambda _: flushed(), [1, 2, 3]) == [True, True, True]


def test_runs_and_their_backward_pass_flush(
    tiny: Callable[..., ExperimentConfig], make_corpus: Callable[..., Corpus], monkeypatch: pytest.MonkeyPatch
) -> None:
    forward: list[bool] = []
    backward: list[bool] = []

    def watched(*arguments: object) -> object:
        model = build_model(*arguments)  # type: ignore[arg-type]
        model.register_forward_hook(lambda *_: forward.append(flushed()))
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.register_hook(lambda gradient: backward.append(flushed()))
        return model

    monkeypatch.setattr("sentiment_core.training.sentiment.build_model", watched)
    twin = vary_clipping(tiny())
    Trainer(twin, ["a", "b"], [make_corpus()] * 2, torch.device("cpu"), [Two()]).fit()
    assert len(forward) >= 4 and len(backward) >= 4
    assert all(forward) and all(backward)


class Two(Callback):
    """Ends after two updates."""

    def on_step(self, trainer: Trainer) -> None:
        trainer.should_stop = trainer.step >= 2


def test_what_is_measured_is_the_same_with_and_without(
    tiny: Callable[..., ExperimentConfig], make_corpus: Callable[..., Corpus], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Through so many steps of a fresh network the gradient of the first words does become subnormal.
    config, corpus = tiny({"model.pooling": ("last",)}), make_corpus(48, longest=300)

    def losses() -> list[float]:
        trainer = Trainer(config, ["a"], [corpus], torch.device("cpu"), [Two()])
        trainer.fit()
        return [value for step in trainer.runs[0].drain().steps for value in (step.loss, step.grad_norm)]

    fast = losses()
    torch.set_flush_denormal(False)
    monkeypatch.setattr(trainers, "prepare_thread", torch.set_num_threads)
    assert not flushed()
    assert losses() == fast


@pytest.mark.parametrize(
    "start",
    [
        (
            "from sentiment_core import cli;"
            "cli.parser.reviews.baselines = lambda options: ({'flushed': check()}, str(check()));"
            "cli.main(['baselines'])"
        ),
        (
            "from sentiment_core.work import worker; worker.register = lambda _: print(check());"
            "worker.main(['module:KIND', 'kind-key'])"
        ),
    ],
    ids=["command line", "worker"],
)
def test_processes_start_flushed_and_so_do_their_pools(start: str, tmp_path: Path) -> None:
    # Many elements and two threads: the pool that shares the work is started while `check` runs.
    check = (
        "def check():\n"
        "    import torch\n"
        "    torch.set_num_threads(2)\n"
        f"    return not (torch.full((1 << 20,), {SUBNORMAL}) * torch.ones(1 << 20)).any().item()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", check + start],
        cwd=ROOT,
        env={**os.environ, "SENTIMENT_HOME": str(tmp_path), "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "True" in done.stdout, done.stdout + done.stderr
