"""The pages there are, for the navigation and for links between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from sentiment_core.classroom.settings import class_settings

_FOLDER = Path(__file__).resolve().parent.parent / "pages"


def pages() -> dict[str, Any]:
    """Return the pages by name, home first. They belong to a script run, so they are made anew for each.

    Only a class has a room.
    """
    found = {
        "home": st.Page(_FOLDER / "home.py", title="Home", icon=":material/home:", default=True),
        "train": st.Page(_FOLDER / "train.py", title="Train", icon=":material/show_chart:", url_path="train"),
        "lessons": st.Page(_FOLDER / "lessons.py", title="Lessons", icon=":material/school:", url_path="lessons"),
        "runs": st.Page(_FOLDER / "runs.py", title="Runs", icon=":material/table_rows:", url_path="runs"),
        "explain": st.Page(_FOLDER / "explain.py", title="Explain", icon=":material/highlight:", url_path="explain"),
        "data": st.Page(_FOLDER / "data.py", title="Data", icon=":material/database:", url_path="data"),
        "labs": st.Page(_FOLDER / "labs.py", title="Labs", icon=":material/science:", url_path="labs"),
    }
    if class_settings() is not None:
        found["room"] = st.Page(_FOLDER / "room.py", title="Room", icon=":material/groups:", url_path="room")
    return found
