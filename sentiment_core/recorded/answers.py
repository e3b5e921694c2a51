"""Answers of calculations that ship: what a page shows before anybody has asked for them here.

An answer is found by its question, of which the digests of a model's weights and of its reviews are a part: of another
model it is no answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sentiment_core.artifacts import read_json, write_json
from sentiment_core.work.kinds import Kind

A = TypeVar("A")
R = TypeVar("R")

ANSWERS = Path(__file__).parent / "answers"
FORMAT = 1


@dataclass(frozen=True)
class RecordedAnswer(Generic[R]):
    """A result, and what computed it: the circumstances that a run's record has too."""

    result: R
    made: Mapping[str, Any]


def recorded_answer(kind: Kind[A, R], arguments: A, folder: Path = ANSWERS) -> RecordedAnswer[R] | None:
    """Return the answer that ships for just this question, None where there is none that can be read."""
    document = read_json(folder / f"{kind.id_of(arguments)}.json")
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return None
    result = kind.read_result(document.get("result"))
    return None if result is None else RecordedAnswer(result, document["made"])


def record_answer(kind: Kind[A, R], arguments: A, result: R, made: Mapping[str, Any], folder: Path = ANSWERS) -> Path:
    """Write an answer to be shipped and return where; raise `StoreError` when the disk refuses."""
    path = folder / f"{kind.id_of(arguments)}.json"
    document = {
        "format": FORMAT,
        "kind": kind.name,
        "asked": json.loads(kind.written(arguments)),
        "made": dict(made),
        "result": kind.written_result(result),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, document)
    return path
