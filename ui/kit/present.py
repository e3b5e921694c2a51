"""Present mode: for the lecture hall, a page that shows only what one looks at, in large letters, led by keys."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui.kit.address import Address

# Letters half as large again, no navigation; what is measured in rem grows with them.
LARGE = """<style>
:root { font-size: 24px; }
[data-testid="stHeader"], .sl-replay, .sl-smoothing, .sl-facts { display: none; }
.stMainBlockContainer { padding: 1rem 1.5rem; max-width: none; }
.stMainBlockContainer [data-testid="stVerticalBlock"] { gap: 0.6rem; }
@media (max-width: 760px) { :root { font-size: 18px; } }
</style>"""
PLOT_HEIGHT = 450


def is_presented(address: Address) -> bool:
    """Return whether the address asks for present mode."""
    return address.value("present") is not None


def present_button(address: Address) -> None:
    """Draw the way into present mode."""
    st.button(
        "Present",
        icon=":material/present_to_all:",
        on_click=address.put,
        kwargs={"present": "1"},
        help="Large letters, only the plot and what it says. Arrow keys go on and back, Esc leaves.",
    )


def present_bar(
    address: Address, title: str, back: Callable[[], None] | None = None, on: Callable[[], None] | None = None
) -> None:
    """Draw the large letters, the title, and the ways back, on and out, each with its key."""
    st.html(LARGE)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(title, anchor=False, width="content")
        st.space("stretch")
        for label, key, way in (("Back", "Left", back), ("Next", "Right", on)):
            name = f"{address.prefix}:present:{label}"
            st.button(label, key=name, shortcut=key, on_click=way, disabled=way is None, type="tertiary")
        leave = f"{address.prefix}:present:leave"
        st.button("Leave", key=leave, shortcut="Esc", on_click=address.put, kwargs={"present": None}, type="tertiary")
