"""What one student costs, measured, and what classes of 100 to 1,000,000 need by that: a model on paper.

    python -m benchmarks.capacity [--store postgresql+psycopg://…] [--preset clip-norm] [--browsers 8]

Costs are processor time and memory, which a busy machine stretches little; only the store's are seconds by the clock,
the fastest tenth of them.
The model multiplies: it knows nothing of networks, of caches that overflow, or of what breaks first at a size that
nobody has tried.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.app_server import CHROMIUM, FLAGS, ROOT, AppServer
from benchmarks.live import WRITE_SECONDS, FakeWorker
from sentiment_core.machine import in_words
from sentiment_core.store import Store
from sentiment_core.work.worker import HEARTBEAT_SECONDS

SIZES = (100, 1_000, 10_000, 1_000_000)
FULL = 0.7  # of a core or a database that may be used before waiting becomes long
TRAININGS_AN_HOUR = 4  # that a student starts in a lesson
WATCHING = 0.5  # of all students, with a live plot on screen
PAGES_AN_HOUR = 60  # that a student opens
SPARED_MEMORY = 1.3  # what is free for peaks, as a factor


@dataclass(frozen=True)
class Costs:
    """Unit costs: memory in bytes, the rest in seconds of a core; `write` seconds by the clock."""

    worker_memory: float
    training: float
    server_memory: float
    browser_memory: float
    page: float
    watching: float  # for each second that a browser watches a run
    write: float


@dataclass(frozen=True)
class Needs:
    """What a number of students needs at once."""

    trainings: float  # at work at a time
    training_cores: int
    training_memory: float
    servers: int  # processes of the app, each a core
    server_memory: float
    writes: float  # a second
    databases: int


def needs(students: int, costs: Costs) -> Needs:
    """Return what so many students need who are all in a lesson at the same time."""
    busy = students * TRAININGS_AN_HOUR * costs.training / 3600
    cores = math.ceil(busy / FULL)
    pages = students * PAGES_AN_HOUR * costs.page / 3600
    servers = math.ceil((pages + students * WATCHING * costs.watching) / FULL)
    writes = busy * (1 / WRITE_SECONDS + 1 / HEARTBEAT_SECONDS)
    return Needs(
        trainings=busy,
        training_cores=cores,
        training_memory=cores * costs.worker_memory * SPARED_MEMORY,
        servers=servers,
        server_memory=(servers * costs.server_memory + students * costs.browser_memory) * SPARED_MEMORY,
        writes=writes,
        databases=math.ceil(writes * costs.write / FULL),
    )


def training(preset: str) -> tuple[float, float]:
    """Train a preset of the ladder on demo reviews in a process of its own; return its processor time and memory."""
    environment = {**os.environ, "SENTIMENT_HOME": tempfile.mkdtemp(), "OMP_NUM_THREADS": "1"}
    environment.pop("SENTIMENT_STORE_URL", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "sentiment_core", "train", "--preset", preset, "--json"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss * 1024


def store_write(url: str | None, repetitions: int = 200) -> float:
    """Return the seconds, exceeded in nine of ten times, of a worker's transaction: three steps, or a heartbeat."""
    os.environ["SENTIMENT_HOME"] = tempfile.mkdtemp()
    with Store(url) as store:
        worker, seconds = FakeWorker(store), []
        for _ in range(repetitions):
            begun = time.perf_counter()
            worker.write(3)
            seconds.append((time.perf_counter() - begun) / 2)  # steps and heartbeat: two transactions
    # What others do on the machine only adds.
    return statistics.quantiles(seconds, n=10)[0]


def browsing(browsers: int, seconds: float = 15.0) -> tuple[float, float, float, float]:
    """Return the server's memory, what a browser adds to it, processor time of a page, and of a second's watching."""
    os.environ["SENTIMENT_HOME"] = home = tempfile.mkdtemp()
    with Store() as store, sync_playwright() as playwright, AppServer(Path(home)) as server:
        worker, done = FakeWorker(store), threading.Event()
        process = psutil.Process(server.pid)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        link = f"{server.url}/train?experiment={worker.experiment.id}"

        def opened() -> None:
            page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
            page.goto(link)
            page.get_by_text("step 1 /").first.wait_for(timeout=60_000)

        def used() -> float:
            return sum(process.cpu_times()[:2])

        for _ in range(2):
            opened()  # what the first visitors load is there for all
        base, begun = process.memory_info().rss, used()
        for _ in range(browsers):
            opened()
        page, memory = (used() - begun) / browsers, (process.memory_info().rss - base) / browsers

        def write() -> None:
            while not done.wait(WRITE_SECONDS):
                worker.write(1)

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(2)
        begun, started = used(), time.monotonic()
        time.sleep(seconds)
        watching = (used() - begun) / (time.monotonic() - started) / (browsers + 2)
        done.set()
        writer.join()
        browser.close()
    return base, memory, page, watching


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", help="where writes are measured (default: SQLite)")
    parser.add_argument("--preset", default="clip-norm")
    parser.add_argument("--browsers", type=int, default=8)
    options = parser.parse_args()
    write = store_write(options.store)
    seconds, worker_memory = training(options.preset)
    server_memory, browser_memory, page, watching = browsing(options.browsers)
    costs = Costs(worker_memory, seconds, server_memory, browser_memory, page, watching, write)
    print(f"training {options.preset}: {seconds:.1f} s of a core, {in_words(worker_memory)}")
    print(f"server: {in_words(server_memory)}; each browser: {browser_memory / 1e6:.1f} MB")
    print(f"page: {page:.3f} s of a core; watching: {watching * 1000:.1f} ms a second; write: {write * 1000:.2f} ms\n")
    print("| students | at work at a time | cores, memory | app servers, memory | writes a second | databases |")
    print("|---|---|---|---|---|---|")
    for students in SIZES:
        found = needs(students, costs)
        print(
            f"| {students:,} | {found.trainings:,.0f} | {found.training_cores:,}, {in_words(found.training_memory)} "
            f"| {found.servers:,}, {in_words(found.server_memory)} | {found.writes:,.0f} | {found.databases:,} |"
        )


if __name__ == "__main__":
    main()
