"""The golden facts of the course notebook, on the real reviews beside the repository."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pandas as pd
import pytest
import torch

from sentiment_core.batches import collate
from sentiment_core.config import from_fields
from sentiment_core.corpus import prepare
from sentiment_core.datasets import Reviews
from sentiment_core.embeddings import GLOVE_100, load_saved
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from sentiment_core.text import TextEncoder, token_strings
from sentiment_core.training.trainer import Trainer

pytestmark = pytest.mark.real_data

NOTEBOOK = DataConfig(tokenizer="whitespace", max_tokens=None)


@pytest.fixture
def first_reviews(real_data: Path) -> Reviews:
    """The first 400 reviews."""
    with gzip.open(real_data / "movie.csv.gz", "rt", encoding="utf-8") as file:
        table = pd.read_csv(file, nrows=400)
    labels = table["label"].to_numpy(dtype=np.int8)
    return Reviews(table["text"].tolist(), labels, (np.arange(400) % 6).clip(max=2).astype(np.int8)[::-1].copy())


def test_the_notebooks_first_two_reviews(first_reviews: Reviews) -> None:
    assert first_reviews.texts[0].lower().startswith("i grew up (b. 1965)")
    assert first_reviews.texts[1].lower().startswith("when i put this movie in my dvd player")
    assert [len(token_strings(text, "whitespace")) for text in first_reviews.texts[:2]] == [151, 326]
    corpus = prepare(NOTEBOOK, first_reviews, 1, silent)
    batch = collate(corpus, np.arange(2))
    assert batch.lengths.tolist() == [130, 263]
    assert batch.token_ids.shape == (2, 263)
    vectors = corpus.matrix[batch.token_ids.numpy()]
    assert vectors.shape == (2, 263, 50)
    assert vectors[0, 129].any() and not vectors[0, 130:].any() and vectors[1].any(axis=-1).all()


def test_the_word_tokenizer_finds_what_white_space_does_not(first_reviews: Reviews) -> None:
    shares = {}
    for tokenizer in ("whitespace", "word"):
        encoder = TextEncoder(load_saved("glove-50").words, tokenizer)
        shares[tokenizer] = np.concatenate([encoder.encode(text).token_ids != 0 for text in first_reviews.texts]).mean()
    assert shares["word"] >= 0.99
    assert 0.80 < shares["whitespace"] < 0.87


WORDS = 8_000


@pytest.fixture
def glove_100(real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What gensim's downloader would find, with the most frequent words only: all of them take ten seconds."""
    source = real_data / "gensim-data"
    if not (source / GLOVE_100).exists():
        pytest.skip(f"{GLOVE_100} is not in {source}")
    import gensim.downloader

    def offline(*arguments: Any) -> None:
        raise URLError("tests use no network")

    folder = tmp_path / GLOVE_100
    folder.mkdir()
    shutil.copy(source / "information.json", tmp_path)
    shutil.copy(source / GLOVE_100 / "__init__.py", folder)
    name = f"{GLOVE_100}.gz"
    with gzip.open(source / GLOVE_100 / name, "rb") as whole, gzip.open(folder / name, "wb", 1) as part:
        next(whole)
        part.write(b"%d 100\n" % WORDS)
        part.writelines(islice(whole, WORDS))
    # gensim reads GENSIM_DATA_DIR once, when it is imported.
    for name in ("BASE_DIR", "base_dir"):
        monkeypatch.setattr(gensim.downloader, name, str(tmp_path))
    monkeypatch.setattr(gensim.downloader, "urlopen", offline)
    load_saved.cache_clear()
    yield
    load_saved.cache_clear()


def test_glove_100_is_parsed_once_and_trains(
    glove_100: None, first_reviews: Reviews, tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_saved("glove-100")
    assert first.dim == 100 and len(first.words) == WORDS

    import gensim.downloader

    monkeypatch.delattr(gensim.downloader, "load")
    load_saved.cache_clear()
    second = load_saved("glove-100")
    assert isinstance(second.matrix, np.memmap) and second.fingerprint == first.fingerprint
    assert second.words == first.words

    config = from_fields({"data.embeddings": "glove-100", "training.max_steps": 3, "model.pooling": "mean"}, tiny())
    trainer = Trainer(config, ["run-0"], [prepare(config.data, first_reviews, 1, silent)], torch.device("cpu"))
    trainer.fit()
    assert all(np.isfinite(step.loss) for step in trainer.runs[0].drain().steps)


def test_every_review_can_be_read(real_data: Path) -> None:
    """The oddest rows of the file, not only its first."""
    with gzip.open(real_data / "movie.csv.gz", "rt", encoding="utf-8") as file:
        texts = list(islice(file, 20_000, 20_300))
    encoder = TextEncoder(load_saved("glove-50").words, "word")
    for text in texts:
        encoded = encoder.encode(text)
        assert np.all((encoded.starts < encoded.ends) & (encoded.ends <= len(text)))
        assert np.all(encoded.ends[:-1] <= encoded.starts[1:])
