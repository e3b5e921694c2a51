"""Two machines, a home each, one store and one bucket: what either keeps, the other finds on an empty disk."""

from __future__ import annotations

import io
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentiment_core import artifacts, bucket
from sentiment_core.artifacts import CHECKPOINT, MODEL, RESULT, WEIGHTS, here, run_place, work_place, written
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.datasets import load_reviews
from sentiment_core.datasets.file import stamp
from sentiment_core.embeddings import load_saved
from sentiment_core.explain import load_predictor
from sentiment_core.explain.archive.reader import read_archive
from sentiment_core.explain.archive.writer import model_archive
from sentiment_core.explain.catalogue import available_models, model_folder, pair_models, weights_of, with_models
from sentiment_core.explain.fill import load_pair_reader
from sentiment_core.explain.padding_probe import candidates
from sentiment_core.explain.unseen import has_seen, own_test
from sentiment_core.metrics import Status
from sentiment_core.pair_measures import read_pair_measures
from sentiment_core.predictions import read_predictions
from sentiment_core.seen import read_seen
from sentiment_core.snapshots import kept_steps, snapshot_folder
from sentiment_core.store import Places, Run, Store, Worker
from sentiment_core.training.checkpoints import load_checkpoint, load_model
from sentiment_core.training.pretrained import load_pretrained
from sentiment_core.work.desk import look
from sentiment_core.work.kinds import Kind
from sentiment_core.work.leftovers import KEPT_DAYS, collect, drop_copies
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal, do_work
from tests.app_page import ROOT
from tests.bucket.shared import Go, objects, trained, weights
from tests.explain.test_fill import FIELDS as PAIRS
from tests.forks import StartCode
from tests.test_kept_weights import StopAfter
from tests.work.shared import rows_without_times
from ui.kit.uploads import save_upload, upload_path

REVIEWS = "".join(f"a {'fine' if n % 2 else 'dull'} film of {n} scenes,{n % 2}\n" for n in range(60))


# Who reads what others keep, by module: each is asked on the machine that made it, and on one whose disk is empty.
READERS: dict[str, Callable[[Store, Run], Any]] = {
    "predictions": lambda store, run: read_predictions(run).probabilities.tolist(),
    "seen": lambda store, run: read_seen(work_place(run.experiment_id)).tolist(),
    "training/checkpoints": lambda store, run: load_model(run_place(run.experiment_id, run.id)).details,
    "snapshots": lambda store, run: [load_model(snapshot_folder(run, step)).details for step in kept_steps(run)],
    "explain/catalogue": lambda store, run: [
        available_models(store),
        with_models([run]),
        weights_of(run.id, store),
        weights_of(run.id, store, 0),
        load_predictor(run.id, store, 0).predict(["a fine film"]).tolist(),
        load_predictor(run.id, store).predict(["a fine film"]).tolist(),
    ],
    "explain/unseen": lambda store, run: [
        has_seen("a fine film of 1 scenes", run.id, store),
        own_test(run.id, store).texts,
    ],
    "explain/padding_probe": lambda store, run: [each.run.id for each in candidates(store.experiments())],
    "embeddings": lambda store, run: (
        load_saved(load_model(run_place(run.experiment_id, run.id)).vectors_key).fingerprint
    ),
    "datasets/file": lambda store, run: [stamp(run.config.data), load_reviews(run.config.data).texts],
    "store/acting": lambda store, run: store.stored_bytes(),
    "explain/archive/writer": lambda store, run: read_archive(io.BytesIO(model_archive(store, run.id))).name,
}
# Those of two masked language models, which are trained otherwise, and what is read within this file's other tests.
ELSEWHERE = {
    "pair_measures",
    "training/pretrained",
    "explain/fill",
    "work/desk",
    "work/reporting",
    "work/snapshots",
    "work/worker",
    "work/leftovers",
    "explain/archive/reader",
    "store/experiments",
    "store/grants",
}
# These keep what lies on one machine alone: caches, the words of its workers; and how often Ray lost one, read as JSON.
OWN = {"array_files", "work/executors/local", "work/executors/ray_side/actor", "work/executors/ray_side/dispatcher"}
NAMES = r"\b(here|remove|run_place|work_place|snapshot_place|snapshot_steps|size_of|stamps|use|shared_places)\b"


def test_every_module_that_asks_for_a_file_has_its_place_here() -> None:
    found = set()
    for path in (ROOT / "sentiment_core").rglob("*.py"):
        imported = re.findall(
            r"^from sentiment_core\.artifacts import (\([^)]*\)|[^\n]*)", path.read_text(), re.MULTILINE
        )
        if any(re.search(NAMES, names) for names in imported):
            found.add(str(path.relative_to(ROOT / "sentiment_core").with_suffix("")).removesuffix("/__init__"))
    covered = READERS.keys() | ELSEWHERE | OWN | {"datasets/file/reader"}
    # Two that read by way of others.
    assert found | {"explain/archive/writer", "explain/padding_probe"} == covered


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
def test_what_one_machine_keeps_is_read_on_another_whose_disk_is_empty(
    home: Path, store_url: str, go: Go, tiny: Callable[..., ExperimentConfig]
) -> None:
    home.mkdir()
    with Store() as store:
        path = save_upload("mine.csv", ("review,label\n" + REVIEWS).encode())
        (run,) = trained(store, tiny({"data.source": "csv", "data.path": str(path), "snapshots": 3})).runs
        first = {name: read(store, run) for name, read in READERS.items()}
        assert first["snapshots"] and first["store/acting"] > 0 and first["explain/padding_probe"] == [run.id]
        other = go("b")
        assert not other.exists()
        for name, read in READERS.items():
            shutil.rmtree(other, ignore_errors=True)
            load_saved.cache_clear()
            assert read(store, run) == first[name], name
        assert upload_path(path.name) == str(other / "uploads" / path.name)
        assert not list(other.rglob(".*")), "nothing half-fetched"


def test_masked_language_models_are_read_elsewhere(go: Go) -> None:
    with Store() as store:
        (run,) = trained(store, from_fields({**PAIRS, "snapshots": 2})).runs
        assert run.status is Status.FINISHED, run.error
        text = "the film is [MASK]"
        first = read_pair_measures(run).values.tolist(), load_pair_reader(run.id, store, 0).read(text).tokens
        go("b")
        assert [each.id for each in pair_models(store)] == [run.id]
        assert read_pair_measures(run).values.tolist() == first[0]
        assert load_pair_reader(run.id, store, 0).read(text).tokens == first[1]
        go("c")
        assert load_pretrained(run.id).name == run.id


def test_lists_limits_and_steps_ask_the_bucket_nothing(
    go: Go, tiny: Callable[..., ExperimentConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store() as store:
        (run,) = trained(store, tiny({"snapshots": 2})).runs
        there = artifacts.size_of(work_place(run.experiment_id))
        kept = {path.name for path in go("a").rglob("*") if path.is_file()} - {"store.txt"}
        assert {MODEL, WEIGHTS} <= kept and there > 0
        go("b")
        monkeypatch.setattr(bucket, "filesystem", lambda *asked: (None, "nowhere"))
        assert run.id in {each.id for each in available_models(store)}
        assert kept_steps(run)[0] == 0 and store.stored_bytes() == there
        assert artifacts.stamps([run_place(run.experiment_id, run.id) / "nothing"]) == {}


def test_a_training_ended_on_one_machine_goes_on_on_another(go: Go, tiny: Callable[..., ExperimentConfig]) -> None:
    config = tiny({"training.epochs": 4, "snapshots": 4, "data.embeddings": "word2vec"})
    with Store() as store:
        go("whole")
        (undisturbed,) = trained(store, config).runs
        go("a")
        stopped = trained(store, config, StopAfter(9))
        assert stopped.status is Status.STOPPED
        step = load_checkpoint(here(work_place(stopped.id) / CHECKPOINT))["step"]
        go("b")
        store.requeue(stopped.id)
        assert store.claim_experiment(stopped.id, Worker.of(), threads=1)
        (run,) = run_experiment(store, stopped.id, StopSignal(), Worker.of()).runs
        assert run.status is Status.FINISHED and 0 < step < run.steps
        assert rows_without_times(store, run.id) == rows_without_times(store, undisturbed.id)
        assert artifacts.stamps([work_place(stopped.id) / CHECKPOINT]) == {}, "there is nothing to resume"
        go("a")
        assert weights(model_folder(run.id, store)) == weights(model_folder(undisturbed.id, store))
        steps = kept_steps(undisturbed)
        assert kept_steps(run) == steps
        for each in steps:
            pair = [weights(here(snapshot_folder(found, each))) for found in (run, undisturbed)]
            assert pair[0] == pair[1] != {}
        # Deleted on the one: nothing is left in the bucket, and the other drops its copy.
        home = go("b")
        for each_id in (stopped.id, undisturbed.experiment_id):
            store.delete_experiment(each_id)
        assert not [name for name in objects(home) if "npy@" not in name and "vectors" not in name and "safe" in name]
        home = go("a")
        assert (home / "experiments" / stopped.id).exists()
        drop_copies(store)
        assert (home / "experiments" / stopped.id).exists(), "whoever has just lost it may be writing"
        for each_path in (home / "experiments" / stopped.id).rglob("*"):
            os.utime(each_path, (1e9, 1e9))
        os.utime(home / "experiments" / stopped.id, (1e9, 1e9))
        drop_copies(store)
        assert not (home / "experiments" / stopped.id).exists()


FETCHED = """if True:
    import os
    import sys
    from sentiment_core import artifacts, bucket
    from sentiment_core.store import Store
    files = bucket.filesystem(os.environ[bucket.ADDRESS], os.getpid())[0]
    files.get_file = lambda *asked: os._exit(9)
    with Store():
        artifacts.here(artifacts.home() / sys.argv[1])
"""


@pytest.mark.parametrize(
    ("look", "name"),
    [
        (collect, "embeddings/key/matrix.npy"),
        (collect, "experiments/e/r/step-1/model.json"),
        (drop_copies, "embeddings/key/matrix.npy"),
        (drop_copies, "uploads/a.csv"),
    ],
)
def test_half_a_copy_is_removed(
    go: Go, start_code: StartCode, monkeypatch: pytest.MonkeyPatch, name: str, look: Callable[[Store], Any]
) -> None:
    home = go("a")
    with Store() as store:
        monkeypatch.setattr(store, "statuses", lambda: {"e": "finished"})
        (home / name).parent.mkdir(parents=True)
        with written(home / name) as temporary:
            temporary.write_text("text")
        home = go("b")
        process = start_code(FETCHED, name)
        with process.stdout:
            assert process.wait(30) == 9
        (half,) = (path for path in home.rglob(".*") if path.is_file())
        look(store)
        assert half.exists()
        for path in (half.parent, *half.parent.rglob("*")):
            os.utime(path, (1e9, 1e9))
        look(store)
        assert not half.exists()


def test_two_workers_drop_the_same_copy(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    go("a")
    with Store() as store:
        gone, other = (store.folder_of(name) for name in ("a", "b"))
        for folder in (gone, other):
            for path in (*folder.iterdir(), folder):
                os.utime(path, (1e9, 1e9))

        def owns(folder: Path) -> bool:
            if folder == gone:
                shutil.rmtree(gone)
            return True

        monkeypatch.setattr(store, "owns", owns)
        drop_copies(store)
        assert not other.exists()


def test_a_result_is_read_elsewhere_and_lasts_as_long_as_somebody_reads_it(
    go: Go, short_kind: Kind[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store() as store:
        order = short_kind.arguments(21)
        work_id = short_kind.id_of(order)
        store.ask("test", work_id, short_kind.written(order), False, None, again=False)
        assert store.claim(Places(2, 2), None, 1, ["test"]) == work_id
        assert store.set_worker(work_id, Worker.of())
        assert do_work(short_kind, store, work_id, Worker.of(), StopSignal()) is Status.FINISHED
        home = go("b")
        collect(store)
        assert look(store, short_kind, order).result.answer == 42
        name = f"work/{work_id}"
        store.use_files(name, time.time() - 2 * 86_400)
        assert look(store, short_kind, order).result.answer == 42
        assert store.kept_files([name])[f"{name}/{RESULT}"].used_at > time.time() - 60
        # On a third machine, which never read it, it is time all the same.
        store.use_files(name, time.time() - (KEPT_DAYS + 1) * 86_400)
        go("c")
        collect(store)
        assert objects(home) == [] and look(store, short_kind, order).status is None


def test_a_cache_of_ones_own_is_noted_where_it_lies(go: Go) -> None:
    with Store() as store:
        path = artifacts.place("corpora", "a.npz")
        path.parent.mkdir(parents=True)
        path.write_bytes(b"")
        os.utime(path, (1, 1))
        artifacts.use(path)
        assert path.stat().st_mtime > time.time() - 60 and store.kept_files() == {}
