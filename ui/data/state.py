"""What the Data page shows, in its address: every setting is read, checked and written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from sentiment_core.sources import SOURCES
from ui.kit.uploads import NAME

TABS = {
    "overview": "Overview",
    "coverage": "Coverage",
    "reviews": "Reviews",
    "padding": "Padding",
    "words": "Words",
}
KEPT, WRITTEN = "data:kept", "data:written"
LONGEST_SETTING = 2000


def _one_of(*names: str) -> tuple[Callable[[str], Any], str]:
    return lambda text: {name: name for name in names}[text], f"one of {', '.join(names)}"


def _one_of_names(registry: Mapping[str, Any]) -> tuple[Callable[[str], Any], str]:
    def read(text: str) -> str:
        if text not in registry:
            raise ValueError
        return text

    return read, f"one of {', '.join(registry)}"


def _number(low: int, high: int) -> tuple[Callable[[str], Any], str]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            raise ValueError
        return int(text)

    return read, f"a whole number from {low} to {high:,}"


def _choice_of_numbers(*numbers: int) -> tuple[Callable[[str], Any], str]:
    return lambda text: {str(number): number for number in numbers}[text], f"one of {', '.join(map(str, numbers))}"


def _file(text: str) -> str:
    if text and not NAME.fullmatch(text):
        raise ValueError
    return text


BATCH_SIZES = (16, 32, 64, 128, 256)
FIRST_WORDS = "good great wonderful excellent bad terrible awful boring film movie actor director"
# Default, how to read it from a link, and what is allowed, in words.
FIELDS: dict[str, tuple[Any, tuple[Callable[[str], Any], str]]] = {
    "tab": ("overview", _one_of(*TABS)),
    "source": ("demo", _one_of_names(SOURCES)),
    "file": ("", (_file, "the name of an upload")),
    "tokenizer": ("word", _one_of("word", "whitespace")),
    "embeddings": ("glove-50", _one_of("glove-50", "glove-100")),
    "max_tokens": (400, _number(1, 10_000)),
    "search": ("", (str, "any text")),
    "label": ("all", _one_of("all", "positive", "negative")),
    "part": ("all", _one_of("all", "train", "validation", "test")),
    "page": (1, _number(1, 999_999)),
    "review": (0, _number(0, 999_999)),
    "batch_size": (64, _choice_of_numbers(*BATCH_SIZES)),
    "batch": (1, _number(1, 999_999)),
    "word": ("wonderful", (str, "a word")),
    "words": (FIRST_WORDS, (str, "words")),
}
EVERYWHERE = ("tab", "source", "file", "tokenizer", "embeddings")
OF_TAB = {
    "overview": ("max_tokens",),
    "coverage": (),
    "reviews": ("search", "label", "part", "page", "review", "max_tokens"),
    "padding": ("max_tokens", "batch_size", "batch"),
    "words": ("word", "words"),
}


def adopt_address() -> list[str]:
    """Take over a link that this page did not write itself; return a sentence for each setting that is unusable."""
    state = st.session_state
    query = st.query_params.to_dict()
    if KEPT not in state:
        state[KEPT] = {name: default for name, (default, _) in FIELDS.items()}
        state[WRITTEN] = []
    if not query or query in state[WRITTEN]:
        return []
    problems = []
    for name, (default, (read, allowed)) in FIELDS.items():
        try:
            given = query.get(name)
            value = default if given is None else read(given[:LONGEST_SETTING])
        except (ValueError, KeyError):
            problems.append(f"{name}: allowed is {allowed} (got {query[name][:40]!r}); it is {default or 'empty'} now.")
            value = default
        put(name, value)
    return problems


def value(name: str) -> Any:
    """Return a setting as it stands, from its widget where that is drawn."""
    return st.session_state.get(key(name), st.session_state[KEPT][name])


def key(name: str) -> str:
    """Return the key of a setting's widget."""
    return f"data:{name}"


def field(name: str) -> str:
    """Make ready a setting's widget, which Streamlit forgets while another tab is open, and return its key."""
    if st.session_state.get(key(name)) is None:
        st.session_state[key(name)] = st.session_state[KEPT][name]
    return key(name)


def put(name: str, value: Any) -> None:
    """Set a setting: before its widget is drawn, or in a callback."""
    st.session_state[KEPT][name] = value
    st.session_state.pop(key(name), None)


def first_page() -> None:
    """Go back to the first page of reviews: the filter has changed."""
    put("page", 1)
    put("review", 0)


def write_address() -> None:
    """Write what differs from the defaults and matters on the open tab into the address."""
    state = st.session_state
    for name in FIELDS:
        if state.get(key(name)) is not None:
            state[KEPT][name] = state[key(name)]
    kept = state[KEPT]
    names = EVERYWHERE + OF_TAB[kept["tab"]]
    query = {name: str(kept[name]) for name in names if kept[name] != FIELDS[name][0] or name == "tab"}
    if query not in state[WRITTEN]:
        state[WRITTEN] = [*state[WRITTEN][-50:], query]
    if query != st.query_params.to_dict():
        st.query_params.from_dict(query)
