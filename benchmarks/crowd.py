"""A class opens one long run at the same moment: how long until everybody has all of it, and do pages open meanwhile?

    python -m benchmarks.crowd [--browsers 100] [--steps 10000]

A process of its own plays the browsers: each asks for a finished twin as the live plot does, until nothing more waits.
Every other second as many open it anew.
The time ends with the last byte: what the browser makes of the numbers costs the server nothing and is not counted, and
so equal answers are parsed once. A real Chromium opens Runs and Train, first alone and then meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import math
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import BrowserContext, sync_playwright

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer
from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Evaluation, Status
from sentiment_core.presets import vary_clipping
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Store

OPENS = 5
PERIOD = 2.0
PAGES = {"runs": "Search", "train": "Learning rate"}


def long_twin(store: Store, steps: int) -> str:
    """Write a finished twin of so many noisy steps a run; return its id."""
    experiment = store.create_experiment(vary_clipping(ExperimentConfig(name="Long")))
    chance = random.Random(1)
    for run in experiment.runs:
        rows = []
        for step in range(1, steps + 1):
            norm = chance.lognormvariate(0, 0.5)
            loss = 0.7 * math.exp(-step / 5000) * chance.uniform(0.9, 1.1)
            accuracy = chance.randint(64, 128) / 128
            rows.append(
                StepMetrics(step, 1, loss, accuracy, 1e-3, norm, min(norm, 1.0), 0.1, 1.0, 1.0, 9000, step * 0.1)
            )
        store.write_steps({run.id: rows})
        store.write_evaluations(run.id, [Evaluation(k, 1, "validation", 0.6, 0.7) for k in range(50, steps + 1, 50)])
        store.update_run(run.id, steps=steps, seconds=steps * 0.1, tokens=9000 * steps)
    store.set_status(experiment.id, Status.FINISHED)
    return experiment.id


@lru_cache(maxsize=8)
def understood(body: bytes) -> tuple[bool, str]:
    """Return whether more waits, and what to ask for next."""
    answer = json.loads(gzip.decompress(body))
    ends = [f"{run['id']}:{run['steps']['step'][-1]}" for run in answer["runs"] if run["steps"]["step"]]
    return answer["more"], ",".join(ends)


async def one_browser(port: int, identifier: str) -> tuple[float, int]:
    """Return the seconds until everything was there, and how often the server was too busy."""
    after, busy, started = "", 0, time.monotonic()
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        path = f"/api/experiments/{identifier}?after={after}"
        headers = f"Host: 127.0.0.1:{port}\r\nAccept-Encoding: gzip\r\nConnection: close"
        writer.write(f"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        if b" 503 " in head.split(b"\r\n")[0]:
            busy += 1
            await asyncio.sleep(random.uniform(2, 3))
            continue
        more, ends = understood(body)
        after = ends or after
        if not more:
            return time.monotonic() - started, busy


def crowd(port: int, identifier: str, browsers: int, results: Any, enough: Any) -> None:
    """Play `browsers` at once, every `PERIOD` seconds until there is `enough`; put what `one_browser` returned."""

    async def wave() -> Sequence[tuple[float, int]]:
        return await asyncio.gather(*(one_browser(port, identifier) for _ in range(browsers)))

    while not enough.is_set():
        started = time.monotonic()
        results.put(asyncio.run(wave()))
        enough.wait(max(0.0, PERIOD - (time.monotonic() - started)))
    results.put(None)


def opened(context: BrowserContext, url: str, path: str) -> float:
    """Open a page anew and return the seconds until it is drawn."""
    page = context.new_page()
    started = time.monotonic()
    page.goto(f"{url}/{path}")
    page.get_by_text(PAGES[path]).first.wait_for(timeout=60_000)
    seconds = time.monotonic() - started
    page.close()
    return seconds


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browsers", type=int, default=100)
    parser.add_argument("--steps", type=int, default=10_000)
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = home = tempfile.mkdtemp()
    with Store() as store, sync_playwright() as playwright, AppServer(Path(home)) as server:
        identifier = long_twin(store, options.steps)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        # One context: like a student's browser, it has the scripts already.
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        for path in PAGES:
            opened(context, server.url, path)
        alone = [opened(context, server.url, path) for path in [*PAGES] * OPENS]
        process = psutil.Process(server.pid)
        spawn = multiprocessing.get_context("spawn")
        results, enough = spawn.Queue(), spawn.Event()
        before = sum(process.cpu_times()[:2])
        visitors = spawn.Process(target=crowd, args=(server.port, identifier, options.browsers, results, enough))
        visitors.start()
        waves = [results.get()]
        used = sum(process.cpu_times()[:2]) - before
        meanwhile = [opened(context, server.url, path) for path in [*PAGES] * OPENS]
        enough.set()
        waves += iter(results.get, None)
        visitors.join()
        seconds = [one for wave in waves for one, _ in wave]
        print(
            f"{len(waves)} times {options.browsers} browsers, {options.steps} steps: complete after"
            f" p50 {statistics.median(seconds):.2f} s, p95 {percentile(seconds, 0.95):.2f} s;"
            f" turned away {sum(busy for wave in waves for _, busy in wave)} times;"
            f" the first wave cost the server {used:.2f} s of processor time"
        )
        for name, values in (("alone", alone), ("meanwhile", meanwhile)):
            median, p95 = statistics.median(values), percentile(values, 0.95)
            print(f"pages {name}: p50 {median:.2f} s, p95 {p95:.2f} s of {len(values)}")
        browser.close()


if __name__ == "__main__":
    main()
