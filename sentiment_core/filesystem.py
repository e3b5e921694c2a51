"""The filesystem behind an address, as fsspec finds it, and what its errors mean to a user."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sentiment_core.errors import StoreError, StoreUnavailableError

ADDRESS = "SENTIMENT_FILES"
# What waiting does not mend, beside what is missing or forbidden; networks and busy servers have a hundred errors.
LASTING = (errno.EDQUOT, errno.EINVAL, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOSPC, errno.ENOTDIR, errno.EROFS)


@lru_cache(maxsize=4)
def filesystem(address: str, _process: int) -> tuple[Any, str]:
    """Return the filesystem of an address and the path in it; one for each process, whose threads may share it.

    Raises `StoreError` for an address that cannot be used.
    """
    try:
        # Half a second for S3, and nothing that a home without a bucket needs.
        from fsspec.core import url_to_fs

        files, root = url_to_fs(address, skip_instance_cache=True, use_listings_cache=False)
    except (ImportError, ValueError, OSError) as error:
        how = "Write s3://BUCKET/PREFIX, with pip install 'sentiment-lab[s3]', or another address that fsspec knows."
        raise StoreError(f"{ADDRESS}={shown(address)} cannot be used ({shown(str(error))}). {how}") from error
    files.auto_mkdir = True  # a folder of a disk has to be there before a file
    return files, root


@contextmanager
def reached(address: str, *passed: type[Exception]) -> Iterator[None]:
    """Turn what a filesystem's client raises in the block, but `passed`, into a `StoreError` about `address`."""
    try:
        yield
    except passed:
        raise
    except Exception as error:  # each filesystem's client raises errors of its own
        reason = shown(str(error).strip() or type(error).__name__).split("\n")[0].rstrip(".")
        lasting = isinstance(error, FileNotFoundError | PermissionError) or getattr(error, "errno", None) in LASTING
        raise (StoreError if lasting else StoreUnavailableError)(
            f"The bucket {address} cannot be used: {reason}. Check {ADDRESS}, credentials and network."
        ) from error


def shown(text: str) -> str:
    """Return a text without the names, passwords and queries of addresses in it; a password may hold / and @."""
    return re.sub(r"//\S*@(?!\d{19}\b)", "//", re.sub(r"(//[^\s?]*)\?\S*", r"\1", text))
