"""Labs: one question each, with knobs."""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from sentiment_core.errors import SentimentLabError
from ui.kit.components.copy_link import copy_link
from ui.kit.notices import errors_shown, literal, show_error
from ui.labs.registry import LABS, Lab, lab
from ui.pages import pages

ADDRESS = "labs:address"


def main() -> None:
    """Draw the list, or the lab that the address names."""
    tell_browser()
    try:
        chosen = lab(st.query_params["lab"]) if "lab" in st.query_params else None
    except SentimentLabError as error:
        show_error(error)
        st.query_params.clear()
        chosen = None
    if chosen is None:
        overview()
    else:
        draw(chosen)


def tell_browser() -> None:
    """Put a new address into the browser's bar: a link to the page one is on leaves it as it was."""
    query = st.query_params.to_dict()
    if st.session_state.get(ADDRESS) != query:
        st.session_state[ADDRESS] = query
        st.query_params.from_dict(query)


def overview() -> None:
    """Draw all labs, two beside each other."""
    st.title("Labs", anchor=False)
    st.markdown("A lesson changes one thing. A lab turns one knob all the way, and shows what happens on the way.")
    for row in range(0, len(LABS), 2):
        for column, item in zip(st.columns(2, gap="medium"), LABS[row : row + 2], strict=False):
            with column, st.container(border=True, key=f"door-{item.name}", height="stretch"):
                st.page_link(
                    pages()["labs"], label=literal(item.title), icon=item.icon, query_params={"lab": item.name}
                )
                st.markdown(literal(item.summary))


def draw(item: Lab) -> None:
    """Draw one lab below its title."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(literal(item.title), anchor=False, width="content")
        st.space("stretch")
        st.page_link(pages()["labs"], label="All labs", icon=":material/list:")
        copy_link()
    # Imported when drawn: one lab's libraries should not slow the others down.
    import_module(item.module).draw()


with errors_shown():
    main()
