"""Files made by rule, whole and damaged: the right rows, or one clear sentence."""

from __future__ import annotations

import csv
import gzip
import io
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment_core.datasets.file import reader
from sentiment_core.errors import DataError
from sentiment_core.settings import DataConfig
from tests.datasets import cases

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
