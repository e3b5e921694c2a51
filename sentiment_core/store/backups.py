"""A copy of a store's file, made before its tables change."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sentiment_core.errors import StoreError

KEPT = 3  # files; one a version


def back_up(store: Path, version: int) -> Path:
    """Copy a SQLite store of `version` to a file beside it, whole or not at all; return that file.

    It takes the place of an earlier copy of the same version; the `KEPT` latest copies stay. Raises `StoreError`, and
    `sqlite3.Error` as SQLite does.
    """
    made = store.with_name(f"{store.name}.v{version}.backup")
    partial = made.with_name(f"{made.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(partial)) as target:
            source.backup(target)
            # One file: with its log written ahead it would be three.
            target.execute("PRAGMA journal_mode=DELETE")
        shutil.copymode(store, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(made)
        copies = sorted(store.parent.glob(f"{store.name}.v*.backup"), key=lambda path: path.stat().st_mtime_ns)
        for old in copies[:-KEPT]:
            old.unlink()
    except OSError as error:
        raise StoreError(
            f"cannot write {made}: {error.strerror}. Free some space there; nothing was changed."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return made
