"""What word vectors know of a file's first rows: said where it is uploaded, long before all of it is encoded."""

from __future__ import annotations

from itertools import chain

import numpy as np

from sentiment_core.artifacts import place
from sentiment_core.corpus import tells_languages
from sentiment_core.datasets.file import reader
from sentiment_core.embeddings import load_saved
from sentiment_core.errors import EmbeddingsError
from sentiment_core.remarks import VECTORS, about_words
from sentiment_core.settings import DataConfig
from sentiment_core.text import is_word, token_strings

# So many are looked at: a fraction of a second, whatever is in them.
MOST_CHARACTERS = 1_000_000


def about_first_rows(data: DataConfig, own: str | None = None) -> tuple[str, ...]:
    """Return what the vectors that `data` names know too little of, of the first rows of its file.

    `own`: what one's own vectors are called on disk, None where nobody has read them yet. Nothing of vectors that are
    not on this machine or are learned from the reviews themselves. Raises `DataError` for a file that cannot be read.
    """
    key = {"glove-50": "glove-50", "glove-100": "glove-100", "own": own}.get(data.embeddings)
    if key is None or not (key == "glove-50" or place("embeddings", key, "matrix.npy").is_file()):
        return ()
    try:
        vectors = load_saved(key)
    except EmbeddingsError:
        return ()
    table = reader.read(data, max_rows=reader.HEAD_ROWS)
    texts = [text for text in table.texts if text.strip()]
    fitting = int(np.searchsorted(np.cumsum([len(text) for text in texts]), MOST_CHARACTERS, side="right"))
    rows = [token_strings(text, data.tokenizer) for text in texts[:fitting]]
    known = set(chain.from_iterable(rows)).intersection(vectors.words)
    words = np.array([sum(token in known and is_word(token) for token in row) for row in rows], dtype=np.int64)
    unknown = np.array([sum(token not in known for token in row) for row in rows], dtype=np.int64)
    whole = table.understood.rows < reader.HEAD_ROWS and fitting == len(texts)
    odd = unknown if tells_languages(data.tokenizer, data.embeddings) else None
    return about_words(words, odd, VECTORS, "" if whole else f"the first {len(rows):,} reviews")
