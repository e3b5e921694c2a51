"""Word vectors: as published, learned or drawn; repeatable, cached, and made again when the cache is damaged."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_core import embeddings as module
from sentiment_core.embeddings import RANDOM_SPREAD, WordVectors, load_saved, load_vectors
from sentiment_core.errors import EmbeddingsError, StoreError
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig

TEXTS = ["good film with a good plot .", "bad film with a bad plot ."] * 20
RANDOM = DataConfig(embeddings="random", embedding_dim=4)
WORD2VEC = DataConfig(embeddings="word2vec", embedding_dim=4)


def load(data: DataConfig, seed: int = 1, key: str = "reviews") -> WordVectors:
    return load_vectors(data, lambda: TEXTS, key, seed, silent)


def never() -> list[str]:
    raise AssertionError("these vectors are cached: the texts are not needed")


@pytest.fixture
def forget() -> Iterator[Callable[[], None]]:
    """Forget what `load_saved` holds in memory, as a new process would."""
    load_saved.cache_clear()
    yield load_saved.cache_clear
    load_saved.cache_clear()


def test_glove_50_is_bundled_and_mapped() -> None:
    vectors = load(DataConfig())
    assert (vectors.key, vectors.dim, len(vectors.words)) == ("glove-50", 50, 400_000)
    assert isinstance(vectors.matrix, np.memmap)
    assert list(vectors.words[:5]) == ["the", ",", ".", "of", "to"]
    king, queen, plot = (
        vectors.rows(np.array([vectors.words.index(word) + 1]))[0] for word in ("king", "queen", "plot")
    )
    assert king @ queen > king @ plot


def test_row_zero_is_padding() -> None:
    vectors = WordVectors("made-up", ["a", "b"], np.array([[1, 2], [3, 4]], dtype=np.float32), "")
    assert vectors.rows(np.array([[0, 2], [1, 0]])).tolist() == [[[0, 0], [3, 4]], [[1, 2], [0, 0]]]


@pytest.mark.parametrize("data", [RANDOM, WORD2VEC], ids=["random", "word2vec"])
def test_learned_vectors_are_repeatable_and_cached(
    data: DataConfig, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = load(data)
    assert first.matrix.dtype == np.float32 and first.matrix.shape == (len(first.words), 4)
    assert set(first.words) == {"good", "bad", "film", "with", "a", "plot", "."}
    cached = load_vectors(data, never, "reviews", 1, silent)
    assert isinstance(cached.matrix, np.memmap)
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "elsewhere"))
    again = load(data)
    for other in (cached, again):
        assert (other.key, other.words, other.fingerprint) == (first.key, first.words, first.fingerprint)
        np.testing.assert_array_equal(other.matrix, first.matrix)


@pytest.mark.parametrize("change", ["seed", "reviews", "dim", "tokenizer"])
def test_another_recipe_gives_other_vectors(change: str) -> None:
    data = {"dim": {"embedding_dim": 5}, "tokenizer": {"tokenizer": "whitespace"}}.get(change, {})
    other = load(
        RANDOM.model_copy(update=data), 2 if change == "seed" else 1, "x" if change == "reviews" else "reviews"
    )
    assert other.key != load(RANDOM).key


def test_random_vectors_have_the_spread_of_glove() -> None:
    texts = [" ".join(f"word{number}" for number in range(2000))] * 2
    matrix = load_vectors(RANDOM, lambda: texts, "many", 1, silent).matrix
    assert abs(matrix.std() - RANDOM_SPREAD) < 0.02 and abs(matrix.mean()) < 0.02


def test_reviews_without_a_repeated_word_have_no_vectors() -> None:
    with pytest.raises(EmbeddingsError, match="use glove-50"):
        load_vectors(RANDOM, lambda: ["once only"], "few", 1, silent)


def damage_truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 8)


def damage_flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 0x01
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [damage_truncate, damage_empty, damage_garbage, damage_flip, Path.unlink])
@pytest.mark.parametrize("name", ["matrix.npy", "words.parquet", "fingerprint"])
def test_a_damaged_cache_is_made_again(
    name: str, damage: Callable[[Path], None], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = load(RANDOM)
    content = np.array(first.matrix)
    load(RANDOM)
    assert caplog.text == ""
    damage(home / "embeddings" / first.key / name)
    again = load(RANDOM)
    assert f"{first.key} are damaged and not used" in caplog.text
    np.testing.assert_array_equal(again.matrix, content)
    assert again.words == first.words
    assert (home / "embeddings" / first.key / "fingerprint").read_text() == first.fingerprint


def test_a_matrix_of_another_shape_is_made_again(home: Path) -> None:
    first = load(RANDOM)
    np.save(home / "embeddings" / first.key / "matrix.npy", np.zeros((2, 4), dtype=np.float32))
    assert len(load(RANDOM).matrix) == len(first.words)


def test_saved_vectors_that_are_gone_are_named(forget: Any) -> None:
    with pytest.raises(EmbeddingsError, match=r"'random-0123' are no longer in .*train the model again"):
        load_saved("random-0123")


@pytest.mark.parametrize("step", ["mkdtemp", "save"])
def test_a_full_disk_is_explained_and_leaves_nothing_behind(
    step: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module.tempfile if step == "mkdtemp" else module.np, step, full)
    with pytest.raises(StoreError, match=r"No space left on device. Free some space or set SENTIMENT_HOME"):
        load(RANDOM)
    assert list((home / "embeddings").iterdir()) == []


@pytest.mark.parametrize("times", [1, 9])
def test_two_workers_write_the_same_vectors_in_the_same_moment(
    home: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    whole, halves = module.written_folder, iter(range(times))

    @contextmanager
    def half_removed(path: Path) -> Iterator[Path]:
        with whole(path) as folder:
            yield folder
        if next(halves, None) is not None:
            (path / "words.parquet").unlink()

    monkeypatch.setattr(module, "written_folder", half_removed)
    vectors = np.ones((2, 3), dtype=np.float32)
    if times == 1:
        assert list(module._save("key", ["a", "b"], vectors).words) == ["a", "b"]
    else:
        with pytest.raises(StoreError, match="cannot be read back"):
            module._save("key", ["a", "b"], vectors)


def test_glove_100_offline_says_what_to_do(monkeypatch: pytest.MonkeyPatch, forget: Any) -> None:
    import gensim.downloader

    def offline(name: str) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(gensim.downloader, "load", offline)
    with pytest.raises(EmbeddingsError, match=r"downloaded\. .*GENSIM_DATA_DIR.*glove-50, which is built in"):
        load_saved("glove-100")


def test_glove_100_is_converted_once_and_mapped_afterwards(
    monkeypatch: pytest.MonkeyPatch, forget: Callable[[], None]
) -> None:
    """With a stand-in for the download; the real file is read in test_real_data.py."""
    import gensim.downloader
    from gensim.models import KeyedVectors

    published = KeyedVectors(100)
    published.add_vectors(["film", "plot"], np.arange(200, dtype=np.float32).reshape(2, 100))
    monkeypatch.setattr(gensim.downloader, "load", lambda name: published)
    first = load_saved("glove-100")
    monkeypatch.delattr(gensim.downloader, "load")
    forget()
    second = load_saved("glove-100")
    assert isinstance(second.matrix, np.memmap) and second.words == ["film", "plot"]
    np.testing.assert_array_equal(second.matrix, first.matrix)
    assert second.fingerprint == first.fingerprint
