"""Kill anything: a class trains while whatever serves it is killed at random; nothing may be lost or doubled.

    python -m benchmarks.kill [--students 40] [--kills 30] [--every 20] [--store postgresql] [--seed 0]
    unshare --net --mount python -m benchmarks.kill --composed …    # compose.yaml: Ray's head and nodes, too

Students train one experiment after the other until all kills are done, and resume what was interrupted, as a click
would. Every so often SIGKILL ends a worker, the server, PostgreSQL or a node of Ray, whatever they are at. Afterwards:
every experiment is there once and finished; within half a minute of the last kill no row is held by a process that is
gone; and weights, steps and evaluations equal, bit for bit, those of the same training that nobody has disturbed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psutil

from benchmarks.app_server import launch
from benchmarks.composed import USER, Composed
from benchmarks.victims import ComposedLab, Lab, OneMachine
from sentiment_core.artifacts import run_place
from sentiment_core.classroom.settings import class_settings, set_up, settings_file
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.errors import StoreUnavailableError
from sentiment_core.metrics import Status
from sentiment_core.numerics import prepare_thread
from sentiment_core.presets import vary_clipping
from sentiment_core.store import Experiment, Store, Worker, patiently, rows_of
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal
from tests.forks import Forks
from tests.postgres import Cluster, binaries

STUCK_SECONDS = 30.0
SEEDS = 3  # so many undisturbed trainings to compare with


@dataclass
class Outcome:
    """What came of it; the lists are empty when all went well."""

    killed: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)  # of the work whose worker was killed
    experiments: int = 0
    resumed: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """All that must not happen."""
        return [*self.lost, *self.doubled, *self.stuck, *self.different]


def asked(seed: int, epochs: int) -> ExperimentConfig:
    """Return what a student trains: small, with everything that draws numbers."""
    fields = {
        "device": "cpu", "seed": seed, "data.limit": 120, "data.max_tokens": 30, "data.embeddings": "random",
        "data.embedding_dim": 6, "model.hidden_size": 8, "model.word_dropout": 0.2, "training.batch_size": 16,
        "training.epochs": epochs, "training.weight_averaging": 0.9,
    }  # fmt: skip
    return vary_clipping(from_fields(fields))


def trace(store: Store, experiment: Experiment) -> list[object]:
    """Return all that a training has led to: weights, steps without their times, evaluations."""
    found: list[object] = []
    for run in experiment.runs:
        rows = [{name: value for name, value in row.items() if name != "seconds"} for row in rows_of(store, run.id)]
        weights = {path.name: path.read_bytes() for path in run_place(experiment.id, run.id).glob("[!.]*.safetensors")}
        found += [repr(rows), repr(store.evaluations(run.id)), weights, run.steps, run.tokens]
    return found


class Student:
    """Trains one experiment after the other, and resumes what was interrupted."""

    def __init__(self, store: Store, seed: int, epochs: int) -> None:
        self.store = store
        self.seed, self.epochs = seed, epochs
        self.made: list[str] = []
        self.resumed = 0

    def look(self, statuses: dict[str, str], more: bool) -> bool:
        """Press the button that is there, where there is one; return whether all is finished and nothing is wanted."""
        status = statuses.get(self.made[-1]) if self.made else Status.FINISHED
        if status == Status.INTERRUPTED:
            self.store.requeue(self.made[-1])
            self.resumed += 1
        elif status == Status.FINISHED and (more or not self.made):
            self._train()
        return status == Status.FINISHED and not more

    def _train(self) -> None:
        try:
            self.made.append(self.store.create_experiment(asked(self.seed, self.epochs)).id)
        except StoreUnavailableError:
            # Whoever gets no answer looks whether it is there before they ask again.
            there = [each.id for each in patiently(self.store.experiments) if each.id not in self.made]
            self.made += there[:1]


class Class:
    """Students in a room, until they are told that it is over and have finished."""

    def __init__(self, store: Store, students: int, epochs: int) -> None:
        settings = class_settings()
        assert settings is not None
        room = store.open_room("Kill anything")
        people = [store.join(room.code, f"Student {number}") for number in range(students)]
        self.store = store
        self.students = [
            Student(store.acting_for(person, settings.limits), 1 + place % SEEDS, epochs)
            for place, person in enumerate(people)
        ]
        self.over = threading.Event()
        self.gone = threading.Event()  # nobody waits for those who have not finished

    def attend(self) -> None:
        """Have everybody look again and again."""
        done = False
        while not done and not self.gone.wait(0.3):
            with suppress(StoreUnavailableError):
                statuses = self.store.statuses()
                done = sum(not each.look(statuses, not self.over.is_set()) for each in self.students) == 0


def rehearse(lab: Lab, store: Store, students: int, kills: int, every: float, epochs: int, seed: int) -> Outcome:
    """Let a class train in `lab`, whose store is open here, and kill; return what came of it."""
    outcome, chance = Outcome(), random.Random(seed)
    lesson = Class(store, students, epochs)
    there = threading.Thread(target=lesson.attend)
    there.start()
    while outcome.killed.total() < kills:
        time.sleep(every * chance.uniform(0.5, 1.5))
        target = chance.choice(lab.targets)
        with suppress(StoreUnavailableError, psutil.NoSuchProcess):
            if (phase := lab.kill(target, chance)) is not None:
                outcome.killed[target] += 1
                if target == "worker":
                    outcome.phases[phase] += 1
    outcome.stuck = stuck(lab, store)
    lesson.over.set()
    there.join(60.0 * students)
    lesson.gone.set()
    there.join()
    judge(store, lesson, outcome, epochs)
    return outcome


def stuck(lab: Lab, store: Store) -> list[str]:
    """Return the rows that are held by a process that is gone, and by the same half a minute later.

    What is claimed in the meantime is not among them: on a cluster a worker takes seconds to come to life.
    """
    deadline = time.monotonic() + STUCK_SECONDS
    still: dict[str, Worker | None] | None = None
    while True:
        held = [work for work in patiently(store.active_work) if work.status is not Status.QUEUED]
        gone = {work.id: work.worker for work in held if work.worker is None or lab.find(work.worker) is None}
        if still is not None:
            gone = {identifier: worker for identifier, worker in gone.items() if still.get(identifier, ...) == worker}
        if not gone or time.monotonic() > deadline:
            return sorted(gone)
        still = gone
        time.sleep(1.0)


def judge(store: Store, lesson: Class, outcome: Outcome, epochs: int) -> None:
    """Hold what is there against what was asked, and against trainings that nobody has disturbed."""
    made = {identifier: each.seed for each in lesson.students for identifier in each.made}
    outcome.experiments, outcome.resumed = len(made), sum(each.resumed for each in lesson.students)
    statuses = patiently(store.statuses)
    outcome.lost = [identifier for identifier in made if statuses.get(identifier) != Status.FINISHED]
    kept = Counter(each.id for each in store.experiments(limit=100_000))
    outcome.doubled = [f"{identifier} ×{count}" for identifier, count in kept.items() if count > 1]
    outcome.doubled += sorted(kept.keys() - made.keys())
    whole = {}
    for seed in sorted(set(made.values())):
        alone = store.create_experiment(asked(seed, epochs), worker=Worker.of())
        whole[seed] = trace(store, run_experiment(store, alone.id, StopSignal(), Worker.of()))
    for identifier, seed in made.items():
        if identifier not in outcome.lost and trace(store, store.experiment(identifier)) != whole[seed]:
            outcome.different.append(identifier)


@contextmanager
def a_lab(folder: Path, options: argparse.Namespace) -> Iterator[tuple[Lab, Store]]:
    """Yield what the options ask for, and its store; `$SENTIMENT_HOME` is in `folder`."""
    home = folder / "data"
    os.environ["SENTIMENT_HOME"] = str(home)
    with ExitStack() as stack:
        if options.composed:
            composed = stack.enter_context(Composed(folder, 2))
            os.environ["SENTIMENT_STORE_URL"] = composed.store_url
            set_up()
            shutil.chown(settings_file(), USER, USER)
            with patiently(Store) as store:
                yield ComposedLab(composed, store), store
            return
        home.mkdir()
        set_up()
        programs, cluster = binaries(), None
        if options.store == "postgresql":
            assert programs is not None, "PostgreSQL is not installed"
            cluster = stack.enter_context(closing(Cluster(programs)))
            os.environ["SENTIMENT_STORE_URL"] = cluster.url(cluster.create())
        start = Forks(uuid4().hex, os.getpid()).start_server if options.forked else launch
        with Store() as store, OneMachine(home, store, start, cluster) as lab:
            yield lab, store


def main() -> None:
    """Kill and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--every", type=float, default=20.0, help="seconds, on average")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--composed", action="store_true", help="all that compose.yaml starts, with two nodes")
    parser.add_argument("--forked", action="store_true", help="servers and workers do not import their libraries anew")
    options = parser.parse_args()
    prepare_thread(threads=1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started ends with it
    with tempfile.TemporaryDirectory() as folder, a_lab(Path(folder), options) as (lab, store):
        began = time.monotonic()
        outcome = rehearse(lab, store, options.students, options.kills, options.every, options.epochs, options.seed)
        kills = ", ".join(f"{count} × {name}" for name, count in outcome.killed.items())
        print(f"{options.students} students, {time.monotonic() - began:.0f} s; killed: {kills}; at: {outcome.phases}")
        print(f"{outcome.experiments} experiments, resumed {outcome.resumed} times; load {os.getloadavg()[0]:.1f}")
        for name in ("lost", "doubled", "stuck", "different"):
            print(f"{name}: {len(getattr(outcome, name))} {getattr(outcome, name)}")


if __name__ == "__main__":
    main()
