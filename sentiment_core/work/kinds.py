"""Kinds of work: what each is asked, what it answers, and the function that does it. One registry, by name.

To add one: declare a `Kind` beside its arguments, in a module light enough for a page, and name it in `KINDS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib import import_module
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.out_of_memory import READING_ADVICE, TRAINING_ADVICE
from sentiment_core.store import TRAINING

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True)
class Kind(Generic[A, R]):
    """A kind of work.

    `function` is `module:name`, imported only by the process that runs it: it takes the arguments and a progress, and
    returns the result. Equal arguments are the same work: it is done once, and its result is found by them. Both are
    dataclasses or other types that pydantic reads; a result must survive JSON.
    """

    name: str
    title: str
    arguments: type[A]
    result: type[R]
    function: str
    is_long: Callable[[A], bool] = lambda arguments: False  # may take hours: leaves a place to what does not
    run_of: Callable[[A], str | None] = lambda arguments: None  # the run it asks about, with which its answer goes
    memory_advice: str = READING_ADVICE
    again: str = "Start it again."  # what to do when it was interrupted

    @property
    def _asked(self) -> TypeAdapter[A]:
        return _adapter(self.arguments)  # type: ignore[arg-type]

    @property
    def _answered(self) -> TypeAdapter[R]:
        return _adapter(self.result)  # type: ignore[arg-type]

    def id_of(self, arguments: A) -> str:
        """Return the id of the work that `arguments` ask for."""
        return f"{self.name}-{blake2b(self.written(arguments).encode(), digest_size=16).hexdigest()}"

    def written(self, arguments: A) -> str:
        """Return arguments as JSON that `read` reads."""
        return json.dumps(self._asked.dump_python(arguments, mode="json"))

    def read(self, text: str) -> A:
        """Return the arguments written as `text`; raise `StoreError` when another version wrote them."""
        try:
            return self._asked.validate_json(text)
        except ValidationError as error:
            raise StoreError("another version asked for this; start it again") from error

    def written_result(self, result: R) -> Any:
        """Return a result as a document of JSON."""
        return self._answered.dump_python(result)

    def read_result(self, document: Any) -> R | None:
        """Return the result in a document, None when that is something else."""
        try:
            return self._answered.validate_python(document)
        except ValidationError:
            return None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@dataclass(frozen=True)
class TrainingOrder:
    """Which experiment to train."""

    experiment: str


TRAIN = Kind(
    TRAINING,
    "Training",
    TrainingOrder,
    type(None),
    "sentiment_core.work.training:train",
    is_long=lambda order: True,
    memory_advice=TRAINING_ADVICE,
    again="Resume continues from its last checkpoint.",
)

KINDS: dict[str, str] = {
    TRAINING: "sentiment_core.work.kinds:TRAIN",
    "faithfulness": "sentiment_core.explain.study_question:FAITHFULNESS",
    "baselines": "sentiment_core.baselines:BASELINES",
    "predictions": "sentiment_core.explain.many_reviews:PREDICTIONS",
    "explanation": "sentiment_core.explain.job:EXPLANATION",
    "reviews": "sentiment_core.data_view.job:REVIEWS",
    "vectors": "sentiment_core.data_view.own_vectors:VECTORS",
    "order-map": "sentiment_core.findings.order_map:ORDER_MAP",
}
"""Name → `module:CONSTANT`, a `Kind` of that name."""


def name_of(work_id: str) -> str:
    """Return the name of the kind of a piece of work: an id is NAME-KEY, an experiment's has no dash."""
    return work_id.rpartition("-")[0] or TRAINING


def register(place: str) -> Kind[Any, Any]:
    """Add the kind that lies at `module:CONSTANT`, and return it: for programs that bring kinds of their own."""
    found = _load(place)
    KINDS[found.name] = place
    return found


def kind(name: str) -> Kind[Any, Any]:
    """Return a kind by its name; raise `ConfigError` for one that this program does not have."""
    if name not in KINDS:
        raise ConfigError(f"there is no kind of work {name[:40]!r}; choose {', '.join(KINDS)}")
    return _load(KINDS[name])


def _load(place: str) -> Kind[Any, Any]:
    module, _, name = place.partition(":")
    found: Kind[Any, Any] = getattr(import_module(module), name)
    return found
