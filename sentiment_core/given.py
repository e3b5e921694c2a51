"""What is handed over from Python, checked: a sentence instead of an error from deep inside, or a wrong answer."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

from sentiment_core.errors import ConfigError, DataError
from sentiment_core.store import WorkProgress


def dict_of(given: object, what: str, such_as: str) -> dict[str, Any]:
    """Return a mapping of names as a dict; raise `ConfigError` for anything else."""
    if not isinstance(given, Mapping):
        raise ConfigError(f"{what}: give a dict such as {such_as}, not {kind_of(given)}")
    if odd := [key for key in given if not isinstance(key, str)]:
        raise ConfigError(f"{what}: give a dict such as {such_as}; {kind_of(odd[0])} is no name")
    return dict(given)


def names_of(methods: object) -> list[str]:
    """Return names of methods given as a list, or as the text that the command line takes; raise `ConfigError`."""
    if isinstance(methods, str):
        return methods.split(",")
    found: list[Any] = list(methods) if isinstance(methods, Iterable) else [methods]
    for name in found:
        if not isinstance(name, str):
            raise ConfigError(f"methods: give a list of names such as ['attention'], not {kind_of(name)}")
    return found


def texts_of(given: object) -> list[str]:
    """Return the texts of anything that has an order and yields texts; raise `DataError` for all else."""
    if isinstance(given, str | bytes):
        raise DataError("texts: give a list of texts; a single one as [text]")
    # Of a dict and a table one would get the names, of a set no order.
    unfit = isinstance(given, Mapping | Set) or hasattr(given, "columns")
    try:
        found = None if unfit else iter(given)  # type: ignore[call-overload]
    except TypeError:
        found = None
    if found is None:
        raise DataError(f"texts: give a list of texts or a column of a data frame, not {kind_of(given)}")
    texts = list(found)
    for number, text in enumerate(texts, start=1):
        if not isinstance(text, str):
            raise DataError(f"texts: number {number} is no text but {kind_of(text)}; leave it out, or give '' for it")
    return texts


def text_of(given: object) -> str:
    """Return a text; raise `DataError` for anything else."""
    if not isinstance(given, str):
        raise DataError(f"text: give one text, not {kind_of(given)}")
    return given


def kind_of(given: object) -> str:
    """Return what a sentence calls a value that was not expected."""
    return "None" if given is None else f"a value of the type {type(given).__name__}"


def harmless(follow: Callable[[WorkProgress], None] | None) -> Callable[[WorkProgress], None]:
    """Return what calls `follow` until it fails once: so it ends no training, nor the thread that says it lives."""
    failed = follow is None

    def told(progress: WorkProgress) -> None:
        nonlocal failed
        if failed or follow is None:
            return
        try:
            follow(progress)
        except Exception:
            failed = True
            traceback.print_exc()

    return told
