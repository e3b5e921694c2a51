"""A copy of a store beside it, with the same bucket: a backup that was restored, or is only looked at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sentiment_core import artifacts, bucket, cli
from sentiment_core.artifacts import RESULT, here, work_place, written
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import StoreError
from sentiment_core.metrics import Status
from sentiment_core.store import Store
from tests.bucket.shared import Go, objects, trained
from tests.postgres import Cluster

Copy = Callable[[], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def copied(request: pytest.FixtureRequest, go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copy]:
    """`copied()` copies the store, which nobody has open then, and returns the URL of the copy."""
    if request.param == "sqlite":

        def of_file() -> str:
            shutil.copyfile(tmp_path / "store.sqlite3", tmp_path / "copy.sqlite3")
            return f"sqlite:///{tmp_path}/copy.sqlite3"

        yield of_file
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    names = [cluster.create()]
    monkeypatch.setenv("SENTIMENT_STORE_URL", cluster.url(names[0]))

    def of_database() -> str:
        names.append(cluster.create(of=names[0]))
        return cluster.url(names[-1])

    yield of_database
    for each in names:
        cluster.drop(each)


def keep(store: Store, work_id: str, content: str) -> None:
    with written(store.folder_of(work_id) / RESULT) as path:
        path.write_text(content)


def test_a_copy_reads_and_neither_keeps_nor_removes(
    go: Go, copied: Copy, tiny: Callable[..., ExperimentConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "SETTLED_NS", 0)
    home = go("a")
    with Store() as store:
        for each in ("x-1", "x-2"):
            keep(store, each, "older")
    url = copied()
    with Store() as store:
        keep(store, "x-2", "newer")
        keep(store, "x-3", "newer")
    there = objects(home)
    other = go("b")
    with Store(url) as copy:
        assert here(other / "work/x-1" / RESULT).read_text() == "older"
        assert artifacts.collect_bucket() == []
        artifacts.remove(work_place("x-1"))
        with pytest.raises(StoreError, match=r"This store is a copy: .* `sentiment-lab bucket --take-over`"):
            keep(copy, "x-4", "of the copy")
        experiment = trained(copy, tiny())
        assert experiment.status is Status.INTERRUPTED and "This store is a copy" in (experiment.error or "")
        assert objects(home) == there
    third = go("c")
    with Store():
        read = [here(third / "work" / each / RESULT).read_text() for each in ("x-1", "x-2", "x-3")]
        assert read == ["older", "newer", "newer"]


def test_a_restored_backup_takes_the_bucket_over(
    go: Go, copied: Copy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bucket, "SETTLED_NS", 0)
    home = go("a")
    with Store() as store:
        keep(store, "x-1", "older")
    first, url = os.environ["SENTIMENT_STORE_URL"], copied()
    with Store() as store:
        keep(store, "x-2", "newer")
    go("b")
    monkeypatch.setenv("SENTIMENT_STORE_URL", url)
    for arguments, whose in (([], "another database"), (["--take-over"], "this store"), ([], "this store")):
        assert cli.main(["bucket", *arguments]) == 0
        assert f"1 files, 0 MB, which belong to {whose}" in capsys.readouterr().out
    with Store() as store:
        keep(store, "x-3", "of the copy")
        assert len(artifacts.collect_bucket()) == 1, "what only the lost store has named"
        there = objects(home)
    # The lost one turns up again.
    go("c")
    with Store(first) as store:
        with pytest.raises(StoreError, match="This store is a copy"):
            keep(store, "x-4", "too late")
        artifacts.remove(work_place("x-1"))
        assert artifacts.collect_bucket() == [] and objects(home) == there


def test_a_home_that_moves_with_its_store_keeps_its_bucket(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = go("a")
    monkeypatch.delenv("SENTIMENT_STORE_URL")
    with Store() as store:
        keep(store, "x-1", "older")
    home.rename(go("moved"))
    with Store() as store:
        keep(store, "x-1", "newer")


def test_without_a_bucket_there_is_nothing_to_take_over(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bucket", "--take-over"]) == 2
    assert "SENTIMENT_FILES names a bucket" in capsys.readouterr().err
