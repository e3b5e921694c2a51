"""The style sheet of the whole app, with the colours that Python decides."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from sentiment_core.colours import style


def sheet(path: Path) -> str:
    """Return the style sheet at `path` behind the colours of meanings and the theme's own as CSS variables."""
    theme = {name: [st.get_option(f"theme.{base}.{option}") for base in ("light", "dark")] for name, option in THEME}
    own = "".join(f" --lab-{name}: light-dark({light}, {dark});" for name, (light, dark) in theme.items())
    return f"{style()} :root {{{own} }}\n{path.read_text(encoding='utf-8')}"


# Streamlit hands its theme to components alone.
THEME = (("primary", "primaryColor"), ("link", "linkColor"))
