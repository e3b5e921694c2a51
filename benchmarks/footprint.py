"""Memory of training and of the idle web server, and how soon a second start reaches its first step.

python -m benchmarks.footprint --data FILE.csv.gz [--embeddings glove-100]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.app_server import ROOT, AppServer


def train(data: str, embeddings: str, environment: dict[str, str]) -> tuple[float, float]:
    """Train five updates in a process of its own; return seconds to the first step and peak memory in GB."""
    command = [sys.executable, "-m", "sentiment_core", "train", "--preset", "attention", "--data", data]
    command += ["--embeddings", embeddings, "--max-steps", "5", "--set", "data.tokenizer=word", "--json"]
    started = time.monotonic()
    process = psutil.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    first_step, peak = 0.0, 0
    os.set_blocking(process.stderr.fileno(), False)
    while process.poll() is None:
        line = process.stderr.readline()
        if line.startswith("step") and not first_step:
            first_step = time.monotonic() - started
        try:
            peak = max(peak, process.memory_info().rss)
        except psutil.Error:
            break
        time.sleep(0.02)
    assert json.loads(process.stdout.read())["runs"][0]["status"] == "finished"
    return first_step, peak / 1e9


def idle_server(home: str) -> float:
    """Start the web server, wait until it is idle, and return its memory in MB."""
    with AppServer(Path(home)) as server:
        time.sleep(5)
        process = psutil.Process(server.pid)
        return sum(item.memory_info().rss for item in [process, *process.children(recursive=True)]) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--embeddings", default="glove-100")
    options = parser.parse_args()
    environment = os.environ | {"SENTIMENT_HOME": tempfile.mkdtemp()}
    data = str(Path(options.data).resolve())
    for name in ("first", "second"):
        seconds, peak = train(data, options.embeddings, environment)
        print(f"{name} start: first step shown after {seconds:.1f} s, peak memory {peak:.2f} GB")
    print(f"idle web server: {idle_server(environment['SENTIMENT_HOME']):.0f} MB")


if __name__ == "__main__":
    main()
