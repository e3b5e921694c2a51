"""A file of any length is answered with a few of its rows in memory, as if it had been read at once."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from sentiment_core import cli
from sentiment_core.datasets.file import reader
from sentiment_core.datasets.file.table import Kept
from sentiment_core.errors import DataError
from sentiment_core.explain import in_pieces
from sentiment_core.explain.judged import Judged, measures
from sentiment_core.explain.many_reviews import asked_of
from sentiment_core.remarks import WordsRead
from sentiment_core.settings import DataConfig
from tests.datasets import cases

ROWS = 997
WORDS = ("awful", "fine", "wonderful", "boring", "", "Der Film war wunderbar und die Geschichte auch sehr gut")
TABLE = [(n, f"{WORDS[n % 6]} film {n}" if n % 6 != 4 else " ", ("neg", "pos", "")[n % 3]) for n in range(ROWS)]
LINES = b"".join(json.dumps({"id": str(n), "text": text, "label": label}).encode() + b"\n" for n, text, label in TABLE)
FILES = {"rows.csv": cases.table(("id", "text", "label"), TABLE), "rows.jsonl": LINES}


class Words:
    """Stands for a model, so that what is tested is how rows come and go."""

    def answers(self, texts: list[str]) -> tuple[np.ndarray, WordsRead]:
        known = np.array([len(text.split()) for text in texts], dtype=np.int64)
        return 1 / (1 + known.astype(float)), WordsRead(known, known, known * (known > 4), 5)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were held at once, each time one was added."""
    counts: list[int] = []
    add = Kept.add

    def counted(self: Kept, *arguments: Any) -> None:
        add(self, *arguments)
        counts.append(max(len(self.texts), len(self.rows)))

    monkeypatch.setattr(Kept, "add", counted)
    return counts


@pytest.mark.parametrize("name", FILES)
def test_pieces_are_the_file_and_no_piece_is_longer_than_asked(name: str, tmp_path: Path, held: list[int]) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    data = DataConfig(source="csv", path=str(path))
    whole = reader.read(data, keep_columns=True)
    assert max(held) == ROWS
    held.clear()
    found = reader.survey(data)
    assert not held and found.understood == whole.understood
    pieces = list(reader.pieces(data, found, keep_columns=True, rows=100))
    assert max(held) == 100 and [len(piece.texts) for piece in pieces] == [100] * 9 + [97]
    assert [text for piece in pieces for text in piece.texts] == whole.texts
    assert whole.labels is not None and whole.columns is not None
    assert np.array_equal(np.concatenate([piece.labels for piece in pieces if piece.labels is not None]), whole.labels)
    assert {
        column: [value for piece in pieces for value in (piece.columns or {})[column]] for column in whole.columns
    } == whole.columns
    # Few long rows fill a piece as well as many short ones.
    assert (
        max(len(piece.texts) for piece in reader.pieces(data, found, keep_columns=False, rows=100, characters=500)) < 10
    )


def test_counts_and_remarks_are_those_of_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_pieces, "ROWS", 64)
    path = tmp_path / "rows.csv"
    path.write_bytes(FILES["rows.csv"])
    data = DataConfig(source="csv", path=str(path))
    model: Any = Words()
    answers = in_pieces.AnswersInPieces(model, data, np.array([], dtype=np.uint64))
    assert [len(found) for _, found in answers] == [64] * 15 + [37]
    whole = asked_of(reader.read(data))
    probabilities, read = model.answers(whole.texts)
    about = Judged(whole.about.blank, whole.labels, np.zeros(ROWS, dtype=bool), read)
    assert np.array_equal(answers.probabilities, probabilities) and answers.warnings == whole.warnings
    assert answers.about.remarks() == about.remarks() and len(about.remarks()) >= 2
    assert np.array_equal(answers.about.counted, about.counted) and 0 < about.counted.sum() < ROWS
    assert whole.labels is not None and answers.about.labels is not None
    assert measures(answers.probabilities[about.counted], answers.about.labels[about.counted]) == measures(
        probabilities[about.counted], whole.labels[about.counted]
    )


@pytest.mark.parametrize("change", ["more", "fewer", "another label"])
def test_a_file_that_changes_on_the_way_is_refused(change: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(FILES["rows.csv"])
    data = DataConfig(source="csv", path=str(path))
    found = reader.survey(data)
    rows = {"more": [*TABLE, (1, "One more", "pos")], "fewer": TABLE[:-1], "another label": [(1, "Fine", "7")] * ROWS}
    path.write_bytes(cases.table(("id", "text", "label"), rows[change]))
    with pytest.raises(DataError, match="has changed while it was read"):
        list(reader.pieces(data, found, keep_columns=False, rows=100))


def test_what_is_wrong_on_the_last_page_is_said_before_any_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, target = tmp_path / "rows.csv", tmp_path / "answers.csv"
    path.write_bytes(FILES["rows.csv"] + b'1,"never closed')
    assert cli.main(["predict", "--data", str(path), "--output", str(target), "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "not well-formed" in said.err and not target.exists()


def test_the_command_gives_the_same_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(cases.table(("id", "text", "label"), TABLE[:90]))

    def run(rows: int, name: str) -> tuple[dict[str, Any], str]:
        monkeypatch.setattr(in_pieces, "ROWS", rows)
        target = tmp_path / name
        asked = ["predict", "--data", str(path), "--output", str(target)]
        assert cli.main([*asked, "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert cli.main(asked) == 0
        return document, capsys.readouterr().out

    (one, told), (many, told_again) = run(1_000, "one.csv"), run(7, "many.parquet")
    assert len(one["rows"]) == 90 and one["warnings"] == many["warnings"] and "accuracy" in one
    assert told.replace("one.csv", "many.parquet") == told_again
    for left, right in zip(one["rows"], many["rows"], strict=True):
        assert left["probability"] == pytest.approx(right["probability"], abs=1e-6)
    with (tmp_path / "one.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    columns = pq.read_table(tmp_path / "many.parquet").to_pydict()
    assert list(columns) == list(table[0]) and columns["id"] == [row["id"] for row in table]
    assert columns["label"][:3] == [0, 1, None] and columns["predicted"] == [int(row["predicted"]) for row in table]
    assert list(tmp_path.glob(".*")) == []


def test_answers_may_take_the_place_of_their_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ham.csv"
    # A label that says nothing stays a column of text.
    path.write_bytes(cases.table(("comment", "label"), [(text, "ham") for text in cases.TEXTS]))
    assert cli.main(["predict", "--data", str(path), "--output", str(path)]) == 0
    assert cli.main(["predict", "--data", str(path), "--output", str(tmp_path / "a.parquet")]) == 0
    assert pq.read_table(tmp_path / "a.parquet")["label"].to_pylist() == ["ham"] * 60
