"""`SENTIMENT_FILES`: addresses that cannot be used or hold a secret, and what is so without it."""

from __future__ import annotations

import errno
import re
import socket
from importlib.util import find_spec
from pathlib import Path

import pytest

from sentiment_core import bucket, filesystem
from sentiment_core.errors import ConfigError, StoreError, StoreUnavailableError
from sentiment_core.store import Store
from tests.bucket.shared import Go
from tests.forks import StartCode
from ui.kit.uploads import upload_path


def test_addresses_that_cannot_be_used(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("nonsense://x", "s3://bucket/lab"):
        if address.startswith("s3") and find_spec("s3fs"):
            continue
        monkeypatch.setenv(bucket.ADDRESS, address)
        with pytest.raises(StoreError, match=r"SENTIMENT_FILES=.* cannot be used .*pip install 'sentiment-lab\[s3\]'"):
            Store()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sftp://me:secret@host/lab", "sftp://host/lab"),
        ("sftp://me:sec@ret@host/lab", "sftp://host/lab"),
        ("sftp://me:sec/ret@host/lab", "sftp://host/lab"),
        ("https://me:secret@host/lab?key=secret", "https://host/lab"),
        ("s3://bucket/lab/work/x-1/result.json@1795576285944614000", None),
    ],
)
def test_no_message_shows_a_secret_of_an_address(address: str, shown: str | None) -> None:
    seen = shown or address
    assert filesystem.shown(address) == seen
    told = re.escape(f"The bucket {seen} cannot be used: 404 at {seen}. Check")
    with pytest.raises(StoreError, match=told), filesystem.reached(filesystem.shown(address)):
        raise FileNotFoundError(f"404 at {address}")


# What clients say of a server that is busy, fails, is not found by its name, or has no way to it; and what lasts.
PASSING = [
    OSError(errno.EBUSY, "slow down"),
    OSError(errno.EIO, "internal error"),
    OSError(errno.EHOSTUNREACH, "no route"),
    socket.gaierror(socket.EAI_AGAIN, "try again"),
    TimeoutError(),
    ConnectionResetError(),
    RuntimeError("a client's own"),
]
FOR_GOOD = [
    FileNotFoundError("no such bucket"),
    PermissionError("denied"),
    OSError(errno.ENOSPC, "full"),
    OSError(22, ""),
]


@pytest.mark.parametrize("error", [*PASSING, *FOR_GOOD], ids=repr)
def test_what_may_pass_is_waited_for(error: Exception) -> None:
    with pytest.raises(StoreError) as found, filesystem.reached("s3://bucket"):
        raise error
    assert isinstance(found.value, StoreUnavailableError) == (error in PASSING)


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "..", "a\0b.csv"])
def test_a_link_that_names_no_upload_asks_nobody(go: Go, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with Store() as store:
        monkeypatch.setattr(store, "kept_files", None)
        with pytest.raises(ConfigError, match="not on this machine"):
            upload_path(name)


UNSET = """if True:
    import sys
    before = set(sys.modules)
    from sentiment_core import artifacts, bucket
    from sentiment_core.store import Store
    def refused(*asked):
        raise AssertionError
    bucket.filesystem = bucket.Bucket = refused
    with Store() as store:
        path = store.folder_of("x-1") / "result.json"
        artifacts.write_json(path, 1)
        print(artifacts.read_json(path), artifacts.size_of(path) > 0, bucket._index, store.kept_files())
"""


def test_without_the_setting_there_is_no_bucket(home: Path, start_code: StartCode) -> None:
    process = start_code(UNSET)
    with process.stdout:
        assert process.stdout.read() == b"1 True None {}\n"


STORELESS = """if True:
    from sentiment_core.explain import load_predictor
    from sentiment_core.embeddings import load_saved
    print(len(load_predictor("pretrained", None).predict(["a fine film"])), load_saved("glove-50").dim)
"""


def test_what_needs_no_store_needs_no_bucket(go: Go, start_code: StartCode) -> None:
    process = start_code(STORELESS)
    with process.stdout:
        assert process.stdout.read() == b"1 50\n"
