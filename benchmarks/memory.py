"""What training takes in memory, held against the estimate; with --factors, the peaks its factors come from.

python -m benchmarks.memory [--data FILE.csv.gz] [--factors]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.app_server import ROOT
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.presets import preset, vary_clipping
from sentiment_core.training.memory import memory_need

# Whole trainings: what varies is what the estimate is made of.
TRAININGS: dict[str, ExperimentConfig] = {
    "default": ExperimentConfig(),
    "attention, whole reviews": preset("attention").config,
    "clipping twin, batch 512": vary_clipping(from_fields({"training.batch_size": 512})),
    "three rates, whole reviews": preset("learning-rates").config,
    "GRU 256, batch 256": from_fields({"model.cell": "gru", "model.hidden_size": 256, "training.batch_size": 256}),
    "LSTM 512, batch 256": from_fields({"model.cell": "lstm", "model.hidden_size": 512, "training.batch_size": 256}),
    "best": preset("best").config,
    "RNN 64, batch 4,096": from_fields({"model.hidden_size": 64, "training.batch_size": 4096, "data.max_tokens": 200}),
    "masked words": preset("bert-mlm").config,
    "masked words, batch 1,024": from_fields({"training.batch_size": 1024}, preset("bert-mlm").config),
    "fine-tuning, both": preset("bert-finetune").config,
    "fine-tuning, 126 pieces": preset("bert-finetune-reviews").config,
    "Transformer 256, batch 128": from_fields(
        {"model.hidden_size": 256, "model.feed_forward_size": 1024, "data.max_tokens": 254, "training.batch_size": 128},
        from_fields({"model.pretrained": None}, preset("bert-finetune-reviews").config),
    ),
}
# One batch of 64 reviews of 300 tokens: what is kept for each token shows in the differences between the rows.
BASE = {"model.hidden_size": 128, "data.embedding_dim": 128, "model.pooling": "last"}
TRANSFORMERS: dict[str, dict[str, Any]] = {
    **{f"{layers} layers": {"model.num_layers": layers} for layers in (2, 4)},
    "F 1,024": {"model.num_layers": 2, "model.feed_forward_size": 1024},
    "256 units": {"model.num_layers": 2, "model.hidden_size": 256},
    "embedding_dropout": {"model.num_layers": 2, "model.embedding_dropout": 0.3},
    "state_dropout": {"model.num_layers": 2, "model.state_dropout": 0.3},
    "bf16": {"model.num_layers": 2, "training.precision": "bf16"},
}
FACTORS: dict[str, dict[str, Any]] = {
    **{cell: {"model.cell": cell} for cell in ("rnn", "gru", "lstm")},
    **{f"{cell}, 256 units": {"model.cell": cell, "model.hidden_size": 256} for cell in ("rnn", "gru", "lstm")},
    **{f"{cell}, E 300": {"model.cell": cell, "data.embedding_dim": 300} for cell in ("rnn", "gru", "lstm")},
    **{f"{cell}, both ways": {"model.cell": cell, "model.bidirectional": True} for cell in ("rnn", "gru", "lstm")},
    **{name: {"model.pooling": name} for name in ("mean", "max", "attention_dot", "attention_additive")},
    **{f"input norm {name}": {"model.input_norm": name} for name in ("batch", "layer")},
    **{name: {f"model.{name}": 0.3} for name in ("word_dropout", "embedding_dropout", "state_dropout")},
    **{f"Transformer, {name}": {"task": "reviews-in-pieces", **fields} for name, fields in TRANSFORMERS.items()},
    "masked words, 15 %": {"task": "masked-words", "model.num_layers": 2},
    "masked words, 40 %": {"task": "masked-words", "model.num_layers": 2, "training.mask_share": 0.4},
}
B, T, V = 64, 300, 1000

ONE_BATCH = """
import json, sys, torch
from sentiment_core.batches import Batch
from sentiment_core.config import from_fields
from sentiment_core.models import build_model
from sentiment_core.models.masked import build_masked_model
from sentiment_core.models.reviews import build_review_transformer
from sentiment_core.training.pretraining import PairBatch
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.stepper import Stepper
from sentiment_core.training.task import task_named

def status(name):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(name))

def batch(B, T):
    ids, lengths, answers = torch.randint(5, V, (B, T)), torch.full((B,), T), (torch.rand(B) > 0.5).float()
    if config.task != "masked-words":
        return Batch(ids, lengths, answers, B * T)
    chosen = torch.randperm(B * T)[: round(B * T * config.training.mask_share)]
    return PairBatch(ids, 0 * ids, lengths, answers, chosen, ids.flatten()[chosen], B * T)

def model():
    if config.task == "masked-words":
        return build_masked_model(config.model, V, T, 1, cpu)
    if config.task == "reviews-in-pieces":
        return build_review_transformer(config.model, V, T + 2, 1, cpu)
    return build_model(config.model, torch.randn(V, config.data.embedding_dim) * 0.1, 1, cpu)

torch.set_num_threads(1)
(fields, B, T, V), cpu = json.loads(sys.argv[1]), torch.device("cpu")
config = from_fields(fields)
stepper = Stepper(task_named(config.task))
first, run = (TrainingRun(name, config, model(), cpu, 9) for name in ("first", "second"))
stepper.update([first], {"first": batch(4, 5)}, 1, 1)
data = batch(B, T)
updates = lambda: [stepper.update([run], {"second": data}, step, 1) for step in (1, 2)]
peaks = []
for work in (lambda: stepper.evaluate(run, [data], "validation"), updates):
    before = status("VmRSS")
    open("/proc/self/clear_refs", "w").write("5")  # forget the peak so far
    work()
    peaks.append((status("VmHWM") - before) / 4 / B / T)
print(json.dumps(peaks))
"""


def measure(command: list[str], home: str) -> int:
    """Run a command and return its peak resident memory in bytes."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"SENTIMENT_HOME": home},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def trainings(data: str | None) -> None:
    """Train each configuration for a few steps and one evaluation, and print peak, estimate and their ratio."""
    home = tempfile.mkdtemp()
    source = {"data.source": "csv", "data.path": str(Path(data).resolve())} if data else {}
    for name, base in TRAININGS.items():
        config = from_fields({**source, "device": "cpu", "training.max_steps": 12, "data.batching": "random"}, base)
        script = (
            "import sys; from sentiment_core.config import ExperimentConfig; from sentiment_core.store import Store; "
        )
        script += "from sentiment_core.work.training import train_here; train_here(Store(), "
        script += "ExperimentConfig.model_validate_json(sys.argv[1]), lambda progress: None)"
        peak = measure([sys.executable, "-c", script, config.model_dump_json()], home)
        need = memory_need(config)
        print(
            f"{name:28} peak {peak / 1e9:5.2f} GB  estimate {need.total / 1e9:5.2f} GB  ratio {need.total / peak:.2f}  "
            f"(batches {need.activations / 1e9:.2f}, parameters {need.parameters / 1e9:.2f})",
            flush=True,
        )


def factors() -> None:
    """Print how many numbers of 4 bytes one token takes at the peak of an evaluation and of an update."""
    for name, fields in FACTORS.items():
        arguments = json.dumps([{**BASE, "data.embeddings": "random", **fields}, B, T, V])
        answer = subprocess.run([sys.executable, "-c", ONE_BATCH, arguments], cwd=ROOT, capture_output=True, check=True)
        evaluation, training = json.loads(answer.stdout)
        print(f"{name:24} evaluation {evaluation:6.0f}  training {training:6.0f}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="reviews; by default the demo's")
    parser.add_argument("--factors", action="store_true")
    options = parser.parse_args()
    if options.factors:
        factors()
    else:
        trainings(options.data)


if __name__ == "__main__":
    main()
