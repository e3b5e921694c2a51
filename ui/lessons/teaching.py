"""The lecturer's guide on a page: plans whose every step opens the app in the right state."""

from __future__ import annotations

import streamlit as st

from sentiment_core.lessons.plans import PLANS
from ui.addresses import to_lesson, to_place
from ui.kit.components.copy_link import copy_link
from ui.kit.notices import literal
from ui.kit.toolbar import toolbar


def draw() -> None:
    """Draw all plans."""
    with toolbar("For lecturers"):
        to_lesson().draw("All lessons", icon=":material/list:")
        copy_link()
    for tab, plan in zip(st.tabs([f"{plan.title} ({plan.minutes} min)" for plan in PLANS]), PLANS, strict=True):
        with tab:
            for step in plan.steps:
                left, right = st.columns([1, 2.6], gap="medium")
                with left:
                    to_place(step.place).draw(f"**{literal(step.place.label)}**", icon=":material/arrow_forward:")
                    st.caption(f"{step.minutes} minutes")
                right.markdown(f"**Ask.** {literal(step.ask)}\n\n**Expect.** {literal(step.expect)}")
