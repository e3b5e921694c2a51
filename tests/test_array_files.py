"""Files of arrays: whatever is wrong with one is one error, nothing is unpickled, and a cache heals itself."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sentiment_core.array_files import DamagedError, arrays_in, cache_path, read_cache, write_cache
from sentiment_core.errors import DataError


def packed(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("this was unpickled",))


def alone(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def claiming(rows: int) -> bytes:
    """An array whose header claims more than the file holds."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows},)}}".ljust(117) + "\n"
        archive.writestr("values.npy", b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + header.encode())
    return stream.getvalue()


WHOLE = packed(values=np.arange(4.0))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        WHOLE[:-30],
        WHOLE[:60] + bytes([WHOLE[60] ^ 255]) + WHOLE[61:],
        alone(np.arange(4.0)),
        packed(values=np.array([Harmful()], dtype=object)),
        packed(others=np.arange(4.0)),
        packed(values=np.zeros(2_000)),  # small as it lies there, too large unpacked
        claiming(3),
        claiming(10**15),
    ],
    ids=["empty", "stub", "cut", "changed", "alone", "pickled", "missing", "bomb", "short", "boastful"],
)
def test_whatever_is_wrong_is_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "given.npz"
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"given\.npz"), arrays_in(path, 10_000) as found:
        found["values"].sum()


def test_a_check_that_fails_is_damage_and_what_the_user_can_mend_is_said(tmp_path: Path) -> None:
    path = tmp_path / "given.npz"
    path.write_bytes(WHOLE)
    with arrays_in(path, 10_000) as found:
        assert found["values"].tolist() == [0, 1, 2, 3]
    with pytest.raises(DamagedError, match="not five"), arrays_in(path, 10_000):
        raise ValueError("not five")
    with pytest.raises(DataError, match="take another"), arrays_in(path, 10_000):
        raise DataError("take another")
    with pytest.raises(DamagedError), arrays_in(tmp_path / "absent.npz", 10_000):
        pass


def test_a_cache_is_read_and_made_again_when_damaged(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = cache_path("corpora", "recipe")
    assert cache_path("corpora", "another") != path and read_cache(path, dict) is None and not caplog.text
    write_cache(path, values=np.arange(3))
    assert read_cache(path, lambda found: found["values"].tolist()) == [0, 1, 2]
    assert read_cache(path, lambda found: found["nothing"]) is None and "made again" in caplog.text
    path.unlink()
    path.mkdir()  # what lies there refuses to be written over
    write_cache(path, values=np.arange(3))
    assert read_cache(path, dict) is None
