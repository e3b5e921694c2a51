"""Stanford's Large Movie Review Dataset (Maas et al. 2011): downloaded once, then read from a Parquet file.

Where the address is, a local archive or the folder that was unpacked from one will do, for machines without a network.

Nothing of the archive is unpacked onto the disk: its reviews are read one by one, within limits that hold whatever the
archive claims about itself.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import filelock
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_core import artifacts
from sentiment_core.datasets.base import TEST, TRAIN, RawReviews
from sentiment_core.datasets.download import Download
from sentiment_core.errors import ConfigError, DataError, DownloadError
from sentiment_core.progress import Progress, silent
from sentiment_core.settings import DataConfig

URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
WHAT = "IMDb reviews"
ADVICE = (
    "To use a mirror, or an archive or folder on this machine, set SENTIMENT_IMDB_URL; and SENTIMENT_IMDB_MD5 to a "
    "mirror's MD5 or to none."
)

MAX_ARCHIVE_BYTES = 500_000_000  # the official file has 84 MB
MAX_UNPACKED_BYTES = 2_000_000_000
MAX_MEMBERS = 300_000
MAX_REVIEWS = 100_000
MAX_REVIEW_BYTES = 1_000_000
MAX_TEXT_BYTES = 500_000_000

MEMBER = re.compile(r"aclImdb/(train|test)/(pos|neg)/([0-9]{1,9})_([0-9]{1,2})\.txt")
FOLDERS = tuple((part, kind) for part in ("train", "test") for kind in ("pos", "neg"))
SCHEMA = pa.schema([("text", pa.string()), ("label", pa.int8()), ("test", pa.bool_())])


def load(data: DataConfig, progress: Progress) -> RawReviews:
    """Return what `fetch` returns: no setting changes which reviews these are."""
    return fetch(progress)


def fetch(progress: Progress = silent) -> RawReviews:
    """Return all labelled reviews with the official test part, in a fixed order: train, test; neg, pos; by number.

    The first call downloads the archive, `$SENTIMENT_IMDB_URL` if set, and other processes wait for it; where that
    names an archive or a folder on this machine, it is read instead. Raise `DownloadError` when it cannot be fetched or
    is damaged, `DataError` when the cache cannot be written.
    """
    url, md5 = _source()
    local = _local(url)
    cache = _cache(url, md5)
    if corpus := _read_cache(cache):
        return corpus
    with _alone(cache.with_suffix(".lock"), progress):
        if corpus := _read_cache(cache):
            return corpus
        corpus = _downloaded(url, md5, cache, progress) if local is None else _from_here(local, progress)
        progress(f"{WHAT}: saving", None)
        _write_cache(cache, corpus)
        cache.with_suffix(".tar.gz").unlink(missing_ok=True)
    return corpus


def _downloaded(url: str, md5: str | None, cache: Path, progress: Progress) -> RawReviews:
    archive = cache.with_suffix(".tar.gz")
    if not archive.exists():
        Download(url, archive, md5, MAX_ARCHIVE_BYTES, WHAT, ADVICE, progress).fetch()
    try:
        return _read_archive(archive, progress)
    except DownloadError as error:
        archive.unlink(missing_ok=True)
        raise DownloadError(f"{error} It was removed; try again. {ADVICE}") from error


def _from_here(local: Path, progress: Progress) -> RawReviews:
    """Read an archive or an unpacked folder of the user's own, which stays as it is."""
    try:
        return _read_folder(local, progress) if local.is_dir() else _read_archive(local, progress)
    except DownloadError as error:
        raise DownloadError(f"{local}: {error} {ADVICE}") from error


def _local(url: str) -> Path | None:
    """Return the file or folder that an address names on this machine; None for addresses of the web."""
    path = Path(url2pathname(urlsplit(url).path) if url.startswith("file:") else url).expanduser()
    return path if path.exists() else None


def check_here(data: DataConfig) -> None:
    """Raise `DataError` when the reviews have not been downloaded and are not on this machine."""
    url, md5 = _source()
    if _local(url) is None and not _cache(url, md5).exists():
        raise DataError("the IMDb reviews are not on this machine; a training that uses them downloads them (84 MB)")


def recipe(data: DataConfig) -> str | None:
    """Return what names the content of the cached reviews, None where there are none yet."""
    cache = _cache(*_source())
    if not cache.is_file():
        return None
    with cache.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()}|imdb"


def _cache(url: str, md5: str | None) -> Path:
    # A mirror of the official file shares its cache; another file has its own, and what lies here until it changes.
    local = _local(url)
    recipe = url if local is None else f"{local.resolve()}|{local.stat().st_size}|{local.stat().st_mtime_ns}"
    key = md5 if md5 and local is None else hashlib.blake2b(recipe.encode(), digest_size=16).hexdigest()
    return artifacts.folder("datasets") / f"imdb-{key}.parquet"


def _source() -> tuple[str, str | None]:
    """Return the archive's address and its MD5, None when it is not to be checked."""
    md5 = os.environ.get("SENTIMENT_IMDB_MD5", "").strip().lower() or MD5
    if md5 != "none" and not re.fullmatch("[0-9a-f]{32}", md5):
        raise ConfigError(f"SENTIMENT_IMDB_MD5: 32 hexadecimal digits, or none (got {md5[:60]!r})")
    return os.environ.get("SENTIMENT_IMDB_URL", "").strip() or URL, None if md5 == "none" else md5


@contextmanager
def _alone(path: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock at `path`; the system frees it when its holder dies."""
    lock = filelock.FileLock(path)
    while True:
        try:
            lock.acquire(timeout=1.0)
            break
        except filelock.Timeout:
            progress(f"{WHAT}: another process is fetching them, waiting for it", None)
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror}. Set SENTIMENT_HOME elsewhere.") from error
    try:
        yield
    finally:
        lock.release()


def _read_cache(path: Path) -> RawReviews | None:
    """Return the cached reviews; None when there are none or the file is damaged in any way."""
    if not path.exists():
        return None
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        if not table.schema.equals(SCHEMA) or any(column.null_count for column in table.columns):
            return None
        labels = table["label"].to_numpy().astype(np.int8)
        test = table["test"].to_numpy().astype(bool)
        corpus = RawReviews(table["text"].to_pylist(), labels, _parts(test))
    except (pa.ArrowException, OSError, ValueError, KeyError):
        return None
    return corpus if _has_all_parts(labels, test) else None


def _write_cache(path: Path, corpus: RawReviews) -> None:
    temporary = path.with_suffix(".tmp")
    table = pa.Table.from_arrays(
        [pa.array(corpus.texts), pa.array(corpus.labels), pa.array(corpus.parts == TEST)], schema=SCHEMA
    )
    try:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)
        temporary.replace(path)
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror or error}. Free some space, or set SENTIMENT_HOME elsewhere."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _read_archive(path: Path, progress: Progress) -> RawReviews:
    """Return the reviews in the archive at `path`; raise `DownloadError` when it is damaged or breaks a limit."""
    found: dict[tuple[bool, int, int, int], str] = {}
    size, members, text_bytes = max(1, path.stat().st_size), 0, 0
    try:
        with path.open("rb") as raw, _BoundedGzip(fileobj=raw) as plain, tarfile.open(fileobj=plain, mode="r:") as tar:
            while (member := tar.next()) is not None:
                # Or the archive's whole table of contents piles up in memory.
                tar.members.clear()  # type: ignore[attr-defined]
                members += 1
                if members > MAX_MEMBERS:
                    raise DownloadError(_refusal(f"more than {MAX_MEMBERS:,} entries"))
                if members % 1000 == 0:
                    progress(f"{WHAT}: reading the archive, {len(found):,} reviews", min(1.0, raw.tell() / size))
                match = MEMBER.fullmatch(member.name)
                # Not links, not devices, and not sparse files, whose size says nothing about their content.
                if not match or member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.sparse:
                    continue
                text_bytes += member.size
                if member.size > MAX_REVIEW_BYTES or text_bytes > MAX_TEXT_BYTES or len(found) >= MAX_REVIEWS:
                    raise DownloadError(_refusal("more or longer reviews than the data set has"))
                content = tar.extractfile(member)
                assert content is not None
                key = (match[1] == "test", int(match[2] == "pos"), int(match[3]), int(match[4]))
                found[key] = content.read().decode("utf-8", errors="replace")
            while plain.read(1 << 16):
                pass  # gzip compares its checksum at the very end only
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, OverflowError, RecursionError) as error:
        raise DownloadError("the IMDb archive is damaged.") from error
    return _sorted(found)


def _read_folder(path: Path, progress: Progress) -> RawReviews:
    """Return the reviews in an unpacked archive, `aclImdb` itself or the folder that holds it."""
    root = path / "aclImdb" if (path / "aclImdb").is_dir() else path
    found: dict[tuple[bool, int, int, int], str] = {}
    text_bytes = 0
    for part, kind in FOLDERS:
        progress(f"{WHAT}: reading {part}/{kind}, {len(found):,} reviews", None)
        try:
            files = [item for item in os.scandir(root / part / kind) if item.is_file(follow_symlinks=False)]
        except OSError as error:
            raise DownloadError(f"there is no readable folder {part}/{kind} in it.") from error
        for item in files:
            match = MEMBER.fullmatch(f"aclImdb/{part}/{kind}/{item.name}")
            if match is None:
                continue
            text_bytes += (size := item.stat().st_size)
            if size > MAX_REVIEW_BYTES or text_bytes > MAX_TEXT_BYTES or len(found) >= MAX_REVIEWS:
                raise DownloadError(_refusal("more or longer reviews than the data set has"))
            try:
                content = Path(item.path).read_bytes()
            except OSError as error:
                raise DownloadError(f"{part}/{kind}/{item.name} cannot be read: {error.strerror}.") from error
            key = (part == "test", int(kind == "pos"), int(match[3]), int(match[4]))
            found[key] = content.decode("utf-8", errors="replace")
    return _sorted(found)


def _sorted(found: dict[tuple[bool, int, int, int], str]) -> RawReviews:
    keys = sorted(found)
    labels = np.array([label for _, label, _, _ in keys], dtype=np.int8)
    test = np.array([in_test for in_test, _, _, _ in keys], dtype=bool)
    if not _has_all_parts(labels, test):
        raise DownloadError(_refusal("no reviews of both labels in aclImdb/train and aclImdb/test"))
    return RawReviews([found[key] for key in keys], labels, _parts(test))


def _refusal(reason: str) -> str:
    return f"the IMDb archive is not the one expected: {reason}."


def _parts(test: np.ndarray) -> np.ndarray:
    return np.where(test, TEST, TRAIN).astype(np.int8)


def _has_all_parts(labels: np.ndarray, test: np.ndarray) -> bool:
    return set(zip(labels.tolist(), test.tolist(), strict=True)) == {(0, False), (1, False), (0, True), (1, True)}


class _BoundedGzip(gzip.GzipFile):
    """A gzip reader that refuses large single reads, far positions and steps back.

    The tar reader asks for as many bytes as a header claims, and skips as many: both are the archive's word only, and
    with a negative number of bytes it would go round in circles.
    """

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= MAX_REVIEW_BYTES or self.tell() > MAX_UNPACKED_BYTES:
            raise DownloadError(_refusal("an entry is too large"))
        return super().read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        # `tell` itself is a seek relative to the current position.
        if whence != os.SEEK_SET:
            return super().seek(offset, whence)
        if not self.tell() <= offset <= MAX_UNPACKED_BYTES:
            raise DownloadError(_refusal("an entry has an impossible size"))
        return super().seek(offset, whence)
