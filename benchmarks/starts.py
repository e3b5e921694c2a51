"""Where the processor's time goes between asking for a training and its first update: a first start, then second ones.

python -m benchmarks.starts --data FILE.csv.gz [--embeddings glove-100] [--repetitions 5]

Each start is a process of its own in which PyTorch and the program are imported before the clock starts, as in a worker
that waits. A second start finds what the first one has kept.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from functools import wraps
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# What is called → the part it belongs to. Of calls within calls each counts for itself.
PARTS = {
    "sentiment_core.sources:Source.recipe": "hash of the file's bytes",
    "sentiment_core.sources:Source.load": "reading the file",
    "sentiment_core.datasets.known:text_hashes": "hashes that find copies",
    "sentiment_core.datasets.known:exact_hashes": "hashes of contents",
    "sentiment_core.datasets:read_once": "what is known of the file",
    "sentiment_core.datasets:drawn_test": "split",
    "sentiment_core.datasets:assign_parts": "split",
    "sentiment_core.training.sentiment:remarks": "remarks",
    "sentiment_core.training.sentiment:write_seen": "list of what is learned from",
    "sentiment_core.corpus:load_vectors": "word vectors",
    "sentiment_core.corpus:_encode": "encoding",
    "sentiment_core.corpus:_encoded": "cache of the encoding",
    "sentiment_core.corpus:excerpts": "which tokens are read",
    "sentiment_core.training.trainer:Trainer.__init__": "network",
    "sentiment_core.training.trainer:Trainer.fit": "first update",
}

spent: dict[str, float] = {}
within = [0.0]


def timed(place: str, part: str) -> None:
    """Count the processor time of calls of the function at `place`, without that of others that are timed."""
    module, _, name = place.partition(":")
    owner: Any = import_module(module)
    *outer, name = name.split(".")
    for each in outer:
        owner = getattr(owner, each)
    function = getattr(owner, name)

    @wraps(function)
    def called(*arguments: Any, **named: Any) -> Any:
        started = time.process_time()
        within.append(0.0)
        try:
            return function(*arguments, **named)
        finally:
            seconds = time.process_time() - started
            spent[part] = spent.get(part, 0.0) + seconds - within.pop()
            within[-1] += seconds

    setattr(owner, name, called)


def start(data: str, embeddings: str) -> dict[str, Any]:
    """Prepare a training as a worker does, make one update, and return the seconds of each part and of all."""
    import torch
    import torch._dynamo  # an optimizer imports it

    from sentiment_core.config import from_fields
    from sentiment_core.training.build import build_trainer
    from sentiment_core.training.task import task_named
    from sentiment_core.work.executors.rehearsal import OneUpdate

    for place, part in PARTS.items():
        timed(place, part)
    torch.set_num_threads(1)
    seen = tempfile.mkdtemp()
    started, processor = time.monotonic(), time.process_time()
    config = from_fields({"data.source": "csv", "data.path": data, "data.embeddings": embeddings})
    device, task = torch.device("cpu"), task_named(config.task)
    prepared = task.prepare(config, device, Path(seen), lambda message, share=None: None)
    build_trainer(config, ["run"], prepared, device, [OneUpdate()], 1).fit()
    total = time.process_time() - processor
    return {
        "parts": {**spent, "the rest": total - sum(spent.values())},
        "processor": total,
        "clock": time.monotonic() - started,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--embeddings", default="glove-100")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    data = str(Path(options.data).resolve())
    if options.here:
        print(json.dumps(start(data, options.embeddings)))
        return
    environment = os.environ | {"SENTIMENT_HOME": tempfile.mkdtemp()}
    command = [sys.executable, "-m", "benchmarks.starts", "--data", data, "--embeddings", options.embeddings, "--here"]
    for name, count in (("first start", 1), ("second start", options.repetitions)):
        found = [
            json.loads(subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout)
            for _ in range(count)
        ]
        processor, clock, memory = (median(each[key] for each in found) for key in ("processor", "clock", "gigabytes"))
        print(
            f"{name}, median of {count}: {processor:.2f} s of processor time, {clock:.2f} s by the clock, "
            f"peak memory {memory:.2f} GB, load {os.getloadavg()[0]:.1f}"
        )
        for part in found[0]["parts"]:
            print(f"  {median(each['parts'].get(part, 0.0) for each in found):7.3f}  {part}")


if __name__ == "__main__":
    main()
