"""A bucket that is away, half written, replaced or missing: nothing is lost, and each is said in one sentence."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_core import artifacts, bucket
from sentiment_core.artifacts import RESULT, here, written
from sentiment_core.bucket import Bucket
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError, StoreError, StoreUnavailableError
from sentiment_core.explain import load_predictor
from sentiment_core.explain.archive.reader import import_model
from sentiment_core.explain.archive.writer import model_archive
from sentiment_core.explain.catalogue import model_folder, with_models
from sentiment_core.metrics import Status
from sentiment_core.predictions import read_predictions
from sentiment_core.snapshots import kept_steps, snapshot_folder
from sentiment_core.store import Store, outbox
from sentiment_core.training.checkpoints import load_model
from tests.app_page import open_app
from tests.bucket.shared import Go, objects, trained, weights
from tests.forks import StartCode
from ui.kit.uploads import save_upload, upload_path

KILLED = """if True:
    import os, signal, sys
    from sentiment_core import bucket
    from sentiment_core.artifacts import place, written
    from sentiment_core.store import Store
    with Store():
        files = bucket.filesystem(os.environ[bucket.ADDRESS], os.getpid())[0]
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
        files = bucket.filesystem(os.environ[bucket.ADDRESS], os.getpid())[0]

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
            app = open_app("explain", models=run.id, text="a fine film")
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
        files = bucket.filesystem(os.environ[bucket.ADDRESS], os.getpid())[0]
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
            assert [load_model(snapshot_folder(each, step)) for step in kept_steps(each)]
            assert read_predictions(each) is not None


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
