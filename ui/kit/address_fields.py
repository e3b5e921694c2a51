"""The fields of an address: how each reads what a link says, what is allowed, and how it is written back."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentiment_core.config import choices, field_info, from_fields
from sentiment_core.errors import SentimentLabError
from sentiment_core.fields import registry

# A longer text does not fit into an address: it stays out, and is handed over within the session.
LONGEST_TEXT = 1500
MOST_QUOTED = 40
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,80}")


class Unusable(ValueError):
    """What a link says is not allowed; `instead` is what is left of it."""

    def __init__(self, instead: Any) -> None:
        super().__init__(instead)
        self.instead = instead


@dataclass(frozen=True)
class Field:
    """One thing that an address says.

    `read` takes the text of a link and raises `ValueError` or `KeyError` for what is not `allowed` (in words), or a
    `SentimentLabError` that says what is; `write` is its inverse, None for what does not fit. The default is left out
    of addresses unless it is written `always`.
    """

    name: str
    title: str
    default: Any
    allowed: str | Callable[[], str]
    read: Callable[[str], Any]
    write: Callable[[Any], str | None] = str
    say: Callable[[Any], str] = lambda value: str(value) or "empty"
    always: bool = False

    def parse(self, given: str) -> tuple[Any, str | None]:
        """Return the value that a link gives, and a sentence when that is not what the link says."""
        try:
            return self.read(given), None
        except SentimentLabError as error:
            now = self.say(self.default)
            return self.default, f"The {self.title} in this link cannot be used: {error}. Now: {now}."
        except (ValueError, KeyError) as error:
            value = error.instead if isinstance(error, Unusable) else self.default
        got = given if len(given) <= MOST_QUOTED else given[:MOST_QUOTED] + "…"
        allowed = self.allowed() if callable(self.allowed) else self.allowed
        return value, f"The {self.title} in this link must be {allowed} (got {got!r}); now: {self.say(value)}."

    def written(self, value: Any) -> str | None:
        """Return what an address says for `value`; None when it stays out."""
        return None if value is None or (value == self.default and not self.always) else self.write(value)


def one_of(
    name: str, choices: Collection[str], default: str | None, title: str = "", nothing: str = "none", **more: Any
) -> Field:
    """Return a field with one of `choices`, which may map to what they are called; `nothing`: what no choice shows."""

    def say(value: Any) -> str:
        called = choices.get(value) if isinstance(choices, Mapping) else None
        return nothing if value is None else f"“{called if isinstance(called, str) else value}”"

    def read(given: str) -> str:
        if given not in choices:
            raise ValueError
        return given

    return Field(name, title or name, default, f"one of {', '.join(choices)}", read, say=say, **more)


def whole(name: str, low: int, high: int, default: int | None, title: str = "", **more: Any) -> Field:
    """Return a field with a whole number from `low` to `high`."""

    def read(given: str) -> int:
        if not (given.isascii() and given.isdecimal() and len(given) < 12 and low <= int(given) <= high):
            raise ValueError
        return int(given)

    allowed = f"a whole number from {low:,} to {high:,}"
    return Field(name, title or name.replace("_", " "), default, allowed, read, **more)


def one_of_values(name: str, default: Any, options: Sequence[Any]) -> Field:
    """Return a field with one of `options`, numbers or words, which a link writes shortly."""
    known = {shortly(option): option for option in options}
    return Field(
        name, name.replace("_", " "), default, f"one of {', '.join(known)}", known.__getitem__, shortly, shortly
    )


def shortly(value: Any) -> str:
    """Return a value as links have it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def decimal(name: str, low: float, high: float, default: float, title: str = "") -> Field:
    """Return a field with a number from `low` to `high`, to two places."""

    def read(given: str) -> float:
        value = float(given)
        if not low <= value <= high:
            raise ValueError
        return round(value, 2)

    return Field(name, title or name, default, f"a number from {low:g} to {high:g}", read, lambda value: f"{value:g}")


def text(name: str, longest: int, default: str = "", title: str = "") -> Field:
    """Return a field with any text of up to `longest` characters; one that is too long for an address stays out."""

    def read(given: str) -> str:
        if len(given) > longest:
            raise Unusable(given[:longest])
        return given

    def write(value: str) -> str | None:
        return value if len(value) <= LONGEST_TEXT else None

    allowed = f"of at most {longest:,} characters"
    return Field(name, title or name, default, allowed, read, write, lambda value: f"its first {len(value):,} are here")


def checked(name: str, default: str, check: Callable[[str], Any], title: str = "") -> Field:
    """Return a field with text for which `check` raises no `SentimentLabError`."""

    def read(given: str) -> str:
        check(given)
        return given

    return Field(name, title or name.replace("_", " "), default, "", read)


def setting(name: str, of: str, default: str = "") -> Field:
    """Return a field with the text of the configuration's field `of`, whose choices and bounds are declared there."""
    # The registry itself, where there is one: what is registered later can be linked to as well.
    if options := registry(field_info(of)) or choices(of):
        # Whether it suits the other settings is seen when all are known.
        return one_of(name, options, default, field_info(of).title.lower())
    return checked(name, default, lambda given: from_fields({of: given}), field_info(of).title.lower())


def identifier(name: str, default: str | None = None, title: str = "", **more: Any) -> Field:
    """Return a field with the id of something that the page looks up."""

    def read(given: str) -> str:
        if not IDENTIFIER.fullmatch(given):
            raise ValueError
        return given

    allowed = "letters, digits, - and _"
    return Field(name, title or name, default, allowed, read, say=lambda value: value or "none", **more)


def several(
    name: str,
    most: int,
    choices: Callable[[], Collection[str]] | None = None,
    default: Sequence[str] | None = (),
    title: str = "",
) -> Field:
    """Return a field with up to `most` of `choices()`, or of any ids, separated by commas; the usable ones are kept."""
    usual = None if default is None else list(default)

    def read(given: str) -> list[str]:
        parts = [part for part in given.split(",") if part]
        known = choices() if choices else [part for part in parts if IDENTIFIER.fullmatch(part)]
        good = [part for part in dict.fromkeys(parts) if part in known][:most]
        if len(good) < len(set(parts)):
            raise Unusable(good or usual)
        return good

    def allowed() -> str:
        return f"among {', '.join(choices())}" if choices else f"up to {most} ids"

    def say(value: Any) -> str:
        return "all" if value is None else ", ".join(value) or "none"

    return Field(name, title or name, usual, allowed, read, ",".join, say)
