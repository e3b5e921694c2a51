"""The tensor stepper: the sheet's tensor cells, one line of real code at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from sentiment_core.artifacts import home, place
from sentiment_core.datasets import load_reviews
from sentiment_core.embeddings import load_saved
from sentiment_core.inside.walks.attention import ATTENTION, attention_scope
from sentiment_core.inside.walks.last_state import LAST_STATE, last_state_scope
from sentiment_core.inside.walks.program import Taken, Walk, difference, shape_of, take
from sentiment_core.inside.walks.reviews import BATCHES, WORDS, scope_of
from sentiment_core.inside.walks.shapes import judge
from ui.addresses import to_lab
from ui.kit.address_fields import several, whole
from ui.kit.choice import choice
from ui.kit.components.walk import CodeLine, program, tensors
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.terms import caption
from ui.labs.inside import reviews
from ui.labs.inside.settings import Setting, Settings, one_of
from ui.labs.walks import pictures
from ui.labs.walks.sheet import cells

WALKS: Mapping[str, Walk] = {walk.name: walk for walk in (WORDS, BATCHES, LAST_STATE, ATTENTION)}
OF_REVIEWS = (WORDS.name, BATCHES.name)
EXERCISES = {LAST_STATE.name: ("gather", "gather"), ATTENTION.name: ("masking", "the mask")}
MOST_STEPS = max(len(walk.steps) for walk in WALKS.values())
VARIANTS = {name: variant for walk in WALKS.values() for name, variant in walk.wrong.items()}
SETTINGS = Settings(
    "tensors",
    one_of("walk", WORDS.name, list(WALKS)),
    Setting(whole("step", 0, MOST_STEPS, 0)),
    Setting(several("wrong", len(VARIANTS), lambda: list(VARIANTS), title="list of wrong versions")),
    *reviews.SETTINGS,
)
ADDRESS = SETTINGS.address
SHOWN = "lab:tensors:shown"
HINT = "Point at a number, or use the arrow keys, to see what it was computed from."


def draw() -> None:
    """Draw the lab."""
    with st.container(horizontal=True, vertical_alignment="center"):
        titles = {name: walk.title for name, walk in WALKS.items()}
        walk = WALKS[choice(ADDRESS, "walk", "Walk", titles, on_change=_begin)]
        st.space("stretch")
        source: tuple[str, str | None] | None = ("demo", None)
        if walk.name in OF_REVIEWS:
            source = reviews.choose(SETTINGS)
    if source is not None:
        step_through(walk, *source)


def step_through(walk: Walk, source: str, path: str | None) -> None:
    """Draw the program beside what its present line does."""
    chosen = tuple(name for name in SETTINGS["wrong"] if name in walk.wrong)
    right = _taken(str(home()), walk.name, source, path, ())
    taken = _taken(str(home()), walk.name, source, path, chosen)
    number = min(SETTINGS["step"], len(taken))
    ADDRESS.put(step=number)
    left, beside = st.columns([1, 1.25], gap="large")
    line = taken[number - 1] if number else None
    with left:
        _buttons(number, len(walk.steps), last=len(taken))
        shown = line is not None and _predicted(walk, line, right[number - 1], number)
        picked = program(_lines(walk, number, chosen), key=f"lab:tensors:program:{walk.name}")
        if picked is not None and min(picked + 1, len(taken)) != number:
            ADDRESS.put(step=min(picked + 1, len(taken)))
            st.rerun()
        if line is not None:
            _wrong_versions(walk, line, chosen)
            if number == len(walk.steps) and walk.name in EXERCISES:
                exercise, what = EXERCISES[walk.name]
                to_lab("blanks", exercise=exercise).draw(f"Now write {what} yourself", icon=":material/edit:")
    with beside:
        if line is None:
            _given(walk, taken[0].before, source)
        else:
            _line(walk, line, right[number - 1], number, chosen, shown)


def _buttons(number: int, count: int, last: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Back", icon=":material/arrow_back:", disabled=number == 0, on_click=_go, args=(number - 1,))
        st.button(
            "Next line",
            icon=":material/arrow_forward:",
            icon_position="right",
            type="primary",
            disabled=number == last,
            on_click=_go,
            args=(number + 1,),
        )
        st.caption(f"Line {number} of {count}" if number else f"{count} lines", width="content")


def _lines(walk: Walk, number: int, chosen: tuple[str, ...]) -> list[CodeLine]:
    lines = []
    for at, step in enumerate(walk.steps, start=1):
        variant = step.variant(chosen)
        state = "now" if at == number else "past" if at < number else "later"
        lines.append(CodeLine(variant.code if variant else step.code, state, wrong=variant is not None))
    return lines


def _given(walk: Walk, scope: Mapping[str, Any], source: str) -> None:
    st.markdown(f"**{literal(walk.about)}** {cells(walk.cells)} of the sheet.")
    values = {name: scope[name] for name in walk.given}
    tensors([pictures.group("What there is to begin with", values)], hint="", key=f"lab:tensors:given:{walk.name}")
    if walk.name in OF_REVIEWS:
        size = scope["glove"]["the"].shape[0] if "the" in scope["glove"] else 0
        own = (
            "Demo reviews, written by this program; a file of your own is behind the button. "
            if source == "demo"
            else ""
        )
        caption(f"{own}Word vectors: GloVe with {size} components; the sheet's have 100.")


def _predicted(walk: Walk, taken: Taken, right: Taken, number: int) -> bool:
    """Draw the field for the shape, and how good the guess was; return whether the result may be seen."""
    key = f"{walk.name}:{number}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        said = st.text_input(
            f"Predict first: the shape of `{taken.step.makes[0]}`",
            key=f"lab:tensors:predict:{key}",
            placeholder="sizes such as 7, 3; [] for one number",
            max_chars=60,
            width=300,
        )
        shown = bool(said) or key in st.session_state.setdefault(SHOWN, set())
        if not shown:
            st.button("Show it", icon=":material/visibility:", on_click=_show, args=(key,))
    if said and not taken.error:
        _judged(said, taken, right)
    return shown


def _line(walk: Walk, taken: Taken, right: Taken, number: int, chosen: tuple[str, ...], shown: bool) -> None:
    """Draw what a line is about, what it reads and, once it may be seen, what it makes."""
    step, variant = taken.step, taken.step.variant(chosen)
    st.markdown(f"{literal(variant.says if variant else step.says)} :gray[{cells(step.cells)}.]")
    if shown and chosen and not taken.error:
        asked = step.makes[0]
        st.markdown(f"**Beside the right program: {literal(difference(right.made[asked], taken.made[asked]))}**")
    if shown and taken.error:
        st.warning(f"The program stops here. {literal(taken.error)}", icon=":material/error:")
    groups = [pictures.group("Before", {name: taken.before[name] for name in step.reads}, known=_known(taken))]
    reads = {}
    if shown and not taken.error:
        reads = pictures.reads_of(taken)
        groups.append(pictures.group("After", taken.made, result=True, known=_known(taken), reads=reads))
    tensors(groups, hint=HINT if reads else "", key=f"lab:tensors:values:{walk.name}:{number}")


def _judged(said: str, taken: Taken, right: Taken) -> None:
    step = taken.step
    shape = shape_of(taken.made[step.makes[0]])
    # A wrong version's axes are others: only their number can be spoken of.
    as_planned = shape == shape_of(right.made.get(step.makes[0]))
    fine, sentence = judge(said, shape, step.axes if as_planned else (), step.free, step.why if as_planned else "")
    icon = ":material/check:" if fine else ":material/close:"
    st.markdown(f"{icon} {literal(sentence)}")


def _wrong_versions(walk: Walk, taken: Taken, chosen: tuple[str, ...]) -> None:
    """Draw the switch between the right line and its wrong versions, and the way back from those further up."""
    variants = {"": "As it should be"} | {variant.name: variant.title for variant in taken.step.wrong}
    current = taken.step.variant(chosen)
    if len(variants) > 1:
        key = f"lab:tensors:version:{walk.name}:{taken.step.code[:40]}"
        st.session_state[key] = current.name if current else ""
        st.segmented_control(
            "Try it wrong",
            list(variants),
            key=key,
            format_func=variants.__getitem__,
            required=True,
            on_change=_switch,
            args=(key, tuple(variants)),
        )
    above = [VARIANTS[name].title for name in chosen if current is None or name != current.name]
    if above:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Also wrong here: {literal(', '.join(above))}.", width="content")
            st.button("All lines right", icon=":material/undo:", on_click=partial(ADDRESS.put, wrong=[]))


def _known(taken: Taken) -> Any:
    return taken.before.get("glove") if taken.step.makes[0] in {"words", "known"} else None


def _begin() -> None:
    ADDRESS.put(step=0, wrong=[])


def _go(number: int) -> None:
    ADDRESS.put(step=number)


def _show(key: str) -> None:
    st.session_state[SHOWN] = st.session_state.get(SHOWN, set()) | {key}


def _switch(key: str, names: tuple[str, ...]) -> None:
    others = [name for name in SETTINGS["wrong"] if name not in names]
    ADDRESS.put(wrong=[*others, *filter(None, [st.session_state[key]])])


@kept(max_entries=8)
def _taken(where: str, walk: str, source: str, path: str | None, wrong: tuple[str, ...]) -> list[Taken]:
    if walk in OF_REVIEWS:
        scope = _reviews(where, source, path)
    else:
        scope = last_state_scope() if walk == LAST_STATE.name else attention_scope()
    return take(WALKS[walk], scope, wrong)


@kept(max_entries=2, show_spinner="Reading the reviews")
def _reviews(where: str, source: str, path: str | None) -> dict[str, Any]:
    found = load_reviews(reviews.config_of(source, path))
    # A page must not start to download vectors: the sheet's are taken where they have been fetched.
    vectors = "glove-100" if place("embeddings", "glove-100", "matrix.npy").is_file() else "glove-50"
    return scope_of(found.texts, found.labels.tolist(), load_saved(vectors))
