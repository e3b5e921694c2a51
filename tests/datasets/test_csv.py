"""CSV files: what is read, what is refused, and that a refusal names the place and the way out.

Longer than other files: one reader, every way a file can be wrong beside the way it is right.
"""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from sentiment_core.datasets import TEST, load_reviews
from sentiment_core.datasets import file as source
from sentiment_core.datasets.file import reader
from sentiment_core.datasets.file.container import is_small
from sentiment_core.errors import DataError
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig

MOVIES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "movie.csv.gz"


def load(path, progress=silent, **options):
    return source.load(DataConfig(source="csv", path=str(path), **options), progress)


def read(path, max_bytes=reader.MAX_BYTES, **options):
    return reader.read(DataConfig(source="csv", path=str(path), **options), max_bytes=max_bytes)


def rows(count=24, label=lambda number: number % 2):
    return [(f"review number {number}, good or bad", label(number)) for number in range(count)]


def write(path, content, header=("text", "label"), encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *content])
    return path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "reviews.csv"


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        load(path, **options)
    message = str(caught.value)
    assert path.name in message and "Traceback" not in message and len(message) < 600
    return message


def test_texts_and_labels_come_back_in_order(file):
    content = [('She said "no", twice.\nThen left.', 1), ("naïve 😀 فيلم", 0), *rows()]
    corpus = load(write(file, content))
    assert corpus.texts == [text for text, _ in content]
    assert corpus.labels.tolist() == [label for _, label in content]
    assert corpus.labels.dtype == np.int8
    assert corpus.warnings == ()


@pytest.mark.parametrize("names", [("0", "1"), ("neg", "pos"), (" Negative", "POSITIVE ")])
def test_label_spellings(file, names):
    corpus = load(write(file, rows(label=lambda number: names[number % 2])))
    assert corpus.labels.tolist() == [0, 1] * 12


def test_words_that_look_like_missing_values_are_texts(file):
    assert load(write(file, [("NA", 1), ("null", 0), *rows()])).texts[:2] == ["NA", "null"]


def test_columns_can_be_chosen(file):
    write(file, [(7, text, label) for text, label in rows()], header=("id", "review", "sentiment"))
    assert len(load(file, text_column="review", label_column="sentiment").texts) == 24
    assert len(load(file).texts) == 24
    message = refusal(file, text_column="words")
    assert "'words'" in message and "'id', 'review', 'sentiment'" in message and "data.text_column" in message
    assert "data.label_column" in refusal(file, label_column="mark")
    assert "Name two columns" in refusal(file, text_column="review", label_column="review")


@pytest.mark.parametrize("name", ["reviews.csv.gz", "reviews.csv", "Reviews.CSV"])
def test_compression_is_found_by_content(tmp_path, name):
    plain = write(tmp_path / "plain.csv", rows()).read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(plain))
    assert len(load(tmp_path / name).texts) == 24
    (tmp_path / name).write_bytes(plain)
    assert len(load(tmp_path / name).texts) == 24


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(file, encoding):
    corpus = load(write(file, [("café", 1), *rows()], encoding=encoding))
    assert corpus.texts[0] == "café" and corpus.warnings == ()


@pytest.mark.parametrize(("encoding", "late"), [("cp1252", 0), ("latin-1", 0), ("cp1252", 5000)])
def test_other_encodings_are_read_with_a_warning(file, encoding, late):
    text = "café" if encoding == "cp1252" else "café \x81"
    corpus = load(write(file, [*rows(late), (text, 1), *rows()], encoding=encoding))
    assert corpus.texts[late] == text and len(corpus.texts) == late + 25
    assert "not UTF-8" in corpus.warnings[0] and encoding in corpus.warnings[0]


def test_empty_texts_are_dropped_and_counted(file):
    corpus = load(write(file, [("", 1), *rows(), ("  \n ", 0)]))
    assert corpus.texts == [text for text, _ in rows()]
    assert corpus.labels.tolist() == [0, 1] * 12
    assert "2 of 26 rows have no text" in corpus.warnings[0]


def test_nothing_but_empty_texts(file):
    assert "0 reviews with text" in refusal(write(file, [("", number % 2) for number in range(50)]))


def test_too_few_reviews(file):
    assert "19 reviews" in refusal(write(file, rows(19)))


@pytest.mark.parametrize(("label", "name"), [(0, "negative"), (1, "positive")])
def test_one_class_only(file, label, name):
    assert f"{name} reviews only" in refusal(write(file, rows(label=lambda _: label)))


@pytest.mark.parametrize("label", ["3", "-1", "1.5"])
def test_labels_of_which_nobody_knows_the_meaning_are_named_with_their_row(file, label):
    message = refusal(write(file, [*rows(), ("two\nlines", label)]))
    assert "row 25" in message and repr(label) in message and "neg and pos" in message and "data.positive" in message


@pytest.mark.parametrize("label", ["maybe", "", "\uff11"])
def test_rows_that_say_neither_are_left_out_and_counted(file, label):
    corpus = load(write(file, [*rows(), ("two\nlines", label)]))
    assert len(corpus.texts) == 24 and len(corpus.warnings) == 1
    none = "1 of 25 rows has no label and was left out." in corpus.warnings[0]
    assert none or f"1 row with {label} was left out." in corpus.warnings[0]


@pytest.mark.parametrize("broken", ["one field", "a,b,1", "a,b,c,d,1"])
def test_ragged_rows(file, broken):
    write(file, rows())
    with file.open("a") as stream:
        stream.write(f"{broken}\n")
    assert "row 25 has" in refusal(file)


def test_text_after_a_closing_quote(file):
    write(file, rows())
    with file.open("a") as stream:
        stream.write('"he said "hello" to me",1\n')
    assert "row 25 is not well-formed" in refusal(file)


def test_quote_that_is_never_closed(file):
    write(file, rows())
    with file.open("a") as stream:
        stream.write('"an open end,1\n')
    assert "row 25 is not well-formed" in refusal(file)
    with file.open("a") as stream:
        stream.writelines("and on,0\n" for _ in range(500_000))
    assert "row 25 is longer than" in refusal(file)


def test_blank_lines_and_old_line_ends(file):
    write(file, rows())
    file.write_bytes(b"\r".join(file.read_bytes().split(b"\r\n")) + b"\r\r\r")
    assert len(load(file).texts) == 24


def test_nul_bytes(file):
    write(file, [*rows(), ("cut\0off", 1)])
    assert "row 25 contains NUL bytes" in refusal(file)
    file.write_bytes(b"\x7fELF\0\0\0\0" * 1000)
    assert "the first line contains NUL bytes" in refusal(file)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_empty_file(file, content):
    file.write_bytes(content)
    assert "is empty" in refusal(file)


def test_header_only(file):
    assert "0 reviews" in refusal(write(file, []))


def test_two_columns_of_one_name(file):
    write(file, [(text, text, label) for text, label in rows()], header=("text", "text", "label"))
    assert "two columns" in refusal(file)


def test_missing_file_folder_and_other_kinds(tmp_path):
    assert "no such file" in refusal(tmp_path / "absent.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "no such file" in refusal(tmp_path / "folder.csv")
    (tmp_path / "reviews.xlsx").write_bytes(b"PK")
    assert "only .csv, .tsv" in refusal(tmp_path / "reviews.xlsx")
    assert "no such file" in refusal(tmp_path / "nul\0name.csv")


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damaged_compression(tmp_path, damage):
    packed = bytearray(gzip.compress(write(tmp_path / "plain.csv", rows(3000)).read_bytes()))
    if damage == "cut":
        packed = packed[: len(packed) // 2]
    else:
        packed[-6] ^= 0xFF
    path = tmp_path / "reviews.csv.gz"
    path.write_bytes(packed)
    assert "damaged or cut off" in refusal(path)


def test_size_limit_counts_what_is_unpacked(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"text,label\n" + b"a,1\n" * 2_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(DataError, match="more than 1 MB of text"):
        read(path, max_bytes=1_000_000)


def test_row_limit(file, monkeypatch):
    monkeypatch.setattr("sentiment_core.datasets.file.rows.MAX_ROWS", 100)
    assert len(load(write(file, rows(100))).texts) == 100
    assert "more than 100 rows" in refusal(write(file, rows(101)))


def test_blank_lines_count_as_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("sentiment_core.datasets.file.rows.MAX_ROWS", 1_000)
    path = tmp_path / "blank.csv.gz"
    path.write_bytes(gzip.compress(b"text,label\n" + b"\n" * 50_000_000))
    assert path.stat().st_size < 50_000
    assert "more than 1,000 rows, blank ones included" in refusal(path)
    assert not is_small(path)


def test_lines_within_a_field_count_too(file, monkeypatch):
    monkeypatch.setattr("sentiment_core.datasets.file.rows.MAX_LINES", 1_000)
    write(file, [*rows(), ("\n" * 2_000, 1)])
    assert "more than 1,000 lines" in refusal(file)


def test_a_million_columns(file):
    file.write_text("text,label" + "," * 1_000_000 + "\n")
    assert "1,000,002 columns; 1,000 are allowed" in refusal(file)


def test_memory_counts_not_only_bytes(file):
    write(file, [(f"{'word ' * 200}\N{GRINNING FACE}", number % 2) for number in range(1000)])
    assert file.stat().st_size < 1_200_000
    with pytest.raises(DataError, match="more than 2 MB of text"):
        read(file, max_bytes=2_000_000)


def test_reading_is_given_up_after_a_while(file, monkeypatch):
    monkeypatch.setattr("sentiment_core.datasets.file.reader.MAX_SECONDS", -1.0)
    assert "longer than" in refusal(write(file, rows()))


@pytest.mark.parametrize(
    ("content", "small"),
    [
        (b"text,label\nfine,1\n", True),
        (b"\n" * 60_000, False),
        (b"\r" * 60_000, False),
        (b"x" * 5_000_000, False),
        (gzip.compress(b"x" * 5_000_000), False),
        (gzip.compress(b"") * 60_000, False),
        (gzip.compress(b"fine")[:10], True),
    ],
    # A packed file holds the time it was packed at, which two collecting processes would not agree on.
    ids=["plain", "line feeds", "carriage returns", "one field", "packed field", "packed members", "cut"],
)
def test_a_small_file_is_small_in_every_respect(file, content, small):
    file.write_bytes(content)
    assert is_small(file) is small


def test_a_file_that_is_gone_is_small(tmp_path):
    assert is_small(tmp_path / "absent.csv")


def test_a_hundred_megabytes_are_read(file):
    text = "one of many words in a long and winding film review " * 40
    write(file, ((text, number % 2) for number in range(50_000)))
    assert file.stat().st_size > 100e6
    assert len(load(file).texts) == 50_000


def test_review_of_fifty_thousand_words(file):
    text = "word " * 50_000
    assert load(write(file, [(text, 1), *rows()])).texts[0] == text


def test_read_keeps_every_row_and_does_without_labels(file):
    table = read(write(file, [("",), ("good",)], header=("text",)))
    assert table.texts == ["", "good"] and table.labels is None
    table = read(write(file, [("", 1), ("good", 1)]))
    assert table.texts == ["", "good"] and table.labels is not None and table.labels.tolist() == [1, 1]


def test_progress_rises_to_one(file):
    seen = []
    load(write(file, rows(9000)), progress=lambda message, fraction: seen.append((message, fraction)))
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0 and len(fractions) == 5
    assert "9,000" in seen[-1][0]


@pytest.fixture(scope="module")
def movies():
    if not MOVIES.exists():
        pytest.skip("real reviews are absent: ../shared/data/movie.csv.gz")
    return load_reviews(DataConfig(source="csv", path=str(MOVIES)))


@pytest.mark.real_data
def test_real_reviews_are_the_notebooks(movies):
    assert len(movies) == 40_000
    assert [len(text.split()) for text in movies.texts[:2]] == [151, 326]
    assert movies.texts[0].lower().startswith("i grew up (b. 1965)")
    assert [len(movies.select(part)) for part in range(3)] == [28_800, 3_200, 8_000]
    assert abs(movies.labels.mean() - 0.5) < 0.01


@pytest.mark.real_data
def test_real_test_part_does_not_move_with_validation(movies):
    other = load_reviews(DataConfig(source="csv", path=str(MOVIES), validation_fraction=0.3))
    assert np.array_equal(other.select(TEST), movies.select(TEST))
    assert other.fingerprint() != movies.fingerprint()
