"""Two machines, a home each, one store and one bucket: what either keeps, the other finds on an empty disk."""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from sentiment_core import artifacts, bucket
from sentiment_core.artifacts import CHECKPOINT, MODEL, RESULT, WEIGHTS, here, run_place, work_place, written
from sentiment_core.bucket import Bucket
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.datasets import load_reviews
from sentiment_core.datasets.file import stamp
from sentiment_core.embeddings import load_saved
from sentiment_core.errors import ConfigError, StoreError, StoreUnavailableError
from sentiment_core.explain import load_predictor
from sentiment_core.explain.archive.reader import import_model, read_archive
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
from sentiment_core.store import Experiment, Places, Run, Store, Worker, outbox
from sentiment_core.training.checkpoints import load_checkpoint, load_model
from sentiment_core.training.pretrained import load_pretrained
from sentiment_core.work.desk import look
from sentiment_core.work.kinds import Kind
from sentiment_core.work.leftovers import KEPT_DAYS, collect, drop_copies
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal, do_work
from tests.explain.test_fill import FIELDS as PAIRS
from tests.forks import StartCode
from tests.test_kept_weights import StopAfter
from tests.work.shared import rows_without_times
from ui.kit.uploads import save_upload, upload_path

ROOT = Path(__file__).resolve().parents[1]
REVIEWS = "".join(f"a {'fine' if n % 2 else 'dull'} film of {n} scenes,{n % 2}\n" for n in range(60))
Go = Callable[[str], Path]


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Go]:
    """`go("b")`: from now on this process is on machine b, whose home is `b`; a bucket lies in `bucket`."""
    monkeypatch.setenv(bucket.ADDRESS, f"file://{tmp_path}/bucket")
    if "SENTIMENT_STORE_URL" not in os.environ:
        monkeypatch.setenv("SENTIMENT_STORE_URL", f"sqlite:///{tmp_path}/store.sqlite3")

    def to(name: str) -> Path:
        monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / name))
        load_saved.cache_clear()  # it is asked by name, whatever the home
        return tmp_path / name

    to("a")
    yield to
    load_saved.cache_clear()
    monkeypatch.setattr(bucket, "_index", None)


def trained(store: Store, config: ExperimentConfig, stop: StopSignal | None = None) -> Experiment:
    experiment = store.create_experiment(config)
    assert store.claim_experiment(experiment.id, Worker.of(), threads=1)
    return run_experiment(store, experiment.id, stop or StopSignal(), Worker.of())


def objects(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder.parent / "bucket").rglob("*") if path.is_file())


def weights(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("[!.]*.safetensors"))}


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
# These keep what lies on one machine alone: the words of its workers; and how often Ray lost one, read as JSON.
OWN = {"work/executors/local", "work/executors/ray_side/actor", "work/executors/ray_side/dispatcher"}
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
        monkeypatch.setattr(bucket, "_filesystem", lambda *asked: (None, "nowhere"))
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
    files = bucket._filesystem(os.environ[bucket.ADDRESS], os.getpid())[0]
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


KILLED = """if True:
    import os, signal, sys
    from sentiment_core import bucket
    from sentiment_core.artifacts import place, written
    from sentiment_core.store import Store
    with Store():
        files = bucket._filesystem(os.environ[bucket.ADDRESS], os.getpid())[0]
        whole = files.put_file
        def put_file(source, target):
            if sys.argv[1] == "half":
                open(source, "r+b").truncate(1)
            whole(source, target)
            os.kill(os.getpid(), signal.SIGKILL)
        files.put_file = put_file
        with written(place("work", "x-1", "result.json")) as path:
            path.write_text("newer")
"""


@pytest.mark.parametrize("moment", ["half", "before it is named"])
def test_a_kill_in_the_middle_of_an_upload_leaves_the_old_file(
    go: Go, start_code: StartCode, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = go("a")
    with Store() as store:
        path = store.folder_of("x-1") / RESULT
        with written(path) as temporary:
            temporary.write_text("older")
        before = objects(home)
        process = start_code(KILLED, moment)
        with process.stdout:
            process.stdout.read()
            process.wait(30)
        assert len(objects(home)) == 2 and path.read_text() == "older"
        other = go("b")
        assert here(other / "work" / "x-1" / RESULT).read_text() == "older"
        # It may be about to be named for a day.
        assert artifacts.collect_bucket() == []
        monkeypatch.setattr(bucket, "SETTLED_NS", 0)
        assert len(artifacts.collect_bucket()) == 1 and objects(home) == before


def test_stores_that_share_a_bucket_leave_each_other_alone(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = go("a")
    monkeypatch.setattr(bucket, "SETTLED_NS", 0)
    with Store(f"sqlite:///{tmp_path}/first.sqlite3"):
        save_upload("a.csv", b"text")
    with Store(f"sqlite:///{tmp_path}/second.sqlite3"):
        assert artifacts.collect_bucket() == [] and len(objects(home)) == 1
        go("b")
        with pytest.raises(ConfigError, match="not on this machine"):
            upload_path(next((tmp_path / "a" / "uploads").iterdir()).name)


def test_a_file_replaced_between_the_look_and_the_read(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    go("a")
    with Store() as store:
        path = store.folder_of("x-1") / RESULT
        with written(path) as temporary:
            temporary.write_text("older")
        home, looks = go("b"), []
        get = Bucket._get

        def slow(self: Bucket, name: str, kept: bucket.KeptFile) -> None:
            if not looks:
                looks.append(name)
                go("a")
                with written(path) as temporary:
                    temporary.write_text("newer")
                go("b")
            get(self, name, kept)

        monkeypatch.setattr(Bucket, "_get", slow)
        assert here(home / "work" / "x-1" / RESULT).read_text() == "newer"
        # What is gone for good is said.
        shutil.rmtree(home / "work")
        shutil.rmtree(home.parent / "bucket")
        with pytest.raises(StoreError, match=r"should be in the bucket file:///.*Restore it there"):
            here(home / "work" / "x-1" / RESULT)


def test_a_model_brought_along_and_a_checkpoint_that_is_damaged(go: Go, tiny: Callable[..., ExperimentConfig]) -> None:
    with Store() as store:
        (run,) = trained(store, tiny()).runs
        archive = model_archive(store, run.id)
        go("b")
        brought = import_model(store, io.BytesIO(archive))
        go("c")
        asked = ["a fine film", "a dull one"]
        np.testing.assert_allclose(
            load_predictor(brought.id, store).predict(asked), load_predictor(run.id, store).predict(asked), atol=1e-6
        )


@pytest.mark.parametrize("what", ["put", "fetch"])
def test_a_bucket_out_of_reach_is_one_sentence(
    go: Go, tiny: Callable[..., ExperimentConfig], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    with Store() as store:
        (run,) = trained(store, tiny()).runs
        go("b")
        files = bucket._filesystem(os.environ[bucket.ADDRESS], os.getpid())[0]

        def away(*asked: Any) -> None:
            raise PermissionError("nobody answers\nat all")

        for name in ("put_file", "get_file", "find", "rm_file"):
            monkeypatch.setattr(files, name, away)
        told = r"The bucket file:///.* cannot be used: nobody answers\. Check SENTIMENT_FILES"
        if what == "put":
            experiment = trained(store, tiny())
            assert experiment.status is Status.INTERRUPTED
            assert re.search(told + ".*Resume continues from its last checkpoint", experiment.error or "")
            # What is deleted is gone for everybody; its objects go when the bucket is back.
            store.delete_experiment(run.experiment_id)
            assert with_models([run]) == {}
        else:
            with pytest.raises(StoreError, match=told):
                load_predictor(run.id, store)
            app = AppTest.from_file(str(ROOT / "ui/shell.py"), default_timeout=60)
            app.query_params.update({"models": run.id, "text": "a fine film"})
            app.switch_page(str(ROOT / "pages/explain.py"))
            app.run()
            assert not app.exception
            assert any(re.search(told, each.value.replace("\\", "")) for each in app.error), app.error


def test_a_training_waits_for_a_bucket_and_a_store_that_are_away(
    go: Go, tiny: Callable[..., ExperimentConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FIRST_PAUSE_SECONDS", 0.005)
    with Store() as store:
        calls: list[bool] = []

        def now_and_then(*asked: Any, real: Any, lost: bool) -> Any:
            calls.append(len(calls) % 3 == 2)
            if calls[-1]:
                return real(*asked)
            if lost:
                real(*asked)  # done, and the answer is lost with the connection
            raise (StoreUnavailableError if lost else ConnectionError)("nobody answers")

        config = tiny({"snapshots": 2, "training.epochs": 1})
        (whole,) = trained(store, config).runs
        first = weights(model_folder(whole.id, store))
        files = bucket._filesystem(os.environ[bucket.ADDRESS], os.getpid())[0]
        with monkeypatch.context() as patch:
            patch.setattr(files, "put_file", partial(now_and_then, real=files.put_file, lost=False))
            (run,) = trained(store, config).runs
        assert run.status is Status.FINISHED and calls.count(False) > 12
        calls.clear()
        with monkeypatch.context() as patch:
            patch.setattr(bucket._index, "keep_files", partial(now_and_then, real=store.keep_files, lost=True))
            (other,) = trained(store, config).runs
        assert other.status is Status.FINISHED and calls.count(False) > 12
        go("b")
        for each in (run, other):
            assert weights(model_folder(each.id, store)) == first
            assert READERS["snapshots"](store, each) and read_predictions(each) is not None


def test_a_machine_without_the_bucket_does_no_work(
    go: Go, tiny: Callable[..., ExperimentConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store() as store:
        save_upload("a.csv", b"text")
        go("b")
        monkeypatch.delenv(bucket.ADDRESS)
        experiment = trained(store, tiny())
        assert experiment.status is Status.INTERRUPTED
        assert (experiment.error or "").startswith("The files of this store lie in a bucket: set SENTIMENT_FILES")


def test_addresses_that_cannot_be_used(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("nonsense://x", "s3://bucket/lab"):
        if address.startswith("s3") and find_spec("s3fs"):
            continue
        monkeypatch.setenv(bucket.ADDRESS, address)
        with pytest.raises(StoreError, match=r"SENTIMENT_FILES=.* cannot be used .*pip install 'sentiment-lab\[s3\]'"):
            Store()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sftp://me:secret@host/lab", "sftp://host/lab"),
        ("sftp://me:sec@ret@host/lab", "sftp://host/lab"),
        ("sftp://me:sec/ret@host/lab", "sftp://host/lab"),
        ("https://me:secret@host/lab?key=secret", "https://host/lab"),
        ("s3://bucket/lab/work/x-1/result.json@1795576285944614000", None),
    ],
)
def test_no_message_shows_a_secret_of_an_address(go: Go, address: str, shown: str | None) -> None:
    assert bucket._shown(address) == (shown or address)
    with Store() as store:
        reached = Bucket(os.environ[bucket.ADDRESS], go("a"), store)._reached()
        with pytest.raises(StoreError, match=re.escape(f"cannot be used: 404 at {shown or address}. Check")), reached:
            raise FileNotFoundError(f"404 at {address}")


# What clients say of a server that is busy, fails, is not found by its name, or has no way to it; and what lasts.
PASSING = [
    OSError(errno.EBUSY, "slow down"),
    OSError(errno.EIO, "internal error"),
    OSError(errno.EHOSTUNREACH, "no route"),
    socket.gaierror(socket.EAI_AGAIN, "try again"),
    TimeoutError(),
    ConnectionResetError(),
    RuntimeError("a client's own"),
]
FOR_GOOD = [
    FileNotFoundError("no such bucket"),
    PermissionError("denied"),
    OSError(errno.ENOSPC, "full"),
    OSError(22, ""),
]


@pytest.mark.parametrize("error", [*PASSING, *FOR_GOOD], ids=repr)
def test_what_may_pass_is_waited_for(go: Go, error: Exception) -> None:
    with Store() as store:
        reached = Bucket(os.environ[bucket.ADDRESS], go("a"), store)._reached()
        with pytest.raises(StoreError) as found, reached:
            raise error
    assert isinstance(found.value, StoreUnavailableError) == (error in PASSING)


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "..", "a\0b.csv"])
def test_a_link_that_names_no_upload_asks_nobody(go: Go, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with Store() as store:
        monkeypatch.setattr(store, "kept_files", None)
        with pytest.raises(ConfigError, match="not on this machine"):
            upload_path(name)


UNSET = """if True:
    import sys
    before = set(sys.modules)
    from sentiment_core import artifacts, bucket
    from sentiment_core.store import Store
    def refused(*asked):
        raise AssertionError
    bucket._filesystem = bucket.Bucket = refused
    with Store() as store:
        path = store.folder_of("x-1") / "result.json"
        artifacts.write_json(path, 1)
        print(artifacts.read_json(path), artifacts.size_of(path) > 0, bucket._index, store.kept_files())
"""


def test_without_the_setting_there_is_no_bucket(home: Path, start_code: StartCode) -> None:
    process = start_code(UNSET)
    with process.stdout:
        assert process.stdout.read() == b"1 True None {}\n"


STORELESS = """if True:
    from sentiment_core.explain import load_predictor
    from sentiment_core.embeddings import load_saved
    print(len(load_predictor("pretrained", None).predict(["a fine film"])), load_saved("glove-50").dim)
"""


def test_what_needs_no_store_needs_no_bucket(go: Go, start_code: StartCode) -> None:
    process = start_code(STORELESS)
    with process.stdout:
        assert process.stdout.read() == b"1 50\n"


NAMED = st.sampled_from(["work/x-1/result.json", "work/x-1/run/a", "work/x-1/run/b", "experiments/e/r/step-1"])
ACTS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["write", "folder", "remove", "read"]), NAMED), max_size=12
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(acts=ACTS)
def test_whoever_writes_and_removes_everybody_reads_the_last(go: Go, acts: list[tuple[str, str, str]]) -> None:
    home, expected = go("a"), dict[str, str]()
    for each in ("a", "b", "bucket", "store.sqlite3"):
        path = home.parent / each
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    with Store() as store:
        for number, (machine, act, name) in enumerate(acts):
            path = go(machine) / name
            below = [each for each in expected if each == name or each.startswith(f"{name}/")]
            if act == "write" and not name.endswith("step-1"):
                path.parent.mkdir(parents=True, exist_ok=True)
                with written(path) as temporary:
                    temporary.write_text(str(number))
                expected[name] = str(number)
            elif act == "folder" and name.endswith("step-1"):
                with artifacts.written_folder(path) as folder:
                    (folder / "c").write_text(str(number))
                expected[f"{name}/c"] = str(number)
            elif act == "remove":
                artifacts.remove(path)
                for each in below:
                    del expected[each]
            for machine in "ab":
                home = go(machine)
                for each, text in expected.items():
                    assert here(home / each).read_text() == text
                assert set(artifacts.stamps([home / each for each in expected])) == {home / each for each in expected}
        assert set(store.kept_files()) == set(expected)
        assert len(objects(home)) == len(expected)
