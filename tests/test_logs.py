"""The structured log and the diagnostics: what happened is there, what anybody wrote is not."""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiment_core import logs
from sentiment_core.artifacts import home as home_folder
from sentiment_core.classroom.settings import set_up
from sentiment_core.cli import main
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import DataError, StoreError
from sentiment_core.logs import FILE, last_problems, note_person, person_hash, turn_over, write_log
from sentiment_core.metrics import Status
from sentiment_core.store import Store

SECRET = "my review of Tenet, postgresql://anna:hunter2@db"
logger = logging.getLogger("sentiment_core.tests")


@pytest.fixture
def kept(home: Path) -> Iterator[None]:
    """The log of this process, taken away again afterwards."""
    named = [logging.getLogger(name) for name in (None, *logs.ELSEWHERE)]
    before = [(each, list(each.handlers)) for each in named]
    levels = {name: logging.getLogger(name).level for name in logs.OURS}
    write_log("0123abcd", "a-person")
    yield
    for each, handlers in before:
        for handler in set(each.handlers) - set(handlers):
            each.removeHandler(handler)
            handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def lines() -> list[dict[str, object]]:
    return [json.loads(line) for line in (home_folder() / FILE).read_text().splitlines()]


def test_a_line_says_what_happened_to_which_work_and_for_whom(kept: None) -> None:
    logger.info("%s is %s after %d steps", "0123abcd-1", Status.FINISHED, 12)
    (line,) = lines()
    assert line["event"] == "0123abcd-1 is finished after 12 steps"
    assert (line["work"], line["person"], line["level"]) == ("0123abcd", person_hash("a-person"), "INFO")
    note_person("b-person")
    logger.info("again")
    assert lines()[1]["person"] == person_hash("b-person") != person_hash("a-person")
    assert "b-person" not in str(lines())
    logs._person.set(None)


def test_no_line_holds_what_somebody_wrote(kept: None) -> None:
    try:
        try:
            raise DataError(SECRET)
        except DataError as cause:
            raise StoreError(SECRET) from cause
    except StoreError as error:
        logger.warning("%s: %s", SECRET, error, exc_info=True)
        logger.error("%s", error)
        logging.getLogger("somebody.else").error(SECRET)
        logging.getLogger("streamlit.error_util").error(SECRET, exc_info=error)
    written = (home_folder() / FILE).read_text()
    assert SECRET not in written and "Tenet" not in written and "hunter2" not in written
    first, second, third, fourth = lines()
    assert first["event"] == "…: StoreError" and second["event"] == "StoreError" and third["event"] == "…"
    assert fourth["errors"] == first["errors"]
    assert (
        [error.split(":")[0] for error in first["errors"]]
        == [  # type: ignore[union-attr,attr-defined]
            f"{name} at {'/'.join(Path(__file__).parts[-3:])}" for name in ("StoreError", "DataError")
        ]
    )


def test_every_message_of_the_program_is_a_constant() -> None:
    """Or what it quotes could not be told from what it says."""
    root = Path(__file__).resolve().parents[1]
    found = 0
    for path in [*root.glob("sentiment_core/**/*.py"), *root.glob("ui/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Attribute(ast.Name("logger"), _), [first, *_]):
                    found += 1
                    assert isinstance(first, ast.Constant), f"{path}:{node.lineno}"
    assert found > 20


def test_a_long_log_is_begun_anew_and_read_to_the_end(kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST_BYTES", 100)
    logger.warning("first")
    turn_over()
    logger.warning("second")
    with (home_folder() / FILE).open("a") as file:
        file.write("not a line\n")
    logger.info("no problem")
    assert [each["event"] for each in last_problems()] == ["first", "second"]
    assert [each["event"] for each in last_problems(1)] == ["second"]


def test_the_diagnostics_hold_versions_and_counts_and_no_text(
    kept: None, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENTIMENT_STORE_URL", f"sqlite:///{home}/hunter2.sqlite3")
    set_up()
    with Store() as store:
        store.open_room("Tenet")
        made = store.create_experiment(ExperimentConfig(name="Tenet"), prediction="Tenet")
        store.set_status(made.id, Status.FAILED, "cannot read Tenet")
    logger.error("%s", StoreError(SECRET))
    assert main(["diagnostics"]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert found["counts"]["experiments"]["failed"] == 1 and found["counts"]["rows"]["rooms"] == 1
    assert found["problems"][-1]["event"] == "StoreError" and found["versions"]["torch"]
    assert found["settings"]["store"] == "sqlite" and found["settings"]["class"]["limits"]["person"]["queued"] == 5
    for secret in ("Tenet", "hunter2", "scrypt", str(home)):
        assert secret not in printed, secret


def test_diagnostics_of_a_broken_home_say_what_is_broken(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    home.mkdir()
    (home / "store.sqlite3").write_bytes(b"not a database" * 100)
    target = tmp_path / "out.json"
    assert main(["diagnostics", "--output", str(target)]) == 0
    found = json.loads(target.read_text())
    assert found["counts"] == {"unknown": "StoreError"} and found["machine"]["cores"] >= 1
    assert "Read it before you send it" in capsys.readouterr().out
