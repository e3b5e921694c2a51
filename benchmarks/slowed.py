"""A class watches four trainings on the machine that makes them: how much slower do they train?

    python -m benchmarks.slowed [--browsers 40] [--pairs 5] [--seconds 11]

The browsers of `benchmarks.load` watch, and are stopped (SIGSTOP) in every other block of some seconds, of which the
first two do not count. In a class they are other machines, here they take from the same cores: so besides the steps a
second as they are, which are too few, those are worked out that the cores would leave them:

    steps per processor second of the trainings  ×  processor seconds that the server leaves in a second

Both factors are measured in each block, the first because who is interrupted often also computes more slowly.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.app_server import AppServer
from benchmarks.crowd import percentile
from benchmarks.load import TRAININGS, crowd
from sentiment_core.config import from_fields
from sentiment_core.machine import WORKERS_VARIABLE, cores
from sentiment_core.store import Experiment, Store

SETTLING = 2.0
JOIN = 8.0
DRAWN = 10.0  # after which all pages are, beside four trainings


@dataclass(frozen=True)
class Block:
    """What a second of a block had: steps of all trainings; processor seconds of trainings, server and browsers."""

    steps: float
    trainings: float
    server: float
    browsers: float

    @property
    def possible(self) -> float:
        """Steps a second if nobody but trainings and server were on the machine, and the trainings kept it busy."""
        return self.steps / self.trainings * (cores() - self.server)


def taken(processes: list[psutil.Process]) -> float:
    """Return the processor seconds that processes have taken."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def block(store: Store, made: list[Experiment], groups: list[list[psutil.Process]], seconds: float) -> Block:
    """Measure for some seconds; `groups`: the trainings, the server, the browsers."""

    def look() -> list[float]:
        steps = sum(store.experiment(each.id).runs[0].steps for each in made)
        return [time.monotonic(), steps, *map(taken, groups)]

    time.sleep(SETTLING)
    before = look()
    time.sleep(seconds - SETTLING)
    took, *found = (after - earlier for after, earlier in zip(look(), before, strict=True))
    return Block(*(value / took for value in found))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browsers", type=int, default=40)
    parser.add_argument("--pairs", type=int, default=5, help="blocks with browsers, and as many without")
    parser.add_argument("--seconds", type=float, default=11.0, help="of a block")
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = home = tempfile.mkdtemp()
    os.environ[WORKERS_VARIABLE] = str(TRAININGS + 1)
    spawn = multiprocessing.get_context("spawn")
    with Store() as store, AppServer(Path(home)) as server:
        fields = {"device": "cpu", "data.embeddings": "glove-50", "training.epochs": 200}
        made = store.create_experiments([from_fields({**fields, "seed": seed}) for seed in range(TRAININGS)])
        while any(store.experiment(each.id).runs[0].steps < 5 for each in made):
            time.sleep(0.2)
        workers = [work.worker for work in store.active_work()]
        trainings = [psutil.Process(worker.pid) for worker in workers if worker is not None]
        assert len(trainings) == TRAININGS
        stay = JOIN + DRAWN + 2 * options.pairs * options.seconds
        watched, seen = [each.id for each in made], spawn.Queue()
        asked = (server.port, watched, options.browsers, stay, JOIN, seen)
        visitors = spawn.Process(target=crowd, args=asked)
        visitors.start()
        time.sleep(JOIN + DRAWN)
        browsers = psutil.Process(visitors.pid)
        groups = [trainings, [psutil.Process(server.pid)], [browsers]]
        watching, alone = [], []
        for _ in range(options.pairs):
            watching.append(block(store, made, groups, options.seconds))
            browsers.suspend()
            alone.append(block(store, made, groups, options.seconds))
            browsers.resume()
        found = seen.get()
        visitors.join()
        for each in made:
            store.stop(each.id)
        psutil.wait_procs(trainings, timeout=30)
    for name, blocks in (("watched", watching), ("alone", alone)):
        middle = [statistics.median(getattr(each, part) for each in blocks) for part in Block.__annotations__]
        print(name, "a second: {:.2f} steps; cores: trainings {:.2f}, server {:.2f}, browsers {:.2f}".format(*middle))
    pairs = list(zip(watching, alone, strict=True))
    for name, slowed in (
        ("as it was, browsers on the same cores", [1 - one.steps / other.steps for one, other in pairs]),
        ("without what browsers take", [1 - one.possible / other.possible for one, other in pairs]),
    ):
        every = ", ".join(f"{each:.1%}" for each in slowed)
        print(f"slower, {name}: {statistics.median(slowed):.1%} ({every})")
    answered = found["answered"]
    halfway, nearly = (percentile(answered, share) for share in (0.5, 0.95))
    print(f"{len(answered):,} questions answered: p50 {halfway:.2f} s, p95 {nearly:.2f} s")
    print(f"{options.browsers} browsers, errors: {dict(found['errors']) or 'none'}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
