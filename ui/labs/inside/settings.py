"""A lab's settings in its address: each is read, checked, drawn and written here, and outlives its widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from sentiment_core.errors import ConfigError
from ui.kit.notices import show_error


@dataclass(frozen=True)
class Setting:
    """One setting: its default, how a link's text is read (raising for a bad one), what is allowed, in words.

    `options` are what a choice offers, the two ends what a slider reaches.
    """

    default: Any
    read: Callable[[str], Any]
    allowed: str
    options: Sequence[Any] = ()


def one_of(default: Any, options: Sequence[Any]) -> Setting:
    """Return a setting that is one of `options`, which a link writes as `written` does."""
    known = {written(option): option for option in options}
    return Setting(default, known.__getitem__, f"one of {', '.join(known)}", options)


def number(default: float, low: float, high: float) -> Setting:
    """Return a setting that is a number from `low` to `high`; it is whole where the default is."""

    def read(text: str) -> float:
        value = float(text) if len(text) < 12 else float("nan")
        if not low <= value <= high:
            raise ValueError
        return round(value) if isinstance(default, int) else value

    return Setting(default, read, f"a number from {low:g} to {high:g}", (low, high))


def written(value: Any) -> str:
    """Return a setting as a link has it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class Settings:
    """What a lab called `lab` shows, from its address and its widgets; unusable settings are said and replaced."""

    def __init__(self, lab: str, fields: Mapping[str, Setting]) -> None:
        self.lab, self.fields = lab, fields
        state = st.session_state
        self._kept, self._seen = f"lab:{lab}:kept", f"lab:{lab}:seen"
        query = st.query_params.to_dict()
        if self._kept not in state:
            state[self._kept] = {name: field.default for name, field in fields.items()}
        if query != state.get(self._seen, {"lab": lab}):
            self._adopt(query)
        for name in fields:
            if state.get(self.key(name)) is not None:
                state[self._kept][name] = state[self.key(name)]

    def _adopt(self, query: Mapping[str, str]) -> None:
        for name, field in self.fields.items():
            value = field.default
            if name in query:
                try:
                    value = field.read(query[name])
                except (KeyError, ValueError):
                    show_error(
                        ConfigError(
                            f"{name}: choose {field.allowed} (got {query[name][:40]!r}); it is {written(value)} now"
                        )
                    )
            self.put(name, value)

    def __getitem__(self, name: str) -> Any:
        return st.session_state[self._kept][name]

    def key(self, name: str) -> str:
        """Return the key of a setting's widget."""
        return f"lab:{self.lab}:{name}"

    def widget(self, name: str) -> str:
        """Make a setting's widget show what is set, and return its key: Streamlit forgets widgets not drawn."""
        if st.session_state.get(self.key(name)) is None:
            st.session_state[self.key(name)] = self[name]
        return self.key(name)

    def choice(
        self, name: str, label: str, say: Callable[[Any], str] = written, *, pills: bool = False, hidden: bool = False
    ) -> Any:
        """Draw one of a setting's options, side by side or as `pills` that wrap, and return the chosen one."""
        draw = st.pills if pills else st.segmented_control
        draw(
            label,
            self.fields[name].options,
            key=self.widget(name),
            format_func=say,
            label_visibility="collapsed" if hidden else "visible",
            required=True,
        )
        return self[name]

    def slider(self, name: str, label: str, step: float, form: str | None = None) -> Any:
        """Draw a setting's range as a slider and return where it stands."""
        low, high = self.fields[name].options
        st.slider(label, low, high, step=step, key=self.widget(name), format=form)
        return self[name]

    def stops(self, name: str, label: str, say: Callable[[Any], str] = written) -> Any:
        """Draw a setting's ordered options as a slider and return the chosen one."""
        st.select_slider(label, self.fields[name].options, key=self.widget(name), format_func=say)
        return self[name]

    def switch(self, name: str, label: str) -> bool:
        """Draw a setting that is on or off and return it."""
        st.toggle(label, key=self.widget(name))
        return bool(self[name])

    def put(self, name: str, value: Any) -> None:
        """Set a setting, before its widget is drawn."""
        st.session_state[self._kept][name] = value
        st.session_state.pop(self.key(name), None)

    def write(self) -> None:
        """Put what differs from the defaults into the address."""
        changed = {name: self[name] for name, field in self.fields.items() if self[name] != field.default}
        query = {"lab": self.lab, **{name: written(value) for name, value in changed.items()}}
        st.session_state[self._seen] = query
        if query != st.query_params.to_dict():
            st.query_params.from_dict(query)
