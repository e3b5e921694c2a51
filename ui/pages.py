"""The pages there are, for the navigation and for links between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from sentiment_core.classroom.settings import class_settings

_FOLDER = Path(__file__).resolve().parent.parent / "pages"


_NAMED = {
    "home": ("Home", "home"),
    "train": ("Train", "show_chart"),
    "lessons": ("Lessons", "school"),
    "runs": ("Runs", "table_rows"),
    "explain": ("Explain", "highlight"),
    "data": ("Data", "database"),
    "labs": ("Labs", "science"),
    "room": ("Room", "groups"),
}


def page(name: str) -> Any:
    """Return the page of a name. It belongs to a script run, so it is made anew for each."""
    title, icon = _NAMED[name]
    home = name == "home"
    path = _FOLDER / f"{name}.py"
    return st.Page(path, title=title, icon=f":material/{icon}:", default=home, url_path=None if home else name)


def pages() -> dict[str, Any]:
    """Return the pages by name, home first. Only a class has a room."""
    return {name: page(name) for name in _NAMED if name != "room" or class_settings() is not None}
