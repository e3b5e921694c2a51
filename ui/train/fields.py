"""Widgets built from the configuration's own fields: titles, help, choices and ranges are declared there once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any, get_args

import streamlit as st

from sentiment_core.clipping import RULES
from sentiment_core.config import ExperimentConfig, allowed_range, choices, field_info, flatten, matters
from sentiment_core.setting_words import say

DRAFT = "draft"
WIDGET, GENERATION = "field:", "form:generation"

# Useful steps of the +/- buttons; the ranges are the configuration's.
STEPS = {
    "training.weight_decay": 0.001,
    "training.momentum": 0.1,
    "training.weight_averaging": 0.01,
    "data.validation_fraction": 0.05,
    "model.hidden_size": 32,
    "training.batch_size": 32,
}
FREE_FLOATS = {"training.learning_rate", *(rule.field for rule in RULES.values())}


def draft() -> dict[str, Any]:
    """Return the settings being edited, by dotted name; they outlive widgets that are not shown."""
    if DRAFT not in st.session_state:
        st.session_state[DRAFT] = flatten(ExperimentConfig())
    fields: dict[str, Any] = st.session_state[DRAFT]
    return fields


def load_draft(config: ExperimentConfig) -> None:
    """Start editing `config`. Call before its widgets are drawn, or in a callback."""
    st.session_state[DRAFT] = flatten(config)
    st.session_state[GENERATION] = st.session_state.get(GENERATION, 0) + 1


def change(fields: Mapping[str, Any]) -> None:
    """Put other values into settings being edited, and into their widgets. Call in a callback."""
    draft().update(fields)
    st.session_state[GENERATION] = st.session_state.get(GENERATION, 0) + 1


def widget_key(name: str) -> str:
    """Return the key of a widget until something else is loaded into the form.

    A browser keeps what a widget says for as long as its key lives: under the old key, what was loaded would be neither
    seen nor used.
    """
    return f"{name}@{st.session_state.get(GENERATION, 0)}"


def edit(*fields: str) -> None:
    """Draw a widget for each setting that the task has a use for, and keep what it says in the draft."""
    for field in fields:
        if matters(field, draft()["task"]):
            draft()[field] = field_widget(field, draft()[field], widget_key(WIDGET + field))


def field_widget(field: str, value: Any, key: str, label: str | None = None) -> Any:
    """Draw the widget that fits a setting; return what it says, in the setting's type."""
    info = field_info(field)
    label, text = label or info.title, info.description
    options = choices(field)
    if options and _is_sequence(field):
        return tuple(st.multiselect(label, options, list(value), _namer(field), key=key, help=text, max_selections=4))
    if options:
        index = options.index(value) if value in options else 0
        return st.selectbox(label, options, index, _namer(field), key=key, help=text)
    if _is_sequence(field):
        written = st.text_input(label, ", ".join(map(str, value)), key=key, help=text, placeholder="none, or 64, 32")
        return tuple(part.strip() for part in written.split(",") if part.strip())
    if isinstance(value, bool) or info.annotation is bool:
        return st.toggle(label, value, key=key, help=text)
    if _number_type(info.annotation) is not None:
        return _number(field, label, value, key)
    return st.text_input(label, value or "", key=key, help=text) or None


def _number(field: str, label: str, value: Any, key: str) -> Any:
    annotation = field_info(field).annotation
    kind = _number_type(annotation)
    text = f"{field_info(field).description} Allowed: {allowed_range(field)}."
    if field in FREE_FLOATS:
        # Orders of magnitude matter here, so it is typed: 1e-3 is as good as 0.001.
        written = st.text_input(label, f"{value:g}" if isinstance(value, float) else str(value), key=key, help=text)
        return written.strip()
    if NoneType in get_args(annotation):
        # A number widget that starts with a number cannot be emptied again.
        shown = "" if value is None else str(value)
        return st.text_input(label, shown, key=key, help=text, placeholder="none").strip() or None
    # No limits on the widget: it would keep the last good number, and training would use that without a word. The
    # configuration refuses what is out of range and says so.
    if kind is int:
        return st.number_input(label, value=int(value), step=int(STEPS.get(field, 1)), key=key, help=text)
    return st.number_input(label, value=float(value), step=STEPS.get(field, 0.05), format="%g", key=key, help=text)


def _namer(field: str) -> Any:
    return lambda value: say(field, value)


def _is_sequence(field: str) -> bool:
    return isinstance(field_info(field).get_default(call_default_factory=True), tuple)


def _number_type(annotation: Any) -> type | None:
    kinds: Iterable[Any] = {annotation, *get_args(annotation)}
    return int if int in kinds else float if float in kinds else None
