"""The address of a page: every field is declared once, and read from links, checked, kept and written here.

What a page shows is in its fields. A widget is drawn with `key(name)` as its key, everything else asks `value(name)`:
Streamlit forgets what a widget says in a run that does not draw it, an `Address` does not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from sentiment_core.config import field_info, from_fields
from sentiment_core.errors import SentimentLabError

# A longer text does not fit into an address: it stays out, and is handed over within the session.
LONGEST_TEXT = 1500
# How long a browser that is busy may still name the address that a page has just replaced.
LAG_SECONDS = 2.0
MOST_QUOTED = 40
SETTINGS = "settings"
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


def whole(name: str, low: int, high: int, default: int, title: str = "", **more: Any) -> Field:
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
    """Return a field with the text of the configuration's field `of`, whose bounds are declared there."""
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

    return Field(name, title or name, usual, allowed, read, ",".join, lambda value: ", ".join(value or ()) or "all")


@dataclass
class _Kept:
    """What a session remembers of an address: values by field, what the address said last, what it said before."""

    values: dict[str, Any]
    query: dict[str, str] | None = None


@dataclass(frozen=True)
class Address:
    """What `page`, or the part of it that `part` names, shows; `prefix` begins the keys of its widgets.

    `settings`: parameters that are no field are settings of an experiment, handed on as text: the core declares and
    checks those. `remembers`: an address that says nothing brings back what was shown before, not the defaults.
    """

    page: str
    prefix: str
    fields: tuple[Field, ...]
    part: Mapping[str, str] = field(default_factory=dict)
    settings: bool = False
    remembers: bool = True

    def parse(self, query: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
        """Return the value of every field that a link gives, and a sentence for each thing in it that is unusable."""
        values, problems = self._defaults(), []
        for item in self.fields:
            if item.name in query:
                values[item.name], problem = item.parse(query[item.name])
                problems += [problem] if problem else []
        rest = {name: given for name, given in query.items() if name not in self.names}
        if self.settings:
            values[SETTINGS] = rest
        elif rest:
            listed = ", ".join(name[:MOST_QUOTED] for name in list(rest)[:5])
            problems.append(f"This page knows nothing of that name in its address, and leaves it out: {listed}.")
        return values, problems

    def query(self, **values: Any) -> dict[str, str]:
        """Return the parameters that say `values`; raise `KeyError` for a field that there is not."""
        found = dict(self.part)
        known = {item.name: item for item in self.fields}
        for name, value in values.items():
            if name == SETTINGS and self.settings:
                found |= value
            elif (written := known[name].written(value)) is not None:
                found[name] = written
        return found

    def adopt(self) -> list[str] | None:
        """Take over a link, or what was handed over; return a sentence for each thing in it that is unusable.

        None where the address says what it said before. Call before any widget of the page is drawn.
        """
        kept = self._kept()
        self._collect()
        query = current_query(self.page)
        handed = st.session_state.pop(_handed(self.page), None)
        says_nothing = not (self.own & query.keys() or (self.settings and query))
        if handed is None and kept.query is not None and (query == kept.query or (self.remembers and says_nothing)):
            return None
        values, problems = self.parse(query)
        # A review that did not fit into the address is not lost by going back to it.
        stayed_out = {name: kept.values[name] for name in self.own - query.keys() if self._does_not_fit(name)}
        kept.query = query
        self.put(**{**values, **stayed_out, **(handed or {})})
        return problems

    def value(self, name: str) -> Any:
        """Return a field as it stands, from its widget where that has been drawn."""
        return st.session_state.get(self._widget(name), self._kept().values[name])

    def key(self, name: str) -> str:
        """Return the key for a field's widget, which then shows the field; call where the widget is drawn."""
        key = self._widget(name)
        if key not in st.session_state:
            st.session_state[key] = self._kept().values[name]
        return key

    def put(self, **values: Any) -> None:
        """Set fields: before their widgets are drawn, or in a callback."""
        for name, value in values.items():
            self._kept().values[name] = value
            if self._widget(name) in st.session_state:
                del st.session_state[self._widget(name)]

    def write(self, *names: str) -> None:
        """Put fields into the address of the page, all without `names`. Call when everything has been drawn."""
        kept = self._kept()
        self._collect()
        query = self.query(**{name: kept.values[name] for name in names or kept.values})
        replace_query(self.page, query)
        kept.query = query

    def forget(self) -> None:
        """Forget that the link has been read: it is read again on the next run."""
        self._kept().query = None

    @property
    def names(self) -> set[str]:
        """Return what an address may say here."""
        return self.own | set(self.part)

    @property
    def own(self) -> set[str]:
        """Return the names of the fields."""
        return {item.name for item in self.fields}

    def _defaults(self) -> dict[str, Any]:
        return {item.name: item.default for item in self.fields} | ({SETTINGS: {}} if self.settings else {})

    def _kept(self) -> _Kept:
        kept: _Kept = st.session_state.setdefault(f"address:{self.prefix}", _Kept(self._defaults()))
        return kept

    def _collect(self) -> None:
        for name in self.own:
            if self._widget(name) in st.session_state:
                self._kept().values[name] = st.session_state[self._widget(name)]

    def _does_not_fit(self, name: str) -> bool:
        value = self._kept().values[name]
        return value is not None and next(item for item in self.fields if item.name == name).write(value) is None

    def _widget(self, name: str) -> str:
        return f"{self.prefix}:{name}"


def hand_over(page: str, **values: Any) -> None:
    """Give fields of a page that do not fit into its address to the next run that opens it in this session."""
    st.session_state[_handed(page)] = values


def current_query(page: str) -> dict[str, str]:
    """Return what the address of `page` says.

    One that the page has replaced a moment ago is no link: somebody clicked before the browser heard of the new one,
    and must not lose that click.
    """
    query, now = st.query_params.to_dict(), time.monotonic()
    replaced: list[tuple[dict[str, str], dict[str, str], float]] = st.session_state.get(_replaced(page), [])
    st.session_state[_replaced(page)] = recent = [item for item in replaced if now - item[2] < LAG_SECONDS]
    if any(left == query for left, _, _ in recent) and recent[-1][1] != query:
        query = recent[-1][1]
    if query != st.session_state.get(_told(page)):
        # A link to the page one is on leaves the browser's bar as it was.
        _tell(page, query)
    return query


def replace_query(page: str, query: dict[str, str]) -> None:
    """Make the address of `page` say `query`, and remember for a moment what it said."""
    before = st.query_params.to_dict()
    if query != before:
        replaced = st.session_state.get(_replaced(page), [])
        st.session_state[_replaced(page)] = [*replaced, (before, query, time.monotonic())]
        _tell(page, query)


def _tell(page: str, query: dict[str, str]) -> None:
    st.query_params.from_dict(query)
    st.session_state[_told(page)] = query


def _replaced(page: str) -> str:
    return f"address:replaced:{page}"


def _told(page: str) -> str:
    return f"address:told:{page}"


def _handed(page: str) -> str:
    return f"address:handed:{page}"
