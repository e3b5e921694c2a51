"""The address of a page: every field is declared once, and read from links, checked, kept and written here.

What a page shows is in its fields. A widget is drawn with `key(name)` as its key, everything else asks `value(name)`:
Streamlit forgets what a widget says in a run that does not draw it, an `Address` does not.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.kit.address_fields import MOST_QUOTED, Field

# How long a browser that is busy may still name the address that a page has just replaced, and at most, where it is
# seen to by what comes with that name: a click.
LAG_SECONDS = 2.0
LONGEST_LAG_SECONDS = 60.0
SETTINGS = "settings"
# The page of the run before, and of this one.
PAGES = "address:pages"


@dataclass
class _Kept:
    """What a session remembers of an address: values by field, what it said last, what no browser has taken in.

    `shown`: the values as the page drew them last.
    """

    values: dict[str, Any]
    query: dict[str, str] | None = None
    shown: dict[str, Any] | None = None
    unheard: set[str] = field(default_factory=set)


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
        query = current_query(self.page, clicked=kept.shown is not None and kept.values != kept.shown)
        kept.shown = dict(kept.values)
        handed = st.session_state.pop(_handed(self.page), None)
        says_nothing = not (self.own & query.keys() or (self.settings and query))
        if handed is None and kept.query is not None and (query == kept.query or (self.remembers and says_nothing)):
            return None
        values, problems = self.parse(query)
        # A review that did not fit into the address is not lost by going back to it.
        stayed_out = {name: kept.values[name] for name in self.own - query.keys() if self._does_not_fit(name)}
        kept.query = query
        self.put(**{**values, **stayed_out, **(handed or {})})
        kept.shown = dict(kept.values)
        return problems

    def value(self, name: str) -> Any:
        """Return a field as it stands, from its widget where that has been drawn."""
        return st.session_state.get(self._widget(name), self._kept().values[name])

    @property
    def is_changed(self) -> bool:
        """Whether a field is not as it is by default."""
        return any(self.value(item.name) != item.default for item in self.fields)

    def key(self, name: str) -> str:
        """Return the key for a field's widget, which then shows the field; call where the widget is drawn."""
        key, kept = self._widget(name), self._kept()
        if key not in st.session_state:
            kept.unheard.add(name)
            st.session_state[key] = kept.values[name]
        elif name in kept.unheard:
            # Streamlit tells a browser once what a widget is set to. One that draws it only later (clicked before it
            # had, or not opened yet) would answer with what the widget is without it: a text was lost so. One that has
            # drawn it must not be told again: it would take back what is written there meanwhile.
            if _browser_has(key):
                kept.unheard.remove(name)
            else:
                st.session_state[key] = st.session_state[key]
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
        kept.shown = dict(kept.values)

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


def current_query(page: str, clicked: bool = False) -> dict[str, str]:
    """Return what the address of `page` says.

    One that the page has replaced is no link, if that was a moment ago or if something on the page was `clicked` since:
    that was done before the browser heard of the new one, and must not be lost. Going back comes without a click.
    """
    query, now, told = st.query_params.to_dict(), time.monotonic(), st.session_state.get(_told(page))
    replaced: list[tuple[dict[str, str], float]] = st.session_state.get(_replaced(page), [])
    st.session_state[_replaced(page)] = recent = [item for item in replaced if now - item[1] < LONGEST_LAG_SECONDS]
    late = any(left == query and (clicked or now - since < LAG_SECONDS) for left, since in recent)
    if late and told is not None and query != told:
        query = told
        st.query_params.from_dict(query)
    # A link to the page one is on leaves the browser's bar as it was; one to another page is there already.
    if st.session_state.get(PAGES, ("", ""))[0] == page and query != told:
        st.query_params.from_dict(query)
    st.session_state[_told(page)] = query
    return query


def turn_to(page: str) -> dict[str, str]:
    """Note which page is drawn now; return what its address says. For the frame, before it draws it."""
    st.session_state[PAGES] = (st.session_state.get(PAGES, ("", ""))[1], page)
    return st.query_params.to_dict()


def replace_query(page: str, query: dict[str, str]) -> None:
    """Make the address of `page` say `query`, and remember for a moment what it said."""
    before = st.query_params.to_dict()
    if query != before:
        replaced = st.session_state.get(_replaced(page), [])
        st.session_state[_replaced(page)] = [*replaced, (before, time.monotonic())]
        st.query_params.from_dict(query)
        st.session_state[_told(page)] = query


def _browser_has(key: str) -> bool:
    """Whether the browser said in this run what the widget under `key` is. Call before it is drawn."""
    context = get_script_run_ctx()
    said = context.session_state.get_widget_states() if context else ()
    # Streamlit's name for a widget is "$$ID-HASH-KEY".
    return any(state.id.split("-", 2)[-1] == key for state in said)


def _replaced(page: str) -> str:
    return f"address:replaced:{page}"


def _told(page: str) -> str:
    return f"address:told:{page}"


def _handed(page: str) -> str:
    return f"address:handed:{page}"
