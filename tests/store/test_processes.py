"""Many threads and processes on one store."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from sentiment_core.store import Store
from tests.app_page import ROOT
from tests.forks import StartCode
from tests.store.shared import TWIN

WRITER = """if True:
    import math, sys
    from sentiment_core.steps.quantities import StepMetrics
    from sentiment_core.store import Store
    with Store() as store:
        for number in range(1, int(sys.argv[2]) + 1):
            row = StepMetrics(number, 1, math.nan, 0.5, 1e-3, 2.0, 1.0, 0.3, 1.0, math.nan, 9, 0.1)
            store.write_steps({sys.argv[1]: [row]})
            if number == 20: print("ready", flush=True)
"""


def test_writers_and_readers_do_not_disturb_each_other(store: Store, start_code: StartCode) -> None:
    """One writer of four is killed in the middle; nobody sees an error and no step of the others is missing."""
    runs = [store.create_experiment(TWIN).runs[0].id for _ in range(4)]
    victim, *others = [start_code(WRITER, run, "100000" if run == runs[0] else "150") for run in runs]
    done = threading.Event()

    def read() -> int:
        rounds = 0
        while not done.wait(0.01):
            for run in runs:
                steps = store.steps(run)["step"]
                assert steps == list(range(1, len(steps) + 1))
            store.experiments()
            rounds += 1
        return rounds

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            assert victim.stdout.readline() == b"ready\n"
            victim.kill()
            for process in others:
                process.finish()
        finally:
            done.set()
            victim.kill()
            victim.stdout.close()
        assert all(reader.result() > 0 for reader in readers)
    assert len(store.steps(runs[0])["step"]) >= 20
    for run in runs[1:]:
        assert store.steps(run)["step"] == list(range(1, 151))


def test_a_fresh_store_can_be_opened_by_many_at_once(empty_url: str, start_code: StartCode) -> None:
    opening = "import sys\nfrom sentiment_core.store import Store\nwith Store(sys.argv[1]) as s: s.experiments()"
    children = [start_code(opening, empty_url) for _ in range(3)]
    with ThreadPoolExecutor(8) as pool:
        for opened in pool.map(lambda _: Store(empty_url), range(8)):
            opened.close()
    for process in children:
        process.finish()


def test_import_is_light() -> None:
    heavy = "{'torch', 'streamlit', 'pandas', 'sklearn', 'numpy'}"
    code = f"import sys, sentiment_core.work.executors.local\nassert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
