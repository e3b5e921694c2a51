"""The glossary on a page: all terms that pages explain where they stand."""

from __future__ import annotations

import streamlit as st

from sentiment_core.glossary import TERMS
from ui.addresses import to_lesson
from ui.kit.components.copy_link import copy_link
from ui.kit.notices import literal
from ui.kit.toolbar import toolbar


def draw() -> None:
    """Draw all terms in their order, two columns of them."""
    with toolbar("Glossary"):
        to_lesson().draw("All lessons", icon=":material/list:")
        copy_link()
    st.caption("The question mark beside a sentence explains its terms there, in these words.")
    half = -(-len(TERMS) // 2)
    for column, part in zip(st.columns(2, gap="large"), (TERMS[:half], TERMS[half:]), strict=True):
        column.markdown("\n\n".join(f"**{literal(term.name)}**: {literal(term.meaning)}" for term in part))
