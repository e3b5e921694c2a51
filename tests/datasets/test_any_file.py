"""Any file in: the kinds that people have are read to the right rows, and what is left out is said and counted.

Longer than other files: one table of kinds of files, each met by the same few checks.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment_core.data_view.shown import reviews_to_show
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, file, load_reviews
from sentiment_core.datasets.base import NO_LABEL
from sentiment_core.datasets.file import reader
from sentiment_core.errors import DataError
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from tests.datasets import cases
from tests.datasets.shared import refused

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "cases"


@pytest.mark.parametrize("name", cases.WHOLE)
def test_every_kind_is_read_without_naming_anything(name: str, kept: Any) -> None:
    data = kept(name, cases.WHOLE[name])
    reviews = file.load(data, silent)
    assert len(reviews.texts) == cases.COUNT and reviews.labels.tolist() == cases.LABELS
    assert not any("__label__" in text for text in reviews.texts)
    told = reader.read(data).understood
    assert told.described().startswith(f"{name} was read as") and len(told.preview) == 10
    assert told.preview[1].label == "positive" and cases.TEXTS[1][9:] in told.preview[1].text
    if "quotes" not in name and "backslash" not in name:
        assert reviews.texts == cases.TEXTS
    if name == "backslash.tsv":
        assert reviews.texts == [f'"{text}"' for text in cases.TEXTS]


def test_stars_have_a_cut_that_can_be_moved(kept: Any) -> None:
    content = cases.labelled(lambda number: 1 + number % 5, ("text", "stars"))
    data = kept("stars.csv", content)
    reviews = file.load(data, silent)
    assert (len(reviews.texts), int(reviews.labels.sum())) == (48, 24)
    assert "1, 2 count as negative, 4, 5 as positive; 12 rows with 3 were left out" in reviews.warnings[0]
    moved = file.load(data.model_copy(update={"positive": ("3", "4", "5")}), silent)
    assert (len(moved.texts), int(moved.labels.sum())) == (60, 36)
    ends = file.load(data.model_copy(update={"positive": ("5",), "negative": ("1",)}), silent)
    assert (len(ends.texts), int(ends.labels.sum())) == (24, 12)
    ten = file.load(kept("ten.csv", cases.labelled(lambda number: 1 + number % 10)), silent)
    assert (len(ten.texts), int(ten.labels.sum())) == (48, 24)
    assert "12 rows with 5, 6 were left out" in ten.warnings[0]


def test_a_third_class_is_left_out_or_mapped(kept: Any) -> None:
    words = ("negative", "neutral", "positive")
    data = kept("three.csv", cases.labelled(lambda number: words[number % 3]))
    reviews = file.load(data, silent)
    assert len(reviews.texts) == 40 and "20 rows with neutral were left out" in reviews.warnings[0]
    mapped = file.load(data.model_copy(update={"negative": ("negative", "neutral")}), silent)
    assert (len(mapped.texts), int(mapped.labels.sum())) == (60, 20)


def test_two_values_that_nobody_knows_are_asked_for(kept: Any) -> None:
    data = kept("two.csv", cases.labelled(lambda number: ("ham", "spam")[number % 2]))
    message = refused(data)
    assert "'ham' (30" in message and "'spam' (30" in message and "data.positive" in message
    assert file.load(data.model_copy(update={"positive": ("spam",)}), silent).labels.tolist() == cases.LABELS
    assert "no label is 'spm'" in refused(data.model_copy(update={"positive": ("spm",)}))
    # Where nobody needs them they are no reason to refuse the texts.
    table = reader.read(data)
    assert table.labels is None and "'ham'" in table.understood.sentences(trained=False)[0]


@pytest.mark.parametrize("numbers", [(0, 1, 2), (-1, 0, 1), (4, 5), (1, 2, 3), (1, 50)])
def test_numbers_that_could_mean_several_things_are_asked_for(numbers: tuple[int, ...], kept: Any) -> None:
    content = cases.labelled(lambda number: numbers[number % len(numbers)])
    assert "does not say what is positive" in refused(kept("numbers.csv", content))


def test_blank_labels_are_left_out_and_counted_like_blank_texts(kept: Any) -> None:
    content = cases.labelled(lambda number: "" if number == 3 else "nan" if number == 4 else number % 2)
    reviews = file.load(kept("blank.csv", content), silent)
    assert len(reviews.texts) == 58 and reviews.warnings == (
        "blank.csv: 2 of 60 rows have no label and were left out.",
    )
    table = reader.read(kept("blank.csv", content))
    assert table.labels is not None and len(table.labels) == 60 and table.labels[[3, 4]].tolist() == [NO_LABEL] * 2


@pytest.mark.parametrize("count", [1, 2])
def test_counted_sentences_agree_in_number(count: int, kept: Any) -> None:
    one = count == 1
    texts = kept(
        "texts.csv", cases.table(("text", "label"), [*((" ", 1) for _ in range(count)), ("good", 1), ("bad", 0)])
    )
    rows = [*((line, n % 2) for n, line in enumerate(cases.TEXTS)), *(("so", "") for _ in range(count))]
    labels = kept("labels.csv", cases.table(("text", "label"), rows))
    third = kept("third.csv", cases.table(("text", "label"), [*rows[:60], *(("so", "maybe") for _ in range(count))]))

    def said(data: DataConfig, trained: bool) -> str:
        return " ".join(reader.read(data).understood.sentences(trained=trained))

    total = 60 + count
    assert f"{count} of {count + 2} rows {'has' if one else 'have'} no text" in said(texts, True)
    assert f"no text and {'was' if one else 'were'} left out." in said(texts, True)
    assert f"no text and {'does' if one else 'do'} not count." in said(texts, False)
    assert (
        f"{count} of {total} rows {'has' if one else 'have'} no label and {'was' if one else 'were'} left out."
        in said(labels, True)
    )
    assert f"no label and {'counts' if one else 'count'} for no accuracy." in said(labels, False)
    row = "1 row" if one else "2 rows"
    assert f"{row} with maybe {'was' if one else 'were'} left out." in said(third, True)
    assert f"{row} with maybe {'counts' if one else 'count'} for no accuracy." in said(third, False)
    few = kept("few.csv", cases.table(("text", "label"), rows[:count]))
    assert f"holds {'1 review' if one else '2 reviews'} with text and label" in refused(few)


def test_labels_are_optional_where_nobody_learns_from_them(kept: Any) -> None:
    table = reader.read(kept("none.csv", cases.table(("id", "comment"), enumerate(cases.TEXTS))), keep_columns=True)
    assert table.labels is None and table.texts == cases.TEXTS
    assert table.columns is not None and table.columns["id"][:2] == ["0", "1"]
    assert reader.read(kept("blank.csv", cases.labelled(lambda _: ""))).labels is None
    lines = "\n".join(cases.TEXTS).encode()
    assert reader.read(kept("lines.txt", lines)).texts == cases.TEXTS
    assert "label" in refused(kept("lines.txt", lines))


def test_columns_that_could_be_meant_are_listed(kept: Any) -> None:
    rows = [(line, line, label) for line, label in zip(cases.TEXTS, cases.LABELS, strict=True)]
    data = kept("two.csv", cases.table(("review", "comment", "label"), rows))
    message = refused(data)
    assert "'review', 'comment'" in message and "data.text_column" in message
    assert len(file.load(data.model_copy(update={"text_column": "Comment"}), silent).texts) == 60
    strange = kept("strange.csv", cases.table(("words", "kind"), zip(cases.TEXTS, cases.LABELS, strict=True)))
    assert file.load(strange, silent).labels.tolist() == cases.LABELS


def test_a_column_says_which_part_a_review_is_in(kept: Any) -> None:
    parts = ("train", "train", "val", "Test")
    rows = [(line, n % 2, parts[n // 2 % 4]) for n, line in enumerate(cases.TEXTS)]
    data = kept("split.csv", cases.table(("text", "label", "Split"), rows), split="column")
    reviews = load_reviews(data)
    wanted = [{"train": TRAIN, "val": VALIDATION, "Test": TEST}[parts[n // 2 % 4]] for n in range(60)]
    assert reviews.parts.tolist() == wanted
    assert not np.array_equal(load_reviews(data.model_copy(update={"split": "notebook"})).parts, wanted)
    assert "row 1 has 'left'" in refused(
        kept("bad.csv", cases.table(("text", "label", "split"), [("a", 1, "left")]), split="column")
    )
    assert "called split" in refused(kept("none.csv", cases.PLAIN, split="column"))


def test_encodings_are_guessed_said_and_can_be_chosen(kept: Any) -> None:
    russian = "Фильм был тёплым и смешным, игра прекрасна, а финал меня очень тронул."
    content = cases.table(("text", "label"), [(f"{russian} {n}", n % 2) for n in range(60)]).decode()
    data = kept("russian.csv", content.encode("cp1251"))
    reviews = file.load(data, silent)
    assert reviews.texts[0] == f"{russian} 0" and "not UTF-8; it was read as cp1251" in reviews.warnings[0]
    chosen = file.load(data.model_copy(update={"encoding": "cp1251"}), silent)
    assert chosen.texts == reviews.texts and chosen.warnings == ()
    assert "encoding is damaged" in refused(data.model_copy(update={"encoding": "utf-8"}))


def test_what_was_detected_can_be_said_instead(kept: Any) -> None:
    content = b"good;bad\n" * 30
    assert (
        reader.read(kept("a.csv", content, separator="semicolon", header="no", text_column="column 1")).texts
        == ["good"] * 30
    )
    assert reader.read(kept("a.csv", content, separator="semicolon", text_column="good")).texts == ["good"] * 29
    assert reader.read(kept("a.csv", content, separator="none", header="no")).texts == ["good;bad"] * 30


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("two.zip", cases.zipped(a__csv=cases.PLAIN, b__csv=cases.PLAIN), "several files"),
        ("none.zip", cases.zipped(a__docx=b"x"), "no file"),
        ("cut.zip", cases.zipped(a__csv=cases.PLAIN)[:-40], "damaged or cut off"),
        ("not.zip", b"PK\x03\x04 and nothing more", "damaged or cut off"),
        ("a.json", b'[{"text": "a"}, ', "cut off"),
        ("a.json", b'{"text": 1}', "holds no table"),
        ("a.json", b"[" * 100_000, "row 1 is not a JSON object"),
        ("a.jsonl", b'{"text": "a", "label": 1}\n{"text": \n', "row 2 is not a JSON object"),
        ("a.jsonl", b"plain words\n", "row 1 is not a JSON object"),
        ("a.parquet", b"PAR1 and nothing more PAR1", "not a Parquet file"),
        ("a.parquet", b"plain words", "columns are"),
        ("a.tsv", b"", "is empty"),
        ("a.json", b'{"a": 1, "b": ' * 300 + b"{}" + b"}" * 300, "holds no table"),
        ("a.csv", cases.PLAIN + bytes(512), "row 61 contains NUL bytes"),
        ("a.zip", cases.zipped(**{f"neg/{n}__txt": b"dull" for n in range(20)}), "holds 20 texts"),
        ("a.csv", pickle.dumps({"text": ["a"], "label": [1]}), "a Python pickle"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_in_one_sentence(name: str, content: bytes, words: str, kept: Any) -> None:
    assert words in refused(kept(name, content))


def test_a_password_is_told(kept: Any) -> None:
    content = bytearray(cases.zipped(a__csv=cases.PLAIN))
    # The flag of an encrypted member, in its own header and in the table of contents.
    content[6] |= 1
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    assert "cannot be unpacked: it has a password" in refused(kept("secret.zip", bytes(content)))


def test_bombs_end_within_the_limits(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 20_000_000)
    monkeypatch.setattr(reader, "available_memory", lambda: 40_000_000)
    packed = cases.zipped(a__csv=b"text,label\n" + b"a,1\n" * 10_000_000)
    assert len(packed) < 200_000
    assert "more than 20 MB" in refused(kept("bomb.zip", packed))
    assert "more than 20 MB" in refused(
        kept("twice.zip", cases.zipped(a__csv__gz=gzip.compress(b"text,label\n" + b"a,1\n" * 10_000_000)))
    )
    assert "more than 2 MB" in refused(kept("bomb.json.gz", gzip.compress(b"[" + b"{}," * 2_000_000 + b"{}]")))
    target = io.BytesIO()
    pq.write_table(pa.table({"text": pa.array(["word " * 200_000] * 300), "label": [1] * 300}), target)
    assert len(target.getvalue()) < 2_000_000
    assert "more than 20 MB" in refused(kept("bomb.parquet", target.getvalue()))


def test_an_archive_of_many_files_is_refused_before_it_is_listed(kept: Any) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"folder/of/many/{number}.txt", b"")
    assert "too many files" in refused(kept("many.zip", target.getvalue()))


@pytest.mark.real_data
@pytest.mark.parametrize("name", [path.name for path in sorted(SHARED.glob("*.*")) if path.suffix != ".md"])
def test_the_collected_files_are_read(name: str) -> None:
    table = reader.read(DataConfig(source="csv", path=str(SHARED / name)))
    assert table.understood.rows in {3, 5, 10, 60, 120, 1200}
    if table.understood.rows == 60:
        assert table.labels is not None
        classes = {value: int(np.sum(table.labels == value)) for value in (1, 0, NO_LABEL)}
        special = {"three_classes.csv": (20, 20, 20), "nan_label.csv": (29, 30, 1)}
        assert tuple(classes.values()) == special.get(name, (30, 30, 0))


def test_a_file_without_a_name_in_an_archive_is_none(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", b"")
        archive.filelist[0].filename = ""
    with pytest.raises(DataError, match="holds no file"):
        load_reviews(DataConfig(source="csv", path=str(tmp_path / "a.zip")))


def packed(names: Iterable[str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "what", "advice"),
    [
        ("reviews.csv", b"\xd0\xcf\x11\xe0\xa1\xb1" + bytes(500), "an old Office document", "Save it as CSV"),
        ("reviews.csv", packed(["[Content_Types].xml", "xl/workbook.xml"]), "an Office document", "as CSV in UTF-8"),
        ("reviews.csv", b"%PDF-1.7\n", "a PDF", "Export the reviews as CSV"),
        ("reviews.csv", packed(["mimetype", "content.xml"]), "an Office document", "as CSV in UTF-8"),
        ("reviews.csv", b"ARROW1\0\0" + bytes(99), "a table in a form that is not read", "CSV or Parquet"),
        ("reviews.csv", b"\x89PNG\r\n\x1a\n" + bytes(99), "a picture", "as text"),
        ("reviews.txt", b"{\\rtf1\\ansi so}", "a document of a word processor", "plain text"),
        ("reviews.csv", b'<?xml version="1.0"?>\n<reviews/>', "XML", "as CSV"),
        ("reviews.csv", b"\x28\xb5\x2f\xfd" + bytes(99), "packed in a way", "as gzip or zip"),
        ("reviews.csv", b"SQLite format 3\0", "an SQLite database", "Export its table"),
        ("reviews.csv", b"\n<!DOCTYPE html><title>Sign in</title>", "a web page", "log in first"),
        ("reviews.csv", b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS", "git lfs pull"),
        ("reviews.csv", bz2.compress(b"text,label\n"), "packed in a way", "as gzip or zip"),
        ("reviews.csv", lzma.compress(b"text,label\n"), "packed in a way", "as gzip or zip"),
    ],
)
def test_what_is_no_table_is_called_what_it_is(name: str, content: bytes, what: str, advice: str, kept: Any) -> None:
    message = refused(kept(name, content))
    assert what in message and advice in message


@pytest.mark.parametrize(
    "values", [("0,0", "1,0"), ("\u00a0neg ", "pos\u200b"), ("Very negative", "extremely Positive")]
)
def test_labels_are_known_through_what_surrounds_them(values: tuple[str, str], kept: Any) -> None:
    content = cases.labelled(lambda number: values[number % 2])
    assert file.load(kept("labels.csv", content), silent).labels.tolist() == cases.LABELS


@pytest.mark.parametrize(("above", "said"), [(1, "the first line stands"), (3, "the first 3 lines stand")])
def test_lines_above_the_names_of_columns_are_said(above: int, said: str, kept: Any) -> None:
    content = b"Reviews of one evening\n" * above + cases.PLAIN
    (words,) = file.load(kept("titles.csv", content), silent).warnings
    assert f"{said} above the names of the columns" in words
    # Who says that there is no line with names wants every line.
    assert refused(kept("titles.csv", content, header="no"))


@pytest.mark.parametrize(
    "lines",
    [
        "A fine evening for the two of them\nNice story, rating, label\nwith, many more commas, in it, than that\n",
        "a fine film in every way we saw,1\nreview,1\na dull film in every way we saw,0\n",
        "a fine film in every way we saw,1,\na dull film in every way we saw,0,\nreview,1,\n",
    ],
)
def test_a_name_of_a_column_among_the_rows_is_no_header(lines: str, kept: Any) -> None:
    assert len(reader.read(kept("lines.txt", lines.encode())).texts) == 3


def test_a_file_without_names_that_begins_with_one_class_is_read(kept: Any) -> None:
    rows = [(4 * (n >= 200), n + 7, cases.DATES[n % 60], f"{cases.text(n // 2)} {n}") for n in range(400)]
    reviews = file.load(kept("sorted.csv", cases.table((), rows)), silent)
    assert len(reviews.texts) == 400 and int(reviews.labels.sum()) == 200


def test_labels_found_by_their_values_alone_are_said(kept: Any) -> None:
    content = cases.labelled(lambda number: number % 2, ("text", "flag"))
    (said,) = file.load(kept("flags.csv", content), silent).warnings
    assert "taken from 'flag'" in said and "data.label_column" in said
    assert file.load(kept("flags.csv", content, label_column="flag"), silent).warnings == ()


def test_a_sum_below_the_table_is_among_no_labels_that_were_left_out(kept: Any) -> None:
    assert file.load(kept("sum.csv", cases.PLAIN + b",Total\r\n"), silent).warnings == (
        "sum.csv: 1 of 61 rows has no text and was left out.",
    )
    other = cases.PLAIN + b"An evening that nobody has judged,unsup\r\n,Total\r\n"
    said = " ".join(file.load(kept("other.csv", other), silent).warnings)
    assert "1 row with unsup was left out" in said


def test_the_first_rows_of_a_file_that_is_sorted_by_its_labels_say_little(kept: Any) -> None:
    rows = [(f"{text} Part {part}.", 2 if part < 4 else 9) for part in range(6) for text in cases.TEXTS]
    content = cases.table(("text", "stars"), rows)
    data = kept("sorted.csv", content)
    found = reader.glance(data, labels_required=True)
    assert found.columns == ("text", "stars") and found.label_column is None
    assert found.unused_labels is not None and "'2' (100" in found.unused_labels
    for chosen in (data, data.model_copy(update={"positive": ("9",)})):
        assert reviews_to_show(chosen).labels.tolist() == [0] * 240 + [1] * 120
    short = cases.table(("text", "stars"), rows[:80])
    with pytest.raises(DataError, match="does not say what is positive"):
        reader.glance(kept("short.csv", short), labels_required=True)
