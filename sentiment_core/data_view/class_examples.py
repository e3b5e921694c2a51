"""A room's own examples as a file of reviews to train on: its confirmed edits beside demo reviews.

All edits are for training, so what is tested are demo reviews alone, the same with and without them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from sentiment_core.datasets import TEST, TRAIN, VALIDATION, load_reviews
from sentiment_core.errors import DataError
from sentiment_core.flips import Flip, examples
from sentiment_core.settings import DataConfig

BESIDE = 1_000
PARTS = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}
# How the file is read.
SETTINGS = {
    "data.source": "csv",
    "data.split": "column",
    "data.text_column": "text",
    "data.label_column": "label",
    "data.header": "yes",
}


def as_csv(flips: Sequence[Flip], beside: int = BESIDE) -> bytes:
    """Return a CSV of text, label (1 positive) and split; raise `DataError` where nothing is confirmed yet."""
    own = examples(flips)
    if not own:
        raise DataError("no edit of this room is confirmed yet: two others must say that it keeps its label.")
    demo = load_reviews(DataConfig(source="demo", limit=beside))
    file = io.StringIO(newline="")
    rows = csv.writer(file)
    rows.writerow(("text", "label", "split"))
    rows.writerows((text, label, PARTS[TRAIN]) for text, label in own)
    rows.writerows(
        (text, int(label), PARTS[int(part)])
        for text, label, part in zip(demo.texts, demo.labels, demo.parts, strict=True)
    )
    return file.getvalue().encode()
