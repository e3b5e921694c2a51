"""The exercise sheet on a page: its rows with their places in the app, its questions, its outside sources."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from sentiment_core.lessons import QUESTIONS, Place, Question, question
from sentiment_core.lessons.sheet import PARTS, Row, named
from sentiment_core.lessons.sources import SOURCES, Reference
from ui.addresses import LESSON, to_lesson, to_place, to_sheet
from ui.kit.components.copy_link import copy_link
from ui.kit.notices import as_list, literal
from ui.kit.toolbar import toolbar
from ui.lessons.outside import source_line

TITLE = "The exercise sheet"
LONGEST_ANSWER = 4000
ANSWERS, COMPARED = "lessons:sheet:answers", "lessons:sheet:compared:"


def entry() -> None:
    """Draw the way to the sheet, for the list of lessons."""
    with st.container(border=True, key="door-sheet", gap=None):
        to_sheet().draw(f"**{TITLE}**", icon=":material/map:")
        st.caption(
            "Every question and cell of the week's sheet, and where it is met here: theory, tensors, the loop, "
            "clipping, attention."
        )


def draw() -> None:
    """Draw the whole sheet, or the question that the address names."""
    name = LESSON.value("question")
    with toolbar(TITLE if name is None else f"{_numbered(name)} · {question(name).title}"):
        if name is None:
            to_lesson().draw("All lessons", icon=":material/list:")
        else:
            _neighbours(name)
            to_sheet().draw("The whole sheet", icon=":material/map:")
        copy_link()
    if name is None:
        _map()
    else:
        _asked(question(name))


def _map() -> None:
    st.markdown(
        "Work through the sheet from top to bottom. Each row says what it does or asks; the links beside it open the "
        "app where that is met."
    )
    _heading("Theory: answer first, then look, then compare")
    half = -(-len(QUESTIONS) // 2)
    for column, part in zip(st.columns(2, gap="large"), (QUESTIONS[:half], QUESTIONS[half:]), strict=True):
        with column:
            for item in part:
                with st.container(gap=None):
                    title = literal(f"{_numbered(item.name)} · {item.title}")
                    to_sheet(item.name).draw(f"**{title}**", icon=":material/help:")
                    st.caption(literal(item.asks))
    for group in PARTS:
        _heading(group.title)
        for row in group.rows:
            _row(row)
    _heading("Outside sources")
    st.markdown(_listed(SOURCES.values()))


def _listed(sources: Iterable[Reference]) -> str:
    return "\n".join(f"- {source_line(source)}" for source in sources)


def _heading(title: str) -> None:
    st.markdown(f"### {literal(title)}")


def _row(row: Row) -> None:
    left, right = st.columns([1, 1.05], gap="medium", vertical_alignment="center")
    with left:
        called = named(row)
        cells = f":gray-badge[{literal(called)}] " if called else ""
        read = ", ".join(_short(SOURCES[name]) for name in row.sources)
        st.markdown(f"{cells}{literal(row.asks)}{f' :gray[Outside: {read}.]' if read else ''}")
    with right, st.container(horizontal=True, gap="small"):
        _links(row.places)


def _short(source: Reference) -> str:
    name = literal(source.title.split(":")[0] if not source.title.startswith("PyTorch") else source.title[9:])
    return f"[{name}]({source.url})" if source.url else name


def _links(places: Iterable[Place]) -> None:
    for place in places:
        to_place(place).draw(literal(place.label), icon=ICONS[place.page], width="content")


ICONS = {
    "home": ":material/home:",
    "data": ":material/database:",
    "labs": ":material/science:",
    "lessons": ":material/school:",
    "train": ":material/show_chart:",
}


def _neighbours(name: str) -> None:
    names = [item.name for item in QUESTIONS]
    place = names.index(name)
    if place:
        to_sheet(names[place - 1]).draw("Previous", icon=":material/arrow_back:")
    if place + 1 < len(names):
        to_sheet(names[place + 1]).draw("Next", icon=":material/arrow_forward:", icon_position="right")


def _asked(item: Question) -> None:
    """Draw a question: one's own answer first, then where to look, then the model answer beside one's own."""
    st.markdown(f"**{literal(item.asks)}**")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**1. Answer first**")
        # Streamlit forgets what a widget says while another page is drawn; looking is on another page.
        answers, key = st.session_state.setdefault(ANSWERS, {}), f"lessons:sheet:answer:{item.name}"
        if key not in st.session_state:
            st.session_state[key] = answers.get(item.name, "")
        written = answers[item.name] = st.text_area(
            "Your answer",
            key=key,
            height=190,
            max_chars=LONGEST_ANSWER,
            label_visibility="collapsed",
            placeholder="In your own words. It is kept in this session only and gone when you close the tab.",
        )
        st.markdown("**2. Look**")
        st.markdown(literal(item.look))
        with st.container(horizontal=True, gap="small"):
            _links(item.places)
        st.markdown(_listed(SOURCES[name] for name in item.sources))
    with right:
        st.markdown("**3. Compare**")
        compared = COMPARED + item.name
        if not st.session_state.get(compared):
            st.button(
                "Show a model answer",
                icon=":material/visibility:",
                disabled=not written.strip(),
                help=None if written.strip() else "Write something first: what one has only read one thinks one knew.",
                on_click=_compare,
                args=(compared,),
            )
            return
        st.markdown(as_list(item.points))
        st.caption("Which of these points does your answer have? What does it have that is not here?")


def _compare(key: str) -> None:
    st.session_state[key] = True


def _numbered(name: str) -> str:
    return f"{name[0]} {name[1:]}"
