"""A store of an earlier program: adopted as it is, changed once, whole or not at all, after a copy was made."""

from __future__ import annotations

import logging
import math
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic.operations import Operations
from sqlalchemy import Column, Double, MetaData, Text, create_engine, select

from sentiment_core.errors import StoreError
from sentiment_core.metrics import Balance
from sentiment_core.steps.quantities import Diagnostic
from sentiment_core.store import Store, layout, measurements, migrations, schema
from sentiment_core.store.backups import KEPT, back_up
from tests.app_page import ROOT
from tests.forks import StartCode
from tests.postgres import Cluster
from tests.store import version_1
from tests.store.shared import TWIN, layout_of, same, sqlite_alone, step, version_of


@pytest.fixture(params=[False, True], ids=["first", "last"])
def old(request: pytest.FixtureRequest, empty_url: str) -> tuple[str, str]:
    """A store of the first or of the last program of version 1: its URL and the id of its run."""
    return empty_url, version_1.make(empty_url, TWIN, later=request.param)


def test_what_it_holds_stays_and_new_things_can_be_kept(old: tuple[str, str]) -> None:
    url, run = old
    with Store(url) as store:
        assert [experiment.name for experiment in store.experiments()] == ["twin"]
        assert same(store.steps(run)["loss"], [0.69, math.nan, 0.1])
        assert same(store.steps(run)["grad_norm"], [math.nan] * 3)
        known = store.balances(run)
        assert known in ({}, {"test": Balance(9, 5)})
        store.write_steps({run: [step(4)]}, [Diagnostic(run, 4, "ratio", 0.5)])
        token = store._token
        assert token == version_1.TOKEN if known else len(str(token)) == 16
    with Store(url) as store:
        assert store.diagnostics(run, "ratio") == ([4], [0.5]) and store._token == token
    assert version_of(url) == schema.SCHEMA_VERSION


def test_its_tables_are_those_of_a_fresh_store(
    old: tuple[str, str], home: Path, request: pytest.FixtureRequest
) -> None:
    url, _ = old
    if url.startswith("sqlite"):
        fresh = f"sqlite:///{home}/fresh.sqlite3"
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        fresh = cluster.url(cluster.create())
    for each in (url, fresh):
        Store(each).close()
    assert layout_of(url) == layout_of(fresh)


def test_the_steps_lead_from_version_1_to_this_programs() -> None:
    steps = {path.stem for path in Path(migrations.__file__).parent.glob("version_*.py")}
    assert steps == {f"version_{number}" for number in range(2, schema.SCHEMA_VERSION + 1)}


def test_a_core_quantity_declared_since_is_a_column_without_values(
    old: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, run = old
    Store(url).close()
    grown = schema.step_metrics.to_metadata(MetaData())
    grown.append_column(Column("sharpness", Double))
    with monkeypatch.context() as patch:
        for module in (migrations, layout):
            patch.setattr(module, "step_metrics", grown)
        with Store(url) as store, store._write() as connection:
            connection.execute(grown.update().where(grown.c.step == 3).values(sharpness=2.0))
            found = connection.execute(select(grown.c.sharpness).order_by(grown.c.step)).scalars().all()
    assert same([measurements._number(value) for value in found], [math.nan, math.nan, 2.0])
    # A program that does not know the quantity leaves it alone.
    with Store(url) as store:
        assert len(store.steps(run)["step"]) == 3
    assert version_of(url) == schema.SCHEMA_VERSION


KILLED = """if True:
    import sys, time
    from alembic.operations import Operations
    from sentiment_core.store import Store
    real, made = Operations.create_table, []
    def create_table(self, name, *columns, **options):
        if made:
            print("half", flush=True)
            time.sleep(600)
        made.append(real(self, name, *columns, **options))
    Operations.create_table = create_table
    Store(sys.argv[1])
"""


@pytest.mark.parametrize("old", [False], ids=["first"], indirect=True)
def test_a_kill_in_the_middle_leaves_a_store_that_opens(old: tuple[str, str], start_code: StartCode) -> None:
    url, run = old
    before = layout_of(url)
    process = start_code(KILLED, url)
    with process.stdout:
        try:
            assert process.stdout.readline() == b"half\n"
        finally:
            process.kill()
            process.wait(10)
    assert layout_of(url) == before and version_of(url) == 1
    with Store(url) as store:
        store.write_steps({}, [Diagnostic(run, 3, "ratio", 0.5)])
        assert len(store.steps(run)["step"]) == 3


@pytest.mark.parametrize("old", [False], ids=["first"], indirect=True)
def test_many_that_open_it_at_once_change_it_once(old: tuple[str, str], start_code: StartCode) -> None:
    url, _ = old
    opening = "import sys\nfrom sentiment_core.store import Store\nwith Store(sys.argv[1]) as s: print(s._token)"
    children = [start_code(opening, url) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        tokens = set()
        for store in pool.map(lambda _: Store(url), range(4)):
            tokens.add(store._token)
            store.close()
    assert tokens == {process.finish().strip() for process in children} and len(tokens) == 1


def test_a_step_that_fails_changes_nothing(old: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    url, _ = old
    before = layout_of(url)

    def upgrade(op: Operations) -> None:
        op.create_table("half", Column("id", Text))
        op.execute("no SQL at all")

    monkeypatch.setitem(sys.modules, f"{migrations.__name__}.version_2", SimpleNamespace(upgrade=upgrade))  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"cannot be used: .*syntax error"):
        Store(url)
    assert layout_of(url) == before and version_of(url) == 1


def test_a_table_made_anew_takes_nothing_along(old: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite changes a column by making the table anew; its rows must not take with them what refers to them."""
    url, run = old
    Store(url).close()

    def upgrade(op: Operations) -> None:
        with op.batch_alter_table("runs") as batch:
            batch.alter_column("name", new_column_name="title")

    following = schema.SCHEMA_VERSION + 1
    step_module = f"{migrations.__name__}.version_{following}"
    monkeypatch.setitem(sys.modules, step_module, SimpleNamespace(upgrade=upgrade))  # type: ignore[arg-type]
    for module in (migrations, layout):
        monkeypatch.setattr(module, "SCHEMA_VERSION", following)
    with Store(url) as store:
        assert len(store.steps(run)["step"]) == 3
        with store._write() as connection:
            connection.exec_driver_sql("DELETE FROM runs")
        assert store.steps(run)["step"] == [], "foreign keys are on again, and refer to the new table"


def test_a_current_store_is_opened_without_alembic(store: Store) -> None:
    code = "import sys\nfrom sentiment_core.store import Store\nStore(sys.argv[1])\nassert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, store.url], cwd=ROOT, check=True)


def test_the_log_stays_as_it_was(old: tuple[str, str]) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), root.manager.disable)
    Store(old[0]).close()
    assert (root.level, root.handlers, root.manager.disable) == before


def copies(home: Path) -> list[str]:
    return sorted(path.name for path in home.glob("*backup*"))


def test_a_copy_of_the_file_is_made_before_and_only_then(home: Path) -> None:
    url = f"sqlite:///{home}/store.sqlite3"
    run = version_1.make(url, TWIN, later=False)
    (home / "store.sqlite3").chmod(0o600)
    before = layout_of(url)
    for _ in range(2):
        Store(url).close()
        assert copies(home) == ["store.sqlite3.v1.backup"]
    copy = home / "store.sqlite3.v1.backup"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert layout_of(f"sqlite:///{copy}") == before
    # A copy is a store: put in the file's place it opens.
    with Store(f"sqlite:///{copy}") as restored:
        assert len(restored.steps(run)["step"]) == 3


def test_a_copy_is_whole_or_none_and_few_are_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = home / "store.sqlite3"
    with closing(sqlite3.connect(store)) as raw:
        raw.execute("CREATE TABLE kept (number)")
    (home / "store.sqlite3.v7.backup.partial").write_bytes(b"of one that was killed")
    for version in range(1, 8):
        back_up(store, version)
        time.sleep(0.01)  # a file system's clock may tick slowly
    assert copies(home) == [f"store.sqlite3.v{version}.backup" for version in range(8 - KEPT, 8)]
    content = (home / "store.sqlite3.v7.backup").read_bytes()

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(StoreError, match=r"v7\.backup: No space left on device\. Free some space"):
        back_up(store, 7)
    assert (home / "store.sqlite3.v7.backup").read_bytes() == content and len(copies(home)) == KEPT


def test_without_room_for_the_copy_nothing_is_changed(home: Path) -> None:
    url = f"sqlite:///{home}/store.sqlite3"
    version_1.make(url, TWIN, later=False)
    before = layout_of(url)
    (home / "store.sqlite3.v1.backup").mkdir()
    with pytest.raises(StoreError, match=r"cannot write .*v1\.backup"):
        Store(url)
    assert layout_of(url) == before and version_of(url) == 1


@sqlite_alone
def test_a_fresh_store_needs_no_copy(store: Store, home: Path) -> None:
    assert copies(home) == []


def test_another_programs_tables_on_a_server_are_let_be(postgres: Cluster, postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id integer)")
    with Store(postgres_url) as store:
        store.create_experiment(TWIN)
    assert "theirs" in layout_of(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE sentiment_lab")
    engine.dispose()
    with pytest.raises(StoreError, match="another program's"):
        Store(postgres_url)
