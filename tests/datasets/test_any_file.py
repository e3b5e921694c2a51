"""Any file in: the kinds that people have are read to the right rows, and what is left out is said and counted.

Longer than other files: one table of kinds of files, each met by the same few checks.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
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
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment_core.data_view.shown import reviews_to_show
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, file, load_reviews
from sentiment_core.datasets.base import NO_LABEL
from sentiment_core.datasets.file import reader
from sentiment_core.errors import DataError
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from tests.datasets import cases

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "cases"


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    """`kept("a.csv", content, header="no")` are the settings that read a file of this name and content."""

    def write(name: str, content: bytes, **fields: Any) -> DataConfig:
        (tmp_path / name).write_bytes(content)
        return DataConfig(source="csv", path=str(tmp_path / name), **fields)

    return write


def refused(data: DataConfig) -> str:
    with pytest.raises(DataError) as caught:
        file.load(data, silent)
    message = str(caught.value)
    assert len(message) < 700 and "Traceback" not in message
    return message


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


def test_a_million_columns_of_a_record_are_refused(kept: Any) -> None:
    record = json.dumps({f"c{number}": 1 for number in range(200_000)}).encode()
    assert "200,000 columns" in refused(kept("wide.jsonl", record + b"\n" + record))


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


SPELLINGS: tuple[tuple[str, str], ...] = (
    ("0", "1"), ("neg", "pos"), ("Negative", "POSITIVE"), ("False", "True"), ("0.0", "1.0"), ("-1", "1"), ("1", "5"),
    ("1/5", "4/5"), ("★☆☆☆☆", "★★★★★"), ("10%", "90%"), ("Negativo", "positivo"), ("__label__0", "__label__1"),
)  # fmt: skip
PROSE = 'the film was good, bad; plain "quoted" half|way it\'s 5\t6 naïve café — a\nb “so” (so) 100% <br /> , ; | ^ #'
sentences = st.lists(st.sampled_from(PROSE.split(" ")), min_size=6, max_size=12).map(" ".join)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes, list[str], list[int]]:
    """A name, the content, and what must be read from it."""
    texts = draw(st.lists(sentences, min_size=2, max_size=8))
    labels = [draw(st.integers(0, 1)) for _ in texts]
    labels[:2] = [0, 1]
    spelled = draw(st.sampled_from(SPELLINGS))
    separator = draw(st.sampled_from(",;\t|^"))
    backslash = draw(st.booleans())
    header: tuple[str, ...] = draw(
        st.sampled_from([("text", "label"), ("Review", "Sentiment"), ("comment", "stars"), ()])
    )
    if not header and spelled == ("1", "5"):
        spelled = ("0", "1")  # stars in a column without a name could be anything
    rows: list[tuple[object, ...]] = [(text, spelled[label]) for text, label in zip(texts, labels, strict=True)]
    if draw(st.booleans()):
        header, rows = header[::-1], [row[::-1] for row in rows]
    if header and draw(st.booleans()):
        header, rows = ("", *header), [(number, *row) for number, row in enumerate(rows)]
    style: dict[str, Any] = {
        "delimiter": separator,
        "quoting": draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])),
    }
    if backslash:
        style |= {"doublequote": False, "escapechar": "\\", "quoting": csv.QUOTE_ALL}
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator=draw(st.sampled_from(["\r\n", "\n"])), **style).writerows(
        [header, *rows] if header else rows
    )
    encodings = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "cp1252"]
    encoding = draw(st.sampled_from(encodings[: -1 if "★" in spelled[1] else None]))
    above = draw(st.sampled_from(["", "", "", "# made by hand\r\n#\r\n", "Reviews\n\n"])) if header else ""
    signs = f"sep={separator}\r\n" * draw(st.booleans())
    content = (signs + above + target.getvalue()).encode(encoding)
    name, packed = draw(
        st.sampled_from([("a.csv", bytes), ("a.csv.gz", gzip.compress), ("a.zip", lambda c: cases.zipped(a__csv=c))])
    )
    return name, packed(content), texts, labels


@example(made=("a.csv", b"the good, good,;0\r\nthe good, good,;1\r\n", ["the good, good,"] * 2, [0, 1]))
@example(made=("a.csv", b"the good, good,;0\r\nthe good, the;1\r\n", ["the good, good,", "the good, the"], [0, 1]))
@example(made=("a.csv", b"the the good,\t0\r\nthe the good,\t1\r\n", ["the the good,"] * 2, [0, 1]))
@example(
    made=(
        "a.csv", b'"the the 5\t6 5\t6 the the"\t0\r\n", the 5\t6 5\t6 the the"\t1\r\n',
        ["the the 5\t6 5\t6 the the", ", the 5\t6 5\t6 the the"], [0, 1],
    )
)  # fmt: skip
@example(
    made=(
        "a.csv",
        b"0\tthe good ,\r\n1\t, the good the\r\n0\t, the the\r\n",
        ["the good ,", ", the good the", ", the the"],
        [0, 1, 0],
    )
)
@example(
    made=(
        "a.csv",
        b'the the good the\t__label__0\r\n"the the ""good"""\t__label__1\r\n',
        ["the the good the", 'the the "good"'],
        [0, 1],
    )
)
@example(
    made=(
        "a.csv",
        b'text|label\r\nthe the good|1\r\nthe the|5\r\n"the | a\nb"|1\r\n',
        ["the the good", "the the", "the | a\nb"],
        [0, 1, 0],
    )
)
@given(made=files())
def test_generated_files_are_read_to_the_right_rows(made: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    name, content, texts, labels = made
    path = tmp_path_factory.getbasetemp() / f"generated-{name}"
    path.write_bytes(content)
    table = reader.read(DataConfig(source="csv", path=str(path)), labels_required=True)
    assert table.texts == texts
    assert table.labels is not None and table.labels.tolist() == labels


@given(made=files(), data=st.data())
def test_damaged_files_give_rows_or_one_clear_sentence(
    made: Any, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name, content, _, _ = made
    path = tmp_path_factory.getbasetemp() / f"damaged-{name}"
    at = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:at] + data.draw(st.binary(max_size=6)) + content[at + data.draw(st.integers(0, 30)) :])
    sentence = ""
    try:
        table = reader.read(DataConfig(source="csv", path=str(path)), labels_required=True)
    except DataError as error:
        sentence = str(error)
    if sentence:
        assert path.name in sentence and len(sentence) < 2500
    else:
        assert table.labels is not None and len(table.labels) == len(table.texts)


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


@pytest.mark.parametrize("content", [b"[]", b'{"reviews": []}', b"\n"])
def test_json_without_rows_says_so(content: bytes, kept: Any) -> None:
    assert "rows" in refused(kept("none.json", content))


RECORDS = [{"review": text, "sentiment": label} for text, label in zip(cases.TEXTS, cases.LABELS, strict=True)]


@pytest.mark.parametrize(
    "document",
    [
        {str(number): record for number, record in enumerate(RECORDS)},
        {"columns": ["review", "sentiment"], "index": [*range(cases.COUNT)], "data": [[*r.values()] for r in RECORDS]},
        [{"id": number, "user": {"name": "x"}, **record} for number, record in enumerate(RECORDS)],
        [{"review": {"text": record["review"]}, "sentiment": record["sentiment"]} for record in RECORDS],
    ],
    ids=["a row an object", "columns and data", "a record beside", "a record within"],
)
@pytest.mark.parametrize("name", ["reviews.json", "reviews.csv"])
def test_json_of_pandas_and_of_records_in_records(document: Any, name: str, kept: Any) -> None:
    content = json.dumps(document).encode()
    named = {"text_column": "review.text"} if b'{"review": {' in content else {}
    reviews = file.load(kept(name, content, **named), silent)
    assert reviews.texts == cases.TEXTS and reviews.labels.tolist() == cases.LABELS


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"train": RECORDS, "test": RECORDS}, "'train', 'test'"),
        ({"train": {"rows": RECORDS}, "test": {"rows": RECORDS}}, "'train.rows', 'test.rows'"),
        ({name: {"text": cases.TEXTS, "label": cases.LABELS} for name in ("train", "test")}, "'train', 'test'"),
    ],
)
def test_several_tables_in_json_are_named(document: Any, named: str, kept: Any) -> None:
    assert named in refused(kept("two.json", json.dumps(document).encode()))


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


def test_records_in_records_end_somewhere(kept: Any) -> None:
    deep = '{"text": ' * 40 + '"a"' + "}" * 40
    assert reader.read(kept("deep.jsonl", f"{deep}\n{deep}\n".encode())).texts[0].startswith('{"text"')
    assert "row 1 is not a JSON object" in refused(kept("deep.jsonl", b'{"text": ' * 100_000))


def test_labels_found_by_their_values_alone_are_said(kept: Any) -> None:
    content = cases.labelled(lambda number: number % 2, ("text", "flag"))
    (said,) = file.load(kept("flags.csv", content), silent).warnings
    assert "taken from 'flag'" in said and "data.label_column" in said
    assert file.load(kept("flags.csv", content, label_column="flag"), silent).warnings == ()


def test_reviews_in_json_under_the_names_of_their_classes(kept: Any) -> None:
    good, bad = cases.TEXTS[1::2], cases.TEXTS[0::2][:20]
    reviews = file.load(kept("two.json", json.dumps({"positive": good, "negative": bad}).encode()), silent)
    assert reviews.texts == good + bad and reviews.labels.tolist() == [1] * 30 + [0] * 20
    # Numbers may as well be those of columns without a name.
    numbered = {"0": cases.TEXTS, "1": cases.LABELS}
    assert file.load(kept("numbered.json", json.dumps(numbered).encode()), silent).texts == cases.TEXTS


def test_two_columns_of_one_name_in_parquet_are_told(kept: Any) -> None:
    target = io.BytesIO()
    twice = pa.Table.from_arrays([pa.array(cases.TEXTS)] * 2 + [pa.array(cases.LABELS)], ["text", "text", "label"])
    pq.write_table(twice, target)
    assert "two columns are called 'text'" in refused(kept("twice.parquet", target.getvalue()))


def test_a_column_of_lists_beside_a_table_hides_no_names_of_classes(kept: Any) -> None:
    features = {
        "label": {"names": ["positive", "negative"], "_type": "ClassLabel"},
        "words": [{"dtype": "string", "_type": "Value"}],
    }
    target = io.BytesIO()
    rows = pa.table(
        {"text": cases.TEXTS, "label": cases.LABELS, "words": [text.split() for text in cases.TEXTS]}
    ).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(rows, target)
    found = file.load(kept("lists.parquet", target.getvalue()), silent)
    assert found.labels.tolist() == [1 - label for label in cases.LABELS]


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


@pytest.mark.parametrize("about", [b"[" * 9_999, b'{"info": 1}', b'{"info": {"features": {"label": 1}}}', b"\xff"])
def test_what_is_said_beside_a_table_may_be_damaged(about: bytes, kept: Any) -> None:
    target = io.BytesIO()
    rows = pa.table({"text": cases.TEXTS, "label": cases.LABELS})
    pq.write_table(rows.replace_schema_metadata({"huggingface": about}), target)
    assert file.load(kept("so.parquet", target.getvalue()), silent).labels.tolist() == cases.LABELS
