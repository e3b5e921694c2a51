"""Terms explained where they stand: a caption, or a help text, with what its terms mean."""

from __future__ import annotations

import streamlit as st

from sentiment_core.glossary import terms_in
from ui.kit.notices import literal


def help_for(text: str) -> str | None:
    """Return what the terms in `text`, plain or escaped, mean, as Markdown for a tooltip; None where there are none."""
    found = terms_in(text.replace("\\", ""))
    return "\n\n".join(f"**{literal(term.name)}**: {literal(term.meaning)}" for term in found) or None


def caption(text: str) -> None:
    """Draw a caption, Markdown, whose terms are explained beside it."""
    st.caption(text, help=help_for(text))
