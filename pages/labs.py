"""Labs: one question each, with knobs."""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from sentiment_core.errors import NotFoundError, SentimentLabError, StoreUnavailableError
from ui.addresses import ALL_LABS, LAB, to_lab
from ui.kit.address import current_query, replace_query
from ui.kit.components.copy_link import copy_link
from ui.kit.notices import errors_shown, literal, show_error
from ui.kit.toolbar import toolbar
from ui.labs.registry import LABS, Lab, lab

BESIDE = 3


def main() -> None:
    """Draw the list, or the lab that the address names."""
    named = current_query("labs").get(LAB.name)
    if named is not None:
        try:
            return draw(lab(named))
        except NotFoundError as error:
            show_error(error)
            replace_query("labs", {})
    for problem in ALL_LABS.adopt() or ():
        st.warning(literal(problem))
    overview()
    ALL_LABS.write()


def overview() -> None:
    """Draw all labs by what they are about, a few beside each other."""
    st.title("Labs", anchor=False)
    st.markdown("A lesson changes one thing. A lab turns one knob all the way, and shows what happens on the way.")
    for kind in dict.fromkeys(item.kind for item in LABS):
        st.markdown(f"## {literal(kind)}")
        of_kind = [item for item in LABS if item.kind == kind]
        for row in range(0, len(of_kind), BESIDE):
            for column, item in zip(st.columns(BESIDE, gap="medium"), of_kind[row : row + BESIDE], strict=False):
                with column, st.container(border=True, key=f"door-{item.name}", height="stretch"):
                    to_lab(item.name).draw(f"**{literal(item.title)}**", icon=item.icon)
                    st.markdown(literal(item.summary))


def draw(item: Lab) -> None:
    """Draw one lab below its title."""
    with toolbar(item.title):
        to_lab().draw("All labs", icon=":material/list:")
        copy_link()
    # Imported when drawn: one lab's libraries should not slow the others down.
    module = import_module(item.module)
    for problem in module.ADDRESS.adopt() or ():
        st.warning(literal(problem))
    try:
        module.draw()
    except StoreUnavailableError:
        # What the address names is there again once the store is back.
        raise
    except SentimentLabError as error:
        show_error(error)
    module.ADDRESS.write()


with errors_shown():
    main()
