"""What a database's errors mean: what passes by itself, and what somebody has to do about the rest."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from sentiment_core.errors import StoreError, StoreUnavailableError

# SQLite's result codes, and PostgreSQL's SQLSTATE classes, of what passes: locks, lost connections, a restarting or
# crowded server. A full disk, a file that is damaged or may not be written, a wrong password do not.
PASSING_SQLITE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_IOERR}
PASSING_POSTGRESQL = ("08", "40", "57P", "53300")
# A word of the database's message → what to do.
ADVICE = {
    "is full": "Free some space on that disk; training can then be resumed.",
    "readonly": "Make the file and its folder writable, or set SENTIMENT_HOME to a folder you may write to.",
    "unable to open": "Set SENTIMENT_HOME to a folder you may write to.",
    "disk I/O error": "Check that disk; SENTIMENT_HOME chooses another one.",
    "not a database": "The file is damaged or not ours: move it away and start again.",
    "malformed": "The file is damaged: move it away and start again.",
    "locked": "Another program holds the file; close it and try again.",
}


def explain(error: Exception, place: str) -> StoreError:
    """Return the error to raise for a database's: `StoreUnavailableError` where the same call may succeed later."""
    passing = passes(error)
    reason = str(getattr(error, "orig", None) or error).strip().split("\n")[0].rstrip(".")
    otherwise = "The server may be restarting: try again." if passing else "Check SENTIMENT_STORE_URL and the server."
    advice = next((what_to_do for sign, what_to_do in ADVICE.items() if sign in reason), otherwise)
    kind = StoreUnavailableError if passing else StoreError
    return kind(f"The store {place} cannot be used: {reason}. {advice}")


def passes(error: Exception) -> bool:
    """Whether the same call may succeed later: the store is locked, restarting or not reachable."""
    if isinstance(error, PoolTimeoutError) or getattr(error, "connection_invalidated", False):
        return True
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        # The low byte is the primary code; a cursor that is used wrongly has none.
        return (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in PASSING_SQLITE
    # No code: there was no connection to get one from.
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return isinstance(error, OperationalError) and (state is None or state.startswith(PASSING_POSTGRESQL))
