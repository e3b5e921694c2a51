"""Word vectors in files that anybody may have made: word2vec's text and binary format, GloVe's and fastText's.

gensim writes these files and has them for download; they are read here, within limits. Its own reader allocates what
a header claims, reads a line however long it is, and refuses the words with spaces of GloVe's largest file. Nothing is
unpickled: gensim's `.kv` and `.model` files are refused.
"""

from __future__ import annotations

import gzip
import io
import logging
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from sentiment_core import fasttext_files
from sentiment_core.errors import EmbeddingsError
from sentiment_core.progress import Progress

# The most frequent words come first in these files: what lies behind the first million is hardly ever met.
MOST_WORDS = 1_000_000
LEAST_COMPONENTS, MOST_COMPONENTS = 2, 2_000
MOST_BYTES = 4 << 30
LONGEST_WORD = 1_000
LONGEST_NUMBER = 40
HEAD_BYTES = 1 << 17
PROGRESS_EVERY = 20_000

READABLE = (
    "word2vec's text or binary format, GloVe's or fastText's text (.txt, .vec, .bin, each also as .gz), or fastText's "
    "own model (.bin)"
)

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{2,80}")
_HEADER = re.compile(rb"\s*(\d{1,12})[ \t]+(\d{1,6})\s*")
_GZIP = b"\x1f\x8b"
_NOT_VECTORS = {
    b"\x80": "a pickle, such as gensim's own .kv and .model files: reading one can run any program. "
    "Write the vectors with `save_word2vec_format`",
    # Not packed it is read, which needs any place of it.
    fasttext_files.MAGIC: "a packed fastText model. Unpack it",
    b"PK\x03\x04": "a zip archive. Unpack it and take the file in it",
    b"\x93NUMPY": "an array without words",
}


@dataclass(frozen=True)
class _Shape:
    """What a file's first lines say: `count` as its header claims, None without one; components; text or binary."""

    count: int | None
    dim: int
    binary: bool


def is_name(given: str) -> bool:
    """Return whether this may be a name that `gensim.downloader` knows, rather than a file."""
    return _NAME.fullmatch(given) is not None


def fetched(name: str) -> Path:
    """Return where gensim keeps the file of the vectors `name`, downloaded first where it is not there.

    Raises `EmbeddingsError`. The Python code that comes with such a file is not run.
    """
    try:
        import gensim.downloader

        # gensim draws its progress bar on standard output, which belongs to the command line's document.
        with redirect_stdout(sys.stderr):
            return Path(gensim.downloader.load(name, return_path=True))
    except Exception as error:  # gensim raises bare exceptions of many kinds when offline
        raise EmbeddingsError(
            f"{name} is no file, and could not be fetched as vectors of that name. "
            f"Give a file, connect to the internet once, or set GENSIM_DATA_DIR to a folder that holds {name}."
        ) from error


def read_vectors(path: Path, target: Path, progress: Progress) -> tuple[list[str], np.ndarray]:
    """Return the words `(V,)` of a file and their vectors `(V, E)` float32, which are written to `target` and mapped.

    Words are lower-cased, as all tokens are; of those that are one word then, the one that was lower-case already
    stays, else the first. Raises `EmbeddingsError` for a file that holds no word vectors, damaged ones or too many, and
    `OSError` when the disk refuses.
    """
    places: dict[str, int] = {}
    exact = bytearray()
    try:
        with _words(path) as (dim, rows, share), target.open("wb") as written:
            width = 4 * dim
            number = 0
            for number, (given, row) in enumerate(rows, start=1):
                if number % PROGRESS_EVERY == 0:
                    progress(f"Reading {path.name}: {number:,} words", min(1.0, share(number)))
                if not np.isfinite(row).all():
                    raise EmbeddingsError(f"{path.name}: the vector of word {number:,} holds what is no finite number.")
                word = given.lower()
                place = places.setdefault(word, len(places))
                if place == len(exact):
                    if (place + 1) * width > MOST_BYTES:
                        raise EmbeddingsError(
                            f"{path.name} holds more than {MOST_BYTES >> 30} GB of vectors; use fewer."
                        )
                    exact.append(word == given)
                    written.write(row.tobytes())
                elif word == given and not exact[place]:
                    exact[place] = True
                    written.seek(place * width)
                    written.write(row.tobytes())
                    written.seek(0, io.SEEK_END)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise EmbeddingsError(f"{path.name}: the compressed file is damaged or cut off. Copy it again.") from error
    if number == MOST_WORDS:
        logger.warning("Of %s only the first %s words are used, its most frequent ones.", path.name, f"{number:,}")
    if not places:
        raise EmbeddingsError(f"{path.name} holds no word vectors.")
    return list(places), np.memmap(target, dtype=np.float32, mode="r", shape=(len(places), dim))


@contextmanager
def _words(path: Path) -> Iterator[tuple[int, Iterator[tuple[str, np.ndarray]], Callable[[int], float]]]:
    """Open a file: yield E, its words each with a vector `(E,)` float32, and the share that so many of them are."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if fasttext_files.is_model(head):
        model = fasttext_files.open_model(path, MOST_WORDS)
        _check_components(model.dim, path.name)
        yield model.dim, model.rows(), lambda number: number / len(model.words)
        return
    with _opened(path) as (_, stream):
        shape = _shape(stream.read(HEAD_BYTES), path.name)
    with _opened(path) as (raw, stream):
        yield shape.dim, _rows(stream, shape, path.name), lambda number: raw.tell() / path.stat().st_size


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], io.BufferedReader[Any]]]:
    """Open a file, packed or not: yield it, whose position says how far, and its content."""
    with path.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=raw) as unpacked, io.BufferedReader(unpacked) as stream:
                yield raw, stream
        else:
            yield raw, raw


def _shape(head: bytes, name: str) -> _Shape:
    """Return what a file is that begins with `head`; raise `EmbeddingsError` where it is none of word vectors."""
    for start, what in _NOT_VECTORS.items():
        if head.startswith(start):
            raise EmbeddingsError(f"{name} is {what}. What can be read: {READABLE}.")
    first, _, rest = head.partition(b"\n")
    header = _HEADER.fullmatch(first)
    if header is None:
        dim = len(first.split()) - 1
        if _numbers(first.split()[1:]) is None or dim < LEAST_COMPONENTS:
            raise EmbeddingsError(
                f"{name} holds no word vectors: its first line is neither a word with its numbers nor how many words "
                f"and numbers follow. What can be read: {READABLE}."
            )
        shape = _Shape(None, dim, binary=False)
    else:
        count, dim = int(header[1]), int(header[2])
        fields = rest.partition(b"\n")[0].rsplit(None, max(dim, 1))
        shape = _Shape(count, dim, binary=len(fields) != dim + 1 or _numbers(fields[1:]) is None)
    _check_components(dim, name)
    return shape


def _check_components(dim: int, name: str) -> None:
    if not LEAST_COMPONENTS <= dim <= MOST_COMPONENTS:
        raise EmbeddingsError(
            f"{name}: its vectors have {dim:,} components; {LEAST_COMPONENTS} to {MOST_COMPONENTS:,} are allowed."
        )


def _rows(stream: io.BufferedReader[Any], shape: _Shape, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the first `MOST_WORDS` words, each with its vector `(E,)` float32."""
    if shape.count is not None:
        stream.readline(HEAD_BYTES)
    most = MOST_WORDS if shape.count is None else min(shape.count, MOST_WORDS)
    for number in range(1, most + 1):
        if shape.count is None and not stream.peek(1):
            return
        found = _binary_row(stream, shape.dim) if shape.binary else _text_row(stream, shape.dim)
        if found is None:
            raise EmbeddingsError(
                f"{name}: word {number:,} is damaged or missing: a word and {shape.dim:,} numbers were expected. Copy "
                "the file again."
            )
        word, row = found
        yield word.decode("utf-8", "replace"), row


def _text_row(stream: io.BufferedReader[Any], dim: int) -> tuple[bytes, np.ndarray] | None:
    line = stream.readline(LONGEST_WORD + LONGEST_NUMBER * dim)
    # From the end: a word may hold spaces, but a number before the last ones makes it a longer vector.
    fields = line.rsplit(None, dim)
    if len(fields) != dim + 1 or len(fields[0]) > LONGEST_WORD:
        return None
    inner = fields[0].split()
    numbers = _numbers(fields[1:])
    return None if numbers is None or _numbers(inner[1:][-1:]) is not None else (fields[0].strip(), numbers)


def _binary_row(stream: io.BufferedReader[Any], dim: int) -> tuple[bytes, np.ndarray] | None:
    word = bytearray()
    while (letter := stream.read(1)) != b" ":
        if not letter or len(word) > LONGEST_WORD:
            return None
        word += letter
    content = stream.read(4 * dim)
    if len(content) != 4 * dim:
        return None
    # Some programs write a line break behind each vector.
    return bytes(word).lstrip(b"\n"), np.frombuffer(content, dtype="<f4")


def _numbers(fields: list[bytes]) -> np.ndarray | None:
    try:
        with np.errstate(over="ignore"):
            return np.array(fields, dtype=np.float32) if fields else None
    except ValueError:
        return None
