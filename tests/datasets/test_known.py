"""Reviews that were read before: the same in every bit, read again only where a text is looked at, never another's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_core.corpus import prepare
from sentiment_core.datasets import Reviews, file, load_reviews
from sentiment_core.datasets.base import UnreadTexts
from sentiment_core.datasets.file import reader
from sentiment_core.errors import DataError
from sentiment_core.progress import silent
from sentiment_core.remarks import remarks
from sentiment_core.settings import DataConfig
from tests.datasets import cases
from tests.forks import StartCode

COUNT = 200
# Copies, one of them with the other label, texts that are written in several ways, rows without a text, stars.
ROWS = [
    *(
        (f"The film number {n % 90} was {('grim', 'lovely')[n % 2]}, caf\u00e9 {n % 7}", (1, 5)[n % 2])
        for n in range(COUNT)
    ),
    ("THE FILM <br /> number 3 was lovely, cafe\u0301 3", 1),
    (" ", 5),
    ("Neither good nor bad.", 3),
]


def write(path: Path, rows: list[tuple[str, int]] = ROWS) -> DataConfig:
    parts = ("train", "train", "test", "validation")
    path.write_bytes(cases.table(("text", "label", "split"), ((*row, parts[n % 4]) for n, row in enumerate(rows))))
    return DataConfig(source="csv", path=str(path))


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small files count as ones that take long to read."""
    monkeypatch.setattr(file, "is_quick", lambda data: False)


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when this is called on, reading a file fails."""

    def refuse(*arguments: Any, **named: Any) -> None:
        raise AssertionError("read again")

    return lambda: monkeypatch.setattr(reader, "read", refuse)


def all_of(reviews: Reviews) -> list[Any]:
    """Return everything that a training makes of reviews, but for their texts."""
    return [
        reviews.labels.tolist(),
        reviews.parts.tolist(),
        reviews.hashes.tolist(),
        reviews.contents.tolist(),
        reviews.fingerprint(),
        reviews.texts_fingerprint(),
        reviews.warnings,
        remarks(reviews),
    ]


@pytest.mark.parametrize(
    "asked", [{}, {"limit": 50}, {"split": "notebook"}, {"split": "column"}, {"split": "column", "limit": 60}]
)
def test_what_is_known_is_what_is_read(
    asked: dict[str, Any], tmp_path: Path, home: Path, unreadable: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write(tmp_path / "mine.csv").model_copy(update=asked)
    plain = load_reviews(data)
    assert isinstance(plain.texts, list) and not (home / "readings").exists()  # small: it is read each time
    assert len(plain.warnings) == 2
    monkeypatch.setattr(file, "is_quick", lambda data: False)
    first, again = load_reviews(data), load_reviews(data)
    assert isinstance(first.texts, list) and isinstance(again.texts, UnreadTexts)
    assert list(again.texts) == list(plain.texts) and again.texts[7:9] == plain.texts[7:9]
    unreadable()
    known = load_reviews(data)
    assert all_of(plain) == all_of(first) == all_of(again) == all_of(known)
    assert len(known.texts) == len(plain.texts)
    with pytest.raises(AssertionError, match="read again"):
        known.texts[0]


@pytest.mark.parametrize("tokenizer", ["unified", "whitespace"])
def test_an_encoding_that_is_known_needs_no_text(
    tokenizer: Any, tmp_path: Path, slow: None, unreadable: Callable[[], None]
) -> None:
    data = write(tmp_path / "mine.csv").model_copy(update={"tokenizer": tokenizer, "embeddings": "random"})
    first = prepare(data, load_reviews(data), 1, silent)
    unreadable()
    again = prepare(data, load_reviews(data), 1, silent)
    for name in ("token_ids", "offsets", "lengths", "labels", "parts", "readable", "contents", "matrix", "vocabulary"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name), err_msg=name)
        assert getattr(again, name).dtype == getattr(first, name).dtype, name


def test_another_content_is_read_anew_though_size_and_time_are_the_same(tmp_path: Path, slow: None) -> None:
    data = write(tmp_path / "mine.csv")
    before, time = load_reviews(data), os.stat(data.path or "").st_mtime_ns
    write(tmp_path / "mine.csv", [(text.replace("lovely", "boring"), label) for text, label in ROWS])
    os.utime(data.path or "", ns=(time, time))
    changed = load_reviews(data)
    assert (
        len(changed) == len(before) and "boring" in changed.texts[1] and changed.fingerprint() != before.fingerprint()
    )
    write(tmp_path / "mine.csv")
    assert load_reviews(data).fingerprint() == before.fingerprint()


@pytest.mark.parametrize(
    ("asked", "positive"),
    [({"positive": ("1",), "negative": ("5",)}, 101), ({"negative": ("1",)}, 101), ({"positive": ("3", "5")}, 101)],
)
def test_another_way_to_read_is_another_answer(
    asked: dict[str, Any], positive: int, tmp_path: Path, slow: None
) -> None:
    data = write(tmp_path / "mine.csv")
    usual = load_reviews(data)
    chosen = data.model_copy(update=asked)
    found = [load_reviews(chosen) for _ in range(2)]
    assert int(usual.labels.sum()) == 100 and [int(each.labels.sum()) for each in found] == [positive, positive]
    assert isinstance(found[1].texts, UnreadTexts) and found[0].warnings == found[1].warnings != usual.warnings


def test_a_copy_under_another_name_is_called_by_its_own(tmp_path: Path, slow: None) -> None:
    for name in ("one.csv", "two.csv"):
        assert load_reviews(write(tmp_path / name)).warnings[0].startswith(name)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-400])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(b"\x93NUMPY") + 200] ^= 0xFF  # among the labels: the archive has bytes that nobody reads
    path.write_bytes(content)


def of_others(**others: np.ndarray) -> Callable[[Path], None]:
    def replaced(path: Path) -> None:
        with np.load(path) as archive:
            kept = dict(archive)
        np.savez(path, **(kept | others))  # type: ignore[arg-type]

    return replaced


@pytest.mark.parametrize(
    "damage",
    [
        truncated,
        flipped,
        of_others(labels=np.full(COUNT + 1, 7, np.int8)),
        of_others(hashes=np.zeros(3, np.uint64)),
        of_others(contents=np.zeros(COUNT + 1, np.float64)),
        of_others(parts=np.zeros(3, np.int8)),
        of_others(warnings=np.zeros(3, np.uint8)),
    ],
)
def test_what_is_damaged_is_made_anew(
    damage: Callable[[Path], None], tmp_path: Path, home: Path, slow: None, caplog: pytest.LogCaptureFixture
) -> None:
    data = write(tmp_path / "mine.csv")
    first = load_reviews(data)
    (cache,) = (home / "readings").iterdir()
    damage(cache)
    again = load_reviews(data)
    assert "a damaged cache is made again" in caplog.text and isinstance(again.texts, list)
    assert all_of(again) == all_of(first)
    caplog.clear()
    assert all_of(load_reviews(data)) == all_of(first) and not caplog.text


def test_texts_of_a_file_that_has_changed_are_not_mixed_with_what_was_known(tmp_path: Path, slow: None) -> None:
    data = write(tmp_path / "mine.csv")
    load_reviews(data)
    known = load_reviews(data)
    write(tmp_path / "mine.csv", ROWS[:60])
    with pytest.raises(DataError, match="have changed since they were read"):
        known.texts[0]
    Path(data.path or "").unlink()
    with pytest.raises(DataError, match="there is no such file"):
        known.texts[0]
    with pytest.raises(DataError, match="there is no such file"):
        load_reviews(data)


def test_a_file_that_changes_while_it_is_read_is_not_known(
    tmp_path: Path, home: Path, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, read = write(tmp_path / "mine.csv"), reader.read

    def changing(*arguments: Any, **named: Any) -> Any:
        found = read(*arguments, **named)
        write(tmp_path / "mine.csv", ROWS[:80])
        return found

    monkeypatch.setattr(reader, "read", changing)
    assert len(load_reviews(data)) == COUNT + 1
    assert not list((home / "readings").glob("*"))
    assert len(load_reviews(data)) == 80


def test_two_processes_at_once_know_the_same(tmp_path: Path, home: Path, start_code: StartCode) -> None:
    data = write(tmp_path / "mine.csv")
    code = (
        "import sys\n"
        "from sentiment_core.datasets import file, load_reviews\n"
        "from sentiment_core.settings import DataConfig\n"
        "file.is_quick = lambda data: False\n"
        "for _ in range(5):\n"
        "    print(load_reviews(DataConfig(source='csv', path=sys.argv[1])).fingerprint())"
    )
    children = [start_code(code, str(tmp_path / "mine.csv")) for _ in range(2)]
    said = [line for child in children for line in child.finish().split()]
    assert said == [load_reviews(data).fingerprint()] * 10
    assert len(list((home / "readings").iterdir())) == 1


def test_letters_in_no_encoding_are_known_too(tmp_path: Path, slow: None) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(f'{{"text": "\\ud800 film {n}", "label": {n % 2}}}' for n in range(40)))
    data = DataConfig(source="csv", path=str(path))
    assert all_of(load_reviews(data)) == all_of(load_reviews(data))


@pytest.mark.real_data
def test_forty_thousand_real_reviews_are_known(real_data: Path, unreadable: Callable[[], None]) -> None:
    data = DataConfig(source="csv", path=str(real_data / "movie.csv.gz"))
    first = load_reviews(data)
    unreadable()
    assert all_of(load_reviews(data)) == all_of(first)
