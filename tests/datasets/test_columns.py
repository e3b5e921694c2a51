"""Which columns of a file are meant: by names in several languages, by their values, or by asking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sentiment_core.datasets import file
from sentiment_core.datasets.file import reader
from sentiment_core.errors import DataError
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from tests.datasets import cases

HEADS = ("Worth every minute of it", "A long and empty evening")


def kept(folder: Path, content: bytes, **fields: Any) -> DataConfig:
    (folder / "reviews.csv").write_bytes(content)
    return DataConfig(source="csv", path=str(folder / "reviews.csv"), **fields)


def chosen(folder: Path, header: tuple[str, ...], *columns: list[Any]) -> tuple[str, str | None]:
    data = kept(folder, cases.table(header, list(zip(*columns, strict=True))))
    found = reader.read(data, labels_required=True).understood
    return found.text_column, found.label_column


def values(*of: object) -> list[object]:
    return [of[number % len(of)] for number in range(cases.COUNT)]


@pytest.mark.parametrize(
    ("header", "columns", "wanted"),
    [
        # What is called a rating in German may be the review, and the other way round.
        (("Bewertung", "Sterne"), (cases.TEXTS, values(1, 5)), ("Bewertung", "Sterne")),
        (("Bewertung", "Kommentar"), (values(1, 5), cases.TEXTS), ("Kommentar", "Bewertung")),
        # A column of yes and no beside it is no label.
        (("Text", "Bewertung", "echt"), (cases.TEXTS, values(1, 5), values("ja", "nein")), ("Text", "Bewertung")),
        # A remark in English; a label in English comes first.
        (("review", "note", "label"), (cases.TEXTS, values("so", "said"), values(0, 1)), ("review", "label")),
        (("review", "note", "flag"), (cases.TEXTS, values(1, 2, 3), values(0, 1)), ("review", "flag")),
        # Part of a name, but of something else.
        (("review_title", "opinion"), (values(*HEADS), cases.TEXTS), ("opinion", None)),
        (("text", "user_rating", "rating_count"), (cases.TEXTS, values(1, 5), values(7, 8)), ("text", "user_rating")),
        (("tweet", "mean_score", "confidence"), (cases.TEXTS, values(1, 5), values(0.5, 0.7)), ("tweet", "mean_score")),
        # A third and a fourth class beside the two.
        (("words", "kind"), (cases.TEXTS, values("Negative", "Positive", "Neutral", "Irrelevant")), ("words", "kind")),
    ],
)  # fmt: skip
def test_what_is_meant_is_found(
    header: tuple[str, ...], columns: tuple[list[Any], ...], wanted: tuple[str, str | None], tmp_path: Path
) -> None:
    if wanted[1] is None:
        header, columns = (*header, "label"), (*columns, values(0, 1))
    assert chosen(tmp_path, header, *columns) == (wanted[0], wanted[1] or "label")


@pytest.mark.parametrize(
    ("header", "columns", "named"),
    [
        # In German schools 1 is the best.
        (("Kommentar", "Note"), (cases.TEXTS, values(1, 2, 4, 5)), "'Kommentar', 'Note'"),
        (("Text", "Schulnote"), (cases.TEXTS, values(1, 2, 5, 6)), "'Schulnote'"),
        (("text", "seller_rating", "film_rating"), (cases.TEXTS, values(1, 5), values(5, 1)), "'film_rating'"),
        (("headline", "article", "label"), (values(*HEADS), cases.TEXTS, values(0, 1)), "'headline', 'article'"),
        (("review_en", "review_es", "label"), (cases.TEXTS, cases.TEXTS, values(0, 1)), "'review_en', 'review_es'"),
        (
            ("text", "score", "verdict"),
            (cases.TEXTS, values("1/5", "A", "B+", "C-", "D", "2 1/2", "F", "4/5", "A+"), values("Rotten", "Fresh")),
            "'score', 'verdict'",
        ),
    ],
)
def test_what_could_be_meant_otherwise_is_asked_for(
    header: tuple[str, ...], columns: tuple[list[Any], ...], named: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        chosen(tmp_path, header, *columns)
    assert named in str(caught.value) and "Set data." in str(caught.value)


def test_numbers_of_classes_are_no_scores(tmp_path: Path) -> None:
    scores = values(0, 15, 35, 55, 80, 100)
    content = cases.table(("review", "score"), list(zip(cases.TEXTS, scores, strict=True)))
    reviews = file.load(kept(tmp_path, content), silent)
    assert (len(reviews.texts), int(reviews.labels.sum())) == (50, 20)
    assert "0, 15, 35 count as negative, 100, 80 as positive; 10 rows with 55 were left out" in reviews.warnings[0]
    for name, numbers in (
        ("label", scores),
        ("score", [*range(17, 77)]),
        ("score", [-5, *scores[1:]]),
        ("score", values(45, 80, 100)),
    ):
        content = cases.table(("review", name), list(zip(cases.TEXTS, numbers, strict=True)))
        with pytest.raises(DataError, match="does not say what is positive"):
            file.load(kept(tmp_path, content), silent)


def test_a_line_of_several_names_is_no_name(tmp_path: Path) -> None:
    # Read as a single column between tabs, each review would begin with its label.
    content = b"label,text\n" + b"".join(f"{n % 2},{t}\n".encode() for n, t in enumerate(cases.TEXTS))
    with pytest.raises(DataError, match="row 1 has 3 fields where the header has 2"):
        reader.read(kept(tmp_path, content))


def test_a_column_whose_name_says_something_is_not_called_nameless(tmp_path: Path) -> None:
    content = cases.labelled(lambda number: ("negative", "positive")[number % 2], ("text", "airline_sentiment"))
    assert file.load(kept(tmp_path, content), silent).warnings == ()


def test_columns_of_one_name_are_all_kept(tmp_path: Path) -> None:
    rows = [(n, "a", t, "b", "c") for n, t in enumerate(cases.TEXTS)]
    table = reader.read(kept(tmp_path, cases.table(("id", "note", "text", "note", "note"), rows)), keep_columns=True)
    assert table.columns is not None and list(table.columns) == ["id", "note", "text", "note (2)", "note (3)"]
    assert [table.columns[name][0] for name in ("note", "note (2)", "note (3)")] == ["a", "b", "c"]
