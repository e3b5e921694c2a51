"""Job functions for tests; the job's process finds this module through `$PYTHONPATH`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sentiment_core.errors import DataError


def run(arguments: dict[str, Any], progress: Any) -> dict[str, Any]:
    """Leave a mark for each start, then do what the arguments say."""
    if "marks" in arguments:
        with Path(arguments["marks"]).open("a") as file:
            file.write("started\n")
    progress("Working on it", 0.25)
    taken = b"1" * arguments.get("take", 0)
    deadline = time.monotonic() + arguments.get("seconds", 0)
    while time.monotonic() < deadline:
        time.sleep(0.05)
    if "raise" in arguments:
        raise {"RuntimeError": RuntimeError, "MemoryError": MemoryError}[arguments["raise"]](arguments["words"])
    if "refuse" in arguments:
        raise DataError(arguments["refuse"])
    if "break" in arguments:
        raise ValueError("an inner matter")
    del taken
    return {"answer": arguments.get("number", 0) * 2}
