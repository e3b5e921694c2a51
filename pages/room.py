"""Room: the lecturer opens it and sees everybody in it; a student sees what is open, predicts, and finds their runs."""

from __future__ import annotations

import streamlit as st

from ui.addresses import ROOM
from ui.kit.notices import errors_shown, literal
from ui.room import attend, lead
from ui.server.visitor import visitor

with errors_shown():
    for problem in ROOM.adopt() or ():
        st.warning(literal(problem))
    person = visitor()
    if person.room is None:
        lead.draw()
    else:
        attend.draw(person, person.room)
    ROOM.write()
