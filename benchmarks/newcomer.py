"""How long a first-time student waits for the first step while another has fifty trainings queued.

    python -m benchmarks.newcomer [--repetitions 5]

A server in class mode whose places are all that there are by default; from the student's experiment being asked for
until its first step is in the store. Between two of them a worker has its time to get ready.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.app_server import AppServer
from benchmarks.composed import until
from benchmarks.first_curve import READY_SECONDS
from sentiment_core.classroom.settings import class_settings, set_up, settings_file
from sentiment_core.config import from_fields
from sentiment_core.presets import vary_clipping
from sentiment_core.store import Store, rows_of

QUEUED = 50


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["SENTIMENT_HOME"] = home
        set_up()
        # By default a student may have five waiting.
        usual = settings_file().read_text()
        settings_file().write_text(usual.replace("queued = 5 ", f"queued = {QUEUED} ", 1))
        settings = class_settings()
        assert settings is not None and settings.limits.person.queued == QUEUED
        with Store() as store, AppServer(Path(home)):
            room = store.open_room("Newcomers")
            busy = store.acting_for(store.join(room.code, "Busy"), settings.limits)
            long = from_fields({"device": "cpu", "training.epochs": 100, "training.max_steps": 5_000})
            queued = [busy.create_experiment(long).id for _ in range(QUEUED)]
            until(lambda: store.experiment(queued[0]).step > 10, "the first of the fifty")
            taken = []
            for seed in range(options.repetitions):
                time.sleep(READY_SECONDS)
                newcomer = store.acting_for(store.join(room.code, f"Newcomer {seed}"), settings.limits)
                began = time.monotonic()
                asked = vary_clipping(from_fields({"device": "cpu", "seed": seed, "training.max_steps": 50}))
                made = newcomer.create_experiment(asked)
                while not any(rows_of(store, run.id) for run in made.runs):
                    time.sleep(0.02)
                taken.append(time.monotonic() - began)
                until(lambda: not store.experiment(made.id).status.is_active, "a newcomer's training")  # noqa: B023
            for each in queued:
                store.stop(each)
            until(lambda: not store.active_work(), "the end")
    each = ", ".join(f"{seconds:.2f}" for seconds in taken)
    print(f"median {statistics.median(taken):.2f} s ({each}); load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
