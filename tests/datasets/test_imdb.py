"""The IMDb archive from a loopback server: every way a download or an archive can go wrong, and the cache.

Longer than other files: one download from its start to its cache, on one loopback server.
"""

import gzip
import hashlib
import os
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest

from sentiment_core.datasets import TEST, TRAIN, VALIDATION, download, imdb, load_reviews
from sentiment_core.datasets.base import UnreadTexts
from sentiment_core.errors import ConfigError, DataError, DownloadError
from sentiment_core.settings import DataConfig
from tests.datasets.imdb_server import Server, archive, member, text_of

REAL_ARCHIVE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "aclImdb_v1.tar.gz"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "FIRST_PAUSE", 0.0)
    return tmp_path / "home" / "datasets"


@pytest.fixture
def serve(monkeypatch):
    servers = []

    def start(content, md5="right"):
        servers.append(Server(content))
        monkeypatch.setenv("SENTIMENT_IMDB_URL", servers[-1].url)
        monkeypatch.setenv("SENTIMENT_IMDB_MD5", hashlib.md5(content).hexdigest() if md5 == "right" else md5)
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def kinds(folder):
    return sorted("".join(path.suffixes) for path in folder.iterdir() if path.suffix != ".lock")


def check(corpus, reviews=12):
    expected = [
        text_of(part, label, number)
        for part in ("train", "test")
        for label in ("neg", "pos")
        for number in range(reviews)
    ]
    assert corpus.texts == expected
    assert corpus.labels.tolist() == ([0] * reviews + [1] * reviews) * 2
    assert corpus.parts is not None and corpus.parts.tolist() == [TRAIN] * 2 * reviews + [TEST] * 2 * reviews
    assert corpus.labels.dtype == np.int8


def test_download_order_and_cache(serve, home):
    server = serve(archive())
    seen = []
    check(imdb.fetch(lambda message, fraction: seen.append((message, fraction))))
    assert kinds(home) == [".parquet"]
    assert any("MB downloaded" in message for message, _ in seen)
    assert all(fraction is None or 0 <= fraction <= 1 for _, fraction in seen)
    check(imdb.fetch())
    assert server.requests == [None]


def test_both_splits(serve):
    serve(archive(50))
    official = load_reviews(DataConfig(source="imdb", split="official", validation_fraction=0.2))
    assert [len(official.select(part)) for part in (TRAIN, VALIDATION, TEST)] == [80, 20, 100]
    assert all(" test " in official.texts[row] for row in official.select(TEST))
    assert official.labels[official.select(VALIDATION)].sum() == 10
    notebook = load_reviews(DataConfig(source="imdb", split="notebook"))
    assert [len(notebook.select(part)) for part in (TRAIN, VALIDATION, TEST)] == [144, 16, 40]
    limited = load_reviews(DataConfig(source="imdb", split="official", limit=40))
    assert len(limited.select(TEST)) == 20 and limited.labels.sum() == 20


def test_fetched_reviews_are_known_by_what_is_kept_of_them(serve, home):
    serve(archive(50))
    data = DataConfig(source="imdb", split="official", limit=80)
    fetched, first, known = (load_reviews(data) for _ in range(3))
    assert isinstance(fetched.texts, list) and isinstance(first.texts, list) and isinstance(known.texts, UnreadTexts)
    assert fetched.fingerprint() == first.fingerprint() == known.fingerprint()
    assert list(known.texts) == fetched.texts and np.array_equal(known.parts, fetched.parts)
    (kept,) = home.glob("*.parquet")
    kept.write_bytes(b"damaged")
    assert load_reviews(data).fingerprint() == fetched.fingerprint()


def test_broken_connections_are_resumed(serve):
    content = archive()
    server = serve(content)
    server.break_after = [1000, 500, 700]
    check(imdb.fetch())
    assert server.requests == [None, "bytes=1000-", "bytes=1500-", "bytes=2200-"]


def test_next_call_goes_on_where_the_last_gave_up(serve, home):
    server = serve(archive())
    server.break_after = [100] * download.ATTEMPTS
    with pytest.raises(DownloadError, match=r"connection broke.*try again; 0\.0 MB are kept"):
        imdb.fetch()
    assert kinds(home) == [".tar.gz.part"]
    check(imdb.fetch())
    assert server.requests[-1] == "bytes=500-"
    assert kinds(home) == [".parquet"]


def test_server_without_ranges_starts_over(serve):
    server = serve(archive())
    server.ranges = False
    server.break_after = [1000]
    check(imdb.fetch())
    assert server.requests == [None, "bytes=1000-"]


def test_server_without_lengths(serve):
    serve(archive()).announce_length = False
    check(imdb.fetch())


def test_finished_part_is_not_fetched_again(serve, home):
    content = archive()
    server = serve(content)
    home.mkdir(parents=True)
    (home / f"imdb-{hashlib.md5(content).hexdigest()}.tar.gz.part").write_bytes(content)
    check(imdb.fetch())
    assert server.requests == [f"bytes={len(content)}-"]


@pytest.mark.parametrize("size", [1000, 10**6])
def test_part_of_another_version_is_replaced(serve, home, size):
    content = archive()
    serve(content)
    home.mkdir(parents=True)
    (home / f"imdb-{hashlib.md5(content).hexdigest()}.tar.gz.part").write_bytes(b"x" * size)
    check(imdb.fetch())


def test_wrong_checksum(serve, home):
    serve(archive(), md5=imdb.MD5)
    with pytest.raises(DownloadError, match=r"another file than expected.*SENTIMENT_IMDB_MD5"):
        imdb.fetch()
    assert kinds(home) == []


def test_checksum_can_be_left_out_but_not_be_nonsense(serve):
    serve(archive(), md5="none")
    check(imdb.fetch())
    serve(archive(), md5="abc")
    with pytest.raises(ConfigError, match="32 hexadecimal digits"):
        imdb.fetch()


def test_errors_of_the_server(serve):
    server = serve(archive())
    server.statuses = [503, 429]
    check(imdb.fetch())
    assert len(server.requests) == 3
    server = serve(archive(3))
    server.statuses = [404]
    with pytest.raises(DownloadError, match=r"answers 404 Not Found.*SENTIMENT_IMDB_URL"):
        imdb.fetch()
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["nonsense", "ftp://example.org/a", "http://", "http://127.0.0.1:99999/"])
def test_addresses_that_are_none(monkeypatch, url):
    monkeypatch.setenv("SENTIMENT_IMDB_URL", url)
    with pytest.raises(DownloadError, match="is not a web address"):
        imdb.fetch()


def test_server_that_is_not_there(serve):
    server = serve(archive())
    server.http.server_close()
    with pytest.raises(DownloadError, match=r"cannot be reached.*Check the network"):
        imdb.fetch()


def test_download_that_does_not_end(serve, home, monkeypatch):
    monkeypatch.setattr(imdb, "MAX_ARCHIVE_BYTES", 1000)
    serve(archive())
    with pytest.raises(DownloadError, match="sends more than"):
        imdb.fetch()
    assert kinds(home) == []


def test_entries_that_are_no_reviews_are_passed_over(serve, home, tmp_path):
    name = "aclImdb/train/pos/99_9.txt"
    serve(
        archive(
            extra=[
                member("../../escaped.txt"),
                member("/tmp/absolute_1.txt"),
                member("aclImdb/train/pos/../../../../escaped_1.txt"),
                member("aclImdb/train/pos/٣_9.txt"),
                member(name, tarfile.SYMTYPE, linkname="/etc/passwd"),
                member(name, tarfile.LNKTYPE, linkname="aclImdb/train/pos/1_10.txt"),
                member(name, tarfile.FIFOTYPE),
                member(name, tarfile.CHRTYPE),
                member(name, tarfile.DIRTYPE),
            ]
        )
    )
    check(imdb.fetch())
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock") == [
        next(home.glob("*.parquet")).name
    ]


def lying_archive(info):
    """Return an archive whose only header is `info`, whatever it claims."""
    return gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))


@pytest.mark.parametrize(
    "content",
    [
        archive(extra=[member("aclImdb/train/pos/1_1.txt", content=bytes(2_000_000))]),
        lying_archive(member("aclImdb/train/pos/1_1.txt", size=1 << 40)[0]),
        lying_archive(member("skipped", size=1 << 60)[0]),
        lying_archive(member("skipped", size=-4096)[0]),
        lying_archive(member("header", tarfile.XHDTYPE, size=1 << 33)[0]),
        lying_archive(member("name", tarfile.GNUTYPE_LONGNAME, size=1 << 33)[0]),
        gzip.compress(member("x", tarfile.XHDTYPE)[0].tobuf(tarfile.GNU_FORMAT) * 3000 + bytes(1024)),
        gzip.compress(b""),
        gzip.compress(bytes(10_240)),
        gzip.compress(b"no tar at all" * 1000),
        b"no gzip at all",
        archive()[:-300],
        archive()[:-6] + b"wrong!",
        archive(0),
    ],
    ids=[
        "huge member",
        "claimed size",
        "claimed size of a skipped one",
        "negative size",
        "huge extended header",
        "huge name",
        "nested headers",
        "empty",
        "no member",
        "no tar",
        "no gzip",
        "cut off",
        "gzip checksum",
        "no reviews",
    ],
)
def test_malicious_and_damaged_archives_are_refused_and_removed(serve, home, content):
    serve(content)
    with pytest.raises(DownloadError, match=r"IMDb archive is .*removed.*SENTIMENT_IMDB_URL"):
        imdb.fetch()
    assert kinds(home) == []


@pytest.mark.parametrize(
    ("limit", "value"),
    [("MAX_MEMBERS", 20), ("MAX_REVIEWS", 40), ("MAX_TEXT_BYTES", 2000), ("MAX_UNPACKED_BYTES", 20_000)],
)
def test_limits_on_the_whole_archive(serve, monkeypatch, limit, value):
    monkeypatch.setattr(imdb, limit, value)
    serve(archive())
    with pytest.raises(DownloadError, match="not the one expected"):
        imdb.fetch()


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "text", "other table"])
def test_damaged_cache_is_rebuilt(serve, home, damage):
    server = serve(archive(200))
    imdb.fetch()
    path = next(home.glob("*.parquet"))
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        content[len(content) // 3] ^= 0x10
        path.write_bytes(content)
    elif damage == "other table":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"text": ["a", None]}), path)
    else:
        path.write_bytes(b"" if damage == "emptied" else b"hello" * 100)
    check(imdb.fetch(), 200)
    assert len(server.requests) == 2
    check(imdb.fetch(), 200)
    assert len(server.requests) == 2


def test_full_disk(serve, home, monkeypatch):
    serve(archive())

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(imdb.pq, "write_table", full)
    with pytest.raises(DataError, match=r"No space left on device.*SENTIMENT_HOME"):
        imdb.fetch()
    assert kinds(home) == [".tar.gz"]
    monkeypatch.undo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_full_disk_while_downloading(serve, home, monkeypatch):
    serve(archive())
    home.mkdir(parents=True)
    monkeypatch.setattr(download.Download, "part", Path("/dev/full"))
    with pytest.raises(DownloadError, match=r"cannot write /dev/full: No space left"):
        imdb.fetch()


def test_two_processes_download_once(serve):
    content = archive()
    server = serve(content)
    gate, answer = threading.Event(), server.answer

    def wait_then_answer(request):
        gate.wait(20)
        answer(request)

    server.answer = wait_then_answer
    code = (
        "from sentiment_core.datasets import imdb\n"
        "print(len(imdb.fetch(lambda message, fraction: print(message, flush=True)).texts))"
    )
    command = [sys.executable, "-c", code]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) for _ in range(2)]
    # Each says something before it can go on: one that it connects, the other that it waits.
    first = [process.stdout.readline() for process in processes]
    gate.set()
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert sorted("waiting" in line for line in first) == [False, True]
    assert [output.split()[-1] for output in outputs] == ["48", "48"]
    assert server.requests == [None]


@pytest.mark.real_data
def test_the_real_reviews(serve, home):
    if not REAL_ARCHIVE.exists():
        pytest.skip("the real archive is absent: ../shared/data/aclImdb_v1.tar.gz")
    server = serve(REAL_ARCHIVE.read_bytes())
    server.break_after = [10_000_000]
    reviews = load_reviews(DataConfig(source="imdb", split="official"))
    assert server.requests == [None, "bytes=10000000-"]
    assert [len(reviews.select(part)) for part in (TRAIN, VALIDATION, TEST)] == [18_000, 2_000, 20_000]
    assert reviews.labels.mean() == 0.5
    assert load_reviews(DataConfig(source="imdb", split="official")).fingerprint() == reviews.fingerprint()
    assert kinds(home) == [".parquet"]


@pytest.mark.parametrize("kind", ["archive", "address", "unpacked", "folder"])
def test_an_archive_or_folder_on_this_machine_stands_for_the_address(kind, tmp_path, monkeypatch, home):
    path = tmp_path / "mine.tar.gz"
    path.write_bytes(archive())
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
    given = {"archive": path, "address": path.as_uri(), "unpacked": tmp_path / "unpacked"}
    monkeypatch.setenv("SENTIMENT_IMDB_URL", str(given.get(kind, tmp_path / "unpacked" / "aclImdb")))
    imdb.check_here(DataConfig(source="imdb"))
    check(imdb.fetch())
    assert path.exists() and kinds(home) == [".parquet"]
    monkeypatch.setattr(imdb, "_from_here", None)
    check(imdb.fetch())


def test_a_damaged_archive_on_this_machine_is_named_and_stays(tmp_path, monkeypatch):
    path = tmp_path / "mine.tar.gz"
    path.write_bytes(archive()[:300])
    monkeypatch.setenv("SENTIMENT_IMDB_URL", str(path))
    with pytest.raises(DownloadError, match=r"mine\.tar\.gz: the IMDb archive is damaged"):
        imdb.fetch()
    assert path.exists()
    monkeypatch.setenv("SENTIMENT_IMDB_URL", str(tmp_path))
    with pytest.raises(DownloadError, match="no readable folder train/pos"):
        imdb.fetch()
