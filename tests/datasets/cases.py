"""Small files shaped like those that people have, written for the tests: by name, as bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

COUNT = 60
GOOD = ("lovely", "warm", "funny", "moving")
BAD = ("grim", "dull", "clumsy", "tedious")


def text(number: int) -> str:
    """Return the review of that number, positive when it is odd."""
    words = GOOD if number % 2 else BAD
    return f"Evening number {number}: the plot was {words[number % 4]}, the end {words[(number + 1) % 4]}."


TEXTS = [text(number) for number in range(COUNT)]
LABELS = [number % 2 for number in range(COUNT)]


def table(header: Sequence[str], rows: Iterable[Sequence[object]], **dialect: object) -> bytes:
    """Return a text with separators."""
    target = io.StringIO()
    csv.writer(target, **dialect).writerows([header, *rows] if header else rows)  # type: ignore[arg-type]
    return target.getvalue().encode()


def labelled(say: Callable[[int], object], header: Sequence[str] = ("text", "label"), **dialect: object) -> bytes:
    """Return all reviews with what `say` makes of their numbers for a label."""
    return table(header, ((line, say(number)) for number, line in enumerate(TEXTS)), **dialect)


def zipped(**members: bytes) -> bytes:
    """Return a zip archive; `__` in a name stands for its point."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return target.getvalue()


def parquet(**columns: Sequence[object]) -> bytes:
    """Return all reviews as Parquet, labels as booleans, or the columns given."""
    target = io.BytesIO()
    usual = {"id": range(COUNT), "sentence": TEXTS, "label": [bool(x) for x in LABELS]}
    pq.write_table(pa.table({**columns} or usual), target)
    return target.getvalue()


def named_classes(labels: Sequence[int], names: Sequence[str]) -> bytes:
    """Return all reviews as the library datasets writes Parquet, with names of classes beside their numbers."""
    target = io.BytesIO()
    about = {"info": {"features": {"label": {"names": [*names], "_type": "ClassLabel"}, "text": {"_type": "Value"}}}}
    rows = pa.table({"text": TEXTS, "label": [*labels]})
    pq.write_table(rows.replace_schema_metadata({"huggingface": json.dumps(about)}), target)
    return target.getvalue()


PLAIN = labelled(lambda number: number % 2)
BACKSLASHES = {"delimiter": "\t", "quoting": csv.QUOTE_NONNUMERIC, "doublequote": False, "escapechar": "\\"}
STARS = (1, 5, 2, 4)
# Mondays to Sundays of one month, as a log writes them.
DATES = [f"{day} Apr {number % 28 + 1:02} 22:19:{number:02} PDT 2009" for number, day in enumerate(["Mon", "Tue"] * 30)]
RECORDS = [{"text": line, "label": label} for line, label in zip(TEXTS, LABELS, strict=True)]

# Each holds all 60 reviews, 30 of them positive.
WHOLE: dict[str, bytes] = {
    "kaggle.csv": labelled(lambda number: ("negative", "positive")[number % 2], ("review", "sentiment")),
    "index.csv": table(("", "Review", "Sentiment"), ((n, t, ("neg", "pos")[n % 2]) for n, t in enumerate(TEXTS))),
    "tabs.tsv": labelled(lambda number: number % 2, delimiter="\t"),
    "semicolon.csv": labelled(lambda number: number % 2, delimiter=";"),
    "pipes.txt": labelled(lambda number: number % 2, delimiter="|"),
    "excel.csv": b"sep=;\r\n" + labelled(lambda number: number % 2, delimiter=";"),
    "backslash.tsv": table(
        ("id", "sentiment", "review"), ((f"{n}_8", n % 2, f'"{t}"') for n, t in enumerate(TEXTS)), **BACKSLASHES
    ),
    "quotes.tsv": b"sentence\tlabel\n"
    + b"".join(f'"{t[:9]}" {t[9:]}\t{n % 2}\n'.encode() for n, t in enumerate(TEXTS)),
    "spaced.csv": b"id, text, label\n" + b"".join(f'{n}, "{t}", {n % 2}\n'.encode() for n, t in enumerate(TEXTS)),
    "trailing.csv": b"text,label\n" + b"".join(f'"{t}",{n % 2},\n'.encode() for n, t in enumerate(TEXTS)),
    "packed.csv.gz": gzip.compress(PLAIN),
    "archive.zip": zipped(reviews__csv=PLAIN, __MACOSX=b"", readme__md=b"about"),
    "tables.zip": zipped(reviews__parquet=parquet()),
    "lines.jsonl": "\n".join(map(json.dumps, RECORDS)).encode(),
    "lines.json": ("\n".join(map(json.dumps, RECORDS)) + "\n").encode(),
    "list.json": json.dumps(RECORDS, indent=1).encode(),
    "data.json": json.dumps({"version": 1, "data": RECORDS}).encode(),
    "columns.json": json.dumps({"text": TEXTS, "label": LABELS}).encode(),
    "reviews.parquet": parquet(),
    "bool.csv": labelled(lambda number: bool(number % 2)),
    "floats.csv": labelled(lambda number: float(number % 2)),
    "signs.csv": labelled(lambda number: (-1, 1)[number % 2]),
    "one_two.csv": labelled(lambda number: 1 + number % 2),
    "fasttext.csv": labelled(lambda number: f"__label__{1 + number % 2}"),
    "stars.csv": labelled(lambda number: STARS[number % 4], ("content", "stars")),
    "headless.csv": labelled(lambda number: number % 2, ()),
    "headless.tsv": table((), ((n % 2, t) for n, t in enumerate(TEXTS)), delimiter="\t"),
    "labelled.txt": table((), ((t, n % 2) for n, t in enumerate(TEXTS)), delimiter="\t"),
    "utf16.csv": PLAIN.decode().encode("utf-16"),
    "utf16_unmarked.csv": PLAIN.decode().encode("utf-16-be"),
    "utf32.csv": PLAIN.decode().encode("utf-32"),
    "utf32_unmarked.csv": PLAIN.decode().encode("utf-32-be"),
    "old_mac.csv": PLAIN.replace(b"\r\n", b"\r"),
    "carets.csv": labelled(lambda number: number % 2, delimiter="^"),
    "fasttext.txt": b"".join(f"__label__{1 + n % 2} {t}\n".encode() for n, t in enumerate(TEXTS)),
    "fasttext_words.txt": b"".join(f"{t} __label__{('neg', 'pos')[n % 2]}\n".encode() for n, t in enumerate(TEXTS)),
    "titles.csv": b"Reviews of one evening,\r\n\r\n" + PLAIN,
    "comments.tsv": b"# 60 rows, made by hand, today\n#\n" + labelled(lambda number: number % 2, delimiter="\t"),
    "excel_titles.csv": b"sep=;\r\nReviews;;\r\n;;\r\n" + labelled(lambda number: number % 2, delimiter=";"),
    "tweets.csv": table(
        (), ((4 * (n % 2), 1467810369 + n, DATES[n], "NO_QUERY", f"user{n}", t) for n, t in enumerate(TEXTS))
    ),
    "nested.jsonl": "\n".join(
        json.dumps({"id": n, "review": {"body": {"text": t}, "lang": "en"}, "rating": {"stars": STARS[n % 4]}})
        for n, t in enumerate(TEXTS)
    ).encode(),
    "rows.json": json.dumps(
        {"features": [{"feature_idx": 0, "name": "text"}], "rows": [{"row_idx": 0, "row": item} for item in RECORDS]}
    ).encode(),
    "named.parquet": named_classes([1 - label for label in LABELS], ["positive", "negative"]),
    "structs.parquet": parquet(id=range(COUNT), review=[{"text": t, "words": t.split()} for t in TEXTS], label=LABELS),
    "airline.csv": table(
        ("tweet_id", "airline_sentiment", "created", "text"),
        ((n, ("negative", "positive")[n % 2], f"2015-02-24 11:35:{n:02} -0800", t) for n, t in enumerate(TEXTS)),
    ),
    "german.csv": labelled(lambda number: f"{STARS[number % 4]},0", ("Kommentar", "Bewertung"), delimiter=";"),
    "german_titles.csv": b"Klasse 10b;;\r\n;;\r\n"
    + table(
        ("Titel", "Rezension", "Empfehlung"),
        (("Ein Film in drei Worten", t, ("nein", "ja")[n % 2]) for n, t in enumerate(TEXTS)),
        delimiter=";",
    ),
    "french.csv": labelled(lambda number: STARS[number % 4], ("avis", "note"), delimiter=";"),
    "french_long.csv": labelled(lambda number: STARS[number % 4], ("Critique", "Note sur 5"), delimiter=";"),
    "french_words.csv": labelled(lambda number: ("FAUX", "VRAI")[number % 2], ("Critique", "Positif"), delimiter=";"),
    "spanish.csv": labelled(lambda number: STARS[number % 4], ("Rese\u00f1a", "Calificaci\u00f3n")),
    "decomposed.csv": labelled(lambda number: STARS[number % 4], ("comentario", "puntuacio\u0301n")),
    "italian.csv": labelled(lambda number: STARS[number % 4], ("Recensione", "Voto")),
    "form.csv": table(
        ("Timestamp", "Write what you thought of the film you saw:", "How many stars would you give it (1-5)?"),
        (("2024/03/01 9:00:00 AM GMT+1", t, STARS[n % 4]) for n, t in enumerate(TEXTS)),
    ),
    "games.csv": table(
        ("title", "user_review", "user_rating"),
        (("A Game in Four Words", t, STARS[n % 4]) for n, t in enumerate(TEXTS)),
    ),
    "sum.csv": PLAIN + b",30\r\n",
    "joined.csv": b"\xef\xbb\xbf"
    + PLAIN[: PLAIN.index(b"Evening number 30") - 1]
    + b"\xef\xbb\xbf"
    + PLAIN[PLAIN.index(b"Evening number 30") - 1 :]
    + b"\x1a",
    "spaces.csv": PLAIN.replace(b"\r\n", b"\r\n  \r\n"),
    "labels.csv": labelled(lambda number: f"LABEL_{number % 2}"),
    "fasttext_tabs.txt": b"".join(f"__label__{1 + n % 2}\t{t}\n".encode() for n, t in enumerate(TEXTS)),
    "fasttext_commas.txt": b"".join(f"__label__{1 + n % 2} , {t}\n".encode() for n, t in enumerate(TEXTS)),
    "commas.jsonl": ",\n".join(map(json.dumps, RECORDS)).encode(),
    "lists.jsonl": "\n".join(json.dumps({"text": r["text"], "label": [r["label"]]}) for r in RECORDS).encode(),
    "objects.json": "\n".join(json.dumps(record, indent=2) for record in RECORDS).encode(),
    "columns_within.json": json.dumps({"version": 1, "all": {"text": TEXTS, "label": LABELS}}).encode(),
    "within.json": json.dumps({"status": "ok", "data": {"count": COUNT, "reviews": RECORDS}}).encode(),
    "mongo.json": "\n".join(
        json.dumps({"_id": {"$oid": f"{n:024x}"}, "text": t, "stars": {"$numberInt": str(STARS[n % 4])}})
        for n, t in enumerate(TEXTS)
    ).encode(),
    "about.zip": zipped(reviews__csv=PLAIN, README__txt=b"About these reviews\n", LICENSE__txt=b"Free\n"),
}
