"""Kill anything: a class trains while workers and the server are killed at random; nothing may be lost or doubled.

    python -m benchmarks.kill [--students 40] [--kills 30] [--every 20] [--seed 0]

Students train one experiment each, and resume what was interrupted, as a click would. Every so often SIGKILL ends
a worker, the server or both, whatever they are at. Afterwards: every experiment is there once and finished; within half
a minute of the last kill no row is held by a process that is gone; and weights, steps and evaluations equal, bit for
bit, those of the same training that nobody has disturbed.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.app_server import AppServer, Launch, launch
from sentiment_core.artifacts import run_place
from sentiment_core.classroom.settings import class_settings, set_up
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.metrics import Status
from sentiment_core.presets import vary_clipping
from sentiment_core.processes import find_process
from sentiment_core.store import Experiment, Store, Worker
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal

STUCK_SECONDS = 30.0
SEEDS = 3  # so many undisturbed trainings to compare with


@dataclass
class Outcome:
    """What came of it; the lists are empty when all went well."""

    killed: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)  # of the work whose worker was killed
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
        rows = [{name: value for name, value in row.items() if name != "seconds"} for row in store.step_rows(run.id)]
        weights = {path.name: path.read_bytes() for path in run_place(experiment.id, run.id).glob("*.safetensors")}
        found += [repr(rows), repr(store.evaluations(run.id)), weights, run.steps, run.tokens]
    return found


class Class:
    """Students who train, and resume what was interrupted, until everything is finished."""

    def __init__(self, store: Store, students: int, epochs: int) -> None:
        settings = class_settings()
        assert settings is not None
        room = store.open_room("Kill anything")
        people = [store.join(room.code, f"Student {number}") for number in range(students)]
        self.store = store
        self.acting = [store.acting_for(person, settings.limits) for person in people]
        self.made = [
            acting.create_experiment(asked(1 + place % SEEDS, epochs)).id for place, acting in enumerate(self.acting)
        ]
        self.resumed = 0

    def look(self) -> bool:
        """Resume what was interrupted; return whether all is finished."""
        statuses = self.store.statuses()
        for acting, identifier in zip(self.acting, self.made, strict=True):
            if statuses.get(identifier) == Status.INTERRUPTED:
                acting.requeue(identifier)
                self.resumed += 1
        return all(statuses.get(identifier) == Status.FINISHED for identifier in self.made)


def strike(store: Store, server: AppServer, chance: random.Random, outcome: Outcome) -> None:
    """Kill a worker, the server or both."""
    target = chance.choice(["worker", "worker", "server", "both"])
    if target != "server":
        held = [work for work in store.active_work() if work.worker is not None]
        chance.shuffle(held)
        for work in held[:1]:
            assert work.worker is not None
            if (process := find_process(work.worker)) is not None:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
                    outcome.killed["worker"] += 1
                    outcome.phases[work.progress.phase if work.progress else "starting"] += 1
    if target != "worker":
        server.kill()
        outcome.killed["server"] += 1
        server.start()


def rehearse(home: Path, students: int, kills: int, every: float, epochs: int, seed: int, start: Launch) -> Outcome:
    """Let a class train on `home`, which is `$SENTIMENT_HOME`, and kill; return what came of it."""
    outcome, chance = Outcome(), random.Random(seed)
    set_up()
    with Store() as store, AppServer(home, start) as server:
        lesson = Class(store, students, epochs)
        over = threading.Event()

        def attend() -> None:
            while not lesson.look() and not over.wait(0.3):
                pass

        there = threading.Thread(target=attend)
        there.start()
        for _ in range(kills):
            if over.wait(every * chance.uniform(0.5, 1.5)) or not there.is_alive():
                break
            strike(store, server, chance, outcome)
        outcome.stuck = stuck(store)
        there.join(60.0 * students)
        over.set()
        there.join()
        judge(store, lesson, outcome, epochs)
        outcome.resumed = lesson.resumed
    return outcome


def stuck(store: Store) -> list[str]:
    """Wait for at most half a minute until no row is held by a process that is gone; return those that still are."""
    deadline = time.monotonic() + STUCK_SECONDS
    seen: dict[str, Worker | None] = {}
    while True:
        held = [work for work in store.active_work() if work.status is not Status.QUEUED]
        gone = {work.id: work.worker for work in held if work.worker is None or find_process(work.worker) is None}
        # A worker that has just ended is gone before anybody has looked: the same one has to be gone twice.
        again = [identifier for identifier, worker in gone.items() if seen.get(identifier, ...) == worker]
        if not gone:
            return []
        if time.monotonic() > deadline:
            return again
        seen = gone
        time.sleep(1.0)


def judge(store: Store, lesson: Class, outcome: Outcome, epochs: int) -> None:
    """Hold what is there against what was asked, and against trainings that nobody has disturbed."""
    kept = Counter(each.id for each in store.experiments(limit=10_000))
    outcome.lost = [identifier for identifier in lesson.made if store.statuses().get(identifier) != Status.FINISHED]
    outcome.doubled = [f"{identifier} ×{count}" for identifier, count in kept.items() if count > 1]
    outcome.doubled += sorted(kept.keys() - set(lesson.made))
    whole = {}
    for seed in range(1, 1 + min(SEEDS, len(lesson.made))):
        made = store.create_experiment(asked(seed, epochs), worker=Worker.of())
        whole[seed] = trace(store, run_experiment(store, made.id, StopSignal(), Worker.of()))
    for place, identifier in enumerate(lesson.made):
        if identifier not in outcome.lost and trace(store, store.experiment(identifier)) != whole[1 + place % SEEDS]:
            outcome.different.append(identifier)


def main() -> None:
    """Kill and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--every", type=float, default=20.0, help="seconds, on average")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SENTIMENT_HOME"] = folder
        began = time.monotonic()
        outcome = rehearse(
            Path(folder), options.students, options.kills, options.every, options.epochs, options.seed, launch
        )
        kills = ", ".join(f"{count} × {name}" for name, count in outcome.killed.items())
        print(f"{options.students} students, {time.monotonic() - began:.0f} s; killed: {kills}; at: {outcome.phases}")
        print(f"resumed {outcome.resumed} times; load at the end {os.getloadavg()[0]:.1f}")
        for name in ("lost", "doubled", "stuck", "different"):
            print(f"{name}: {len(getattr(outcome, name))} {getattr(outcome, name)}")


if __name__ == "__main__":
    main()
