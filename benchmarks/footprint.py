"""Memory of training and of the idle web server, and how soon a second start reaches its first step.

python benchmarks/footprint.py --data FILE.csv.gz [--embeddings glove-100]
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]


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


def idle_server(environment: dict[str, str]) -> float:
    """Start the web server, open its health page, wait, and return its memory in MB."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless=true"]
    process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).read()
                break
            except OSError:
                time.sleep(0.2)
        time.sleep(5)
        return sum(item.memory_info().rss for item in [process, *process.children(recursive=True)]) / 1e6
    finally:
        process.terminate()
        process.wait(10)


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
    print(f"idle web server: {idle_server(environment):.0f} MB")


if __name__ == "__main__":
    main()
