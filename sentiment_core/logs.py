"""The structured log: a JSON object a line, of what happened, where, to which piece of work and for which person.

It never holds what anybody wrote. A message is the program's own sentence, in which only numbers, ids, statuses and
classes of errors are filled in; of an error it keeps the class and the line that raised it, and of another program's
messages only which program it was. So a log can be sent to somebody.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from enum import Enum
from hashlib import blake2b
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from sentiment_core.artifacts import folder, home
from sentiment_core.errors import SentimentLabError

FILE = "log.jsonl"
MOST_BYTES = 5_000_000
LEFT_OUT = "…"
OURS = ("sentiment_core", "ui")
# Streamlit keeps its loggers from handing on what they are told.
ELSEWHERE = ("streamlit.error_util", "uvicorn.error")
IDENTIFIER = re.compile(r"[0-9a-f]{8}(-\d{1,4})?|[a-z][a-z-]{0,40}-[0-9a-f]{6,64}")

_person: ContextVar[str | None] = ContextVar("person", default=None)


def person_hash(identifier: str | None) -> str:
    """Return what stands for a person: equal for the same one, and nobody's id or name. None is the lecturer."""
    return "lecturer" if identifier is None else blake2b(identifier.encode(), digest_size=6, person=b"log").hexdigest()


def note_person(identifier: str | None) -> None:
    """Say for whom this thread, or this request, works from now on."""
    _person.set(person_hash(identifier))


class Structured(logging.Formatter):
    """Writes a record as one line of JSON; `work` and `person` are what the whole process works on and for."""

    def __init__(self, work: str | None = None, person: str | None = None) -> None:
        super().__init__()
        self._work, self._person = work, person

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "event": _sentence(record) if _is_ours(record) else LEFT_OUT,
            "process": record.process,
        }
        for name, value in (("work", self._work), ("person", _person.get() or self._person)):
            if value is not None:
                line[name] = value
        if record.exc_info and record.exc_info[1] is not None:
            line["errors"] = list(_causes(record.exc_info[1]))
        return json.dumps(line)


def write_log(work_id: str | None = None, owner: str | None = None) -> None:
    """Let this process write the log of its home; several processes share the file.

    A worker says which work it does, and whose that is.
    Where it cannot be written, what is wrong is on the terminal and in the workers' own logs as ever.
    """
    with suppress(OSError, SentimentLabError):
        handler = WatchedFileHandler(folder() / FILE, encoding="utf-8")
        handler.addFilter(lambda record: record.levelno >= logging.WARNING or _is_ours(record))
        handler.setFormatter(Structured(work_id, person_hash(owner) if work_id else None))
        for name in OURS:
            logging.getLogger(name).setLevel(logging.INFO)
        for each in (logging.getLogger(), *map(logging.getLogger, ELSEWHERE)):
            each.addHandler(handler)


def turn_over() -> None:
    """Begin a new log when this one is long; the one before is kept. For one process of a home: who looks after it."""
    path = home() / FILE
    with suppress(OSError):
        if path.stat().st_size > MOST_BYTES:
            path.replace(path.with_suffix(".1.jsonl"))


def last_problems(most: int = 200) -> list[dict[str, Any]]:
    """Return the last warnings and errors of this home, oldest first; lines that nobody can read are left out."""
    found: list[dict[str, Any]] = []
    for path in ((home() / FILE).with_suffix(".1.jsonl"), home() / FILE):
        with suppress(OSError):
            found += filter(None, map(_problem, path.read_text(encoding="utf-8", errors="replace").splitlines()))
    return found[-most:]


def _problem(line: str) -> dict[str, Any] | None:
    try:
        read = json.loads(line)
    except ValueError:
        return None
    return read if isinstance(read, dict) and read.get("level") in ("WARNING", "ERROR", "CRITICAL") else None


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OURS


def _sentence(record: logging.LogRecord) -> str:
    """Return the message with what may hold somebody's words left out."""
    sentence = str(record.msg)
    if isinstance(record.args, tuple) and record.args:
        with suppress(TypeError, ValueError):
            return sentence % tuple(map(_harmless, record.args))
    return sentence


def _harmless(value: object) -> object:
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, int | float | Enum):
        return value
    return value if isinstance(value, str) and IDENTIFIER.fullmatch(value) else LEFT_OUT


def _causes(error: BaseException) -> Iterator[str]:
    """Yield an error's class and the line that raised it, then its cause's, and so on."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        trace = current.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        at = f" at {_within(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""
        yield f"{type(current).__name__}{at}"
        current = current.__cause__ or current.__context__


def _within(path: str) -> str:
    """Return a file of source by its last parts: where somebody has installed it is nobody else's business."""
    return "/".join(Path(path).parts[-3:])
