"""Fill the blank: pieces of code to choose from; what is assembled runs beside the core's own."""

from __future__ import annotations

import streamlit as st

from sentiment_core.inside.walks.blanks import EXERCISES, Exercise, check, hints
from sentiment_core.lessons import excerpt
from ui.addresses import to_lab, to_lesson
from ui.kit.address_fields import whole
from ui.kit.choice import choice
from ui.kit.notices import literal
from ui.labs.inside.settings import Setting, Settings, one_of
from ui.labs.walks.sheet import cells

PLACES = ("first", "second", "third", "fourth", "fifth")
SIGNS = "①②③④⑤"
MOST_OPTIONS = max(len(blank.options) for exercise in EXERCISES.values() for blank in exercise.blanks)
SETTINGS = Settings(
    "blanks",
    one_of("exercise", "gather", list(EXERCISES)),
    *(Setting(whole(place, 0, MOST_OPTIONS - 1, 0, f"{place} choice")) for place in PLACES),
)
ADDRESS = SETTINGS.address
MORE = {
    "gather": (to_lab("tensors", walk="last-state"), "The same in the tensor stepper"),
    "masking": (to_lab("tensors", walk="attention"), "The same in the tensor stepper"),
    "clip-norm": (to_lesson("clip-norm"), "What it does in training"),
    "clip-value": (to_lesson("clip-value"), "What it does in training"),
}


def draw() -> None:
    """Draw the lab."""
    titles = {name: exercise.title for name, exercise in EXERCISES.items()}
    exercise = EXERCISES[choice(ADDRESS, "exercise", "Exercise", titles, on_change=_begin)]
    st.markdown(f"**{literal(exercise.task)}** :gray[{cells(exercise.cells)} of the sheet.]")
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        st.code(exercise.code.format(*SIGNS), language=None, wrap_lines=True)
        chosen = [_choice(exercise, number) for number in range(len(exercise.blanks))]
    with right:
        st.code(exercise.assembled(chosen), language="python", wrap_lines=True)
        _verdict(exercise, chosen)
        link, label = MORE[exercise.name]
        link.draw(label, icon=":material/arrow_forward:")


def _choice(exercise: Exercise, number: int) -> int:
    """Draw the choice for one blank; a link may name more than there is."""
    options = exercise.blanks[number].options
    place = PLACES[number]
    if SETTINGS[place] >= len(options):
        ADDRESS.put(**{place: 0})
    st.selectbox(
        f"Blank {SIGNS[number]}",
        range(len(options)),
        key=ADDRESS.key(place),
        format_func=lambda index: options[index].strip() or "nothing",
    )
    return int(SETTINGS[place])


def _verdict(exercise: Exercise, chosen: list[int]) -> None:
    outcomes = check(exercise, chosen)
    solved = all(outcome.right for outcome in outcomes)
    lines = [
        f"- {':material/check:' if outcome.right else ':material/close:'} "
        f"{literal(outcome.case.capitalize())}: {literal(outcome.says)}"
        for outcome in outcomes
    ]
    st.markdown("\n".join(["**Right.**" if solved else "**It has been run. Not yet:**", *lines]))
    if solved:
        with st.expander("The program's own code", icon=":material/code:", expanded=True):
            for reference in exercise.reference:
                found = excerpt(reference)
                st.caption(literal(f"{found.path}, line {found.line}"))
                st.code(found.text, language="python", wrap_lines=True)
        return
    with st.expander("A hint", icon=":material/lightbulb:"):
        st.markdown(literal(hints(exercise, chosen)[0]))


def _begin() -> None:
    ADDRESS.put(**dict.fromkeys(PLACES, 0))
