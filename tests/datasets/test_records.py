"""Records: JSON in its shapes and Parquet are read to the right rows, and what is no table is told."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment_core.datasets import file
from sentiment_core.datasets.file import reader
from sentiment_core.progress import silent
from tests.datasets import cases
from tests.datasets.shared import refused


def test_a_million_columns_of_a_record_are_refused(kept: Any) -> None:
    record = json.dumps({f"c{number}": 1 for number in range(200_000)}).encode()
    assert "200,000 columns" in refused(kept("wide.jsonl", record + b"\n" + record))


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


def test_records_in_records_end_somewhere(kept: Any) -> None:
    deep = '{"text": ' * 40 + '"a"' + "}" * 40
    assert reader.read(kept("deep.jsonl", f"{deep}\n{deep}\n".encode())).texts[0].startswith('{"text"')
    assert "row 1 is not a JSON object" in refused(kept("deep.jsonl", b'{"text": ' * 100_000))


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


@pytest.mark.parametrize("about", [b"[" * 9_999, b'{"info": 1}', b'{"info": {"features": {"label": 1}}}', b"\xff"])
def test_what_is_said_beside_a_table_may_be_damaged(about: bytes, kept: Any) -> None:
    target = io.BytesIO()
    rows = pa.table({"text": cases.TEXTS, "label": cases.LABELS})
    pq.write_table(rows.replace_schema_metadata({"huggingface": about}), target)
    assert file.load(kept("so.parquet", target.getvalue()), silent).labels.tolist() == cases.LABELS
