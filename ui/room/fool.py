"""Fool the model: edit a review until the model changes its mind; others say whether it still means the same."""

from __future__ import annotations

import math

import streamlit as st

from sentiment_core.classroom.people import Person
from sentiment_core.explain import PRETRAINED, ModelInfo, available_models
from sentiment_core.flips import LONGEST, Flip, check_flip
from sentiment_core.number_words import equals
from sentiment_core.steps.rules import positive
from ui.addresses import ROOM
from ui.kit.examples import EXAMPLES
from ui.kit.kept import kept
from ui.kit.notices import errors_shown, literal, problems_kept, show_problem
from ui.kit.predictor import predictor
from ui.room.board import board
from ui.server.backend import store

OWN = "One of my own"
EDITED = "room:fool:edited:"
READ = "room:fool:read"
LOOK_SECONDS = 5.0


def fool(person: Person, code: str) -> None:
    """Draw the game for somebody of a room: to edit, to judge others, and the board; a lecturer sees that."""
    show_problem()
    if person.is_lecturer:
        if (model := _model()) is not None:
            _board(person, code, model)
        return
    play, others = st.columns([1.3, 1], gap="large")
    with play:
        left, right = st.columns(2)
        with left:
            model = _model()
        if model is None:
            return
        with right:
            # What was written is there again after another start, and after a look at another page.
            start = st.selectbox("Start from", [*EXAMPLES, OWN], key="room:fool:from", persist_state="session")
        with errors_shown():
            _play(code, model, start)
    with others:
        _judge(person, code)
    _board(person, code, model)


def probability(model: ModelInfo, text: str) -> float:
    """Return P(positive) of a text, asked once."""
    found: float = _probability(model.id, model.version, text)
    return found


def _model() -> ModelInfo | None:
    models = {each.id: each for each in available_models(store())}
    if ROOM.value("model") not in models:
        ROOM.put(model=PRETRAINED if PRETRAINED in models else next(iter(models), None))
    if not models:
        st.info("There is no model to fool yet: train one.")
        return None
    names = {name: each.name for name, each in models.items()}
    st.selectbox("Model to fool", list(models), key=ROOM.key("model"), format_func=names.__getitem__)
    return models[ROOM.value("model")]


def _play(code: str, model: ModelInfo, start: str) -> None:
    original = EXAMPLES.get(start)
    if original is None:
        original = st.text_area(
            "The review", key="room:fool:own", max_chars=LONGEST, height=110, persist_state="session"
        )
        if not original.strip():
            st.caption("Write a review that says clearly whether the film was good.")
            return
    before = probability(model, original)
    if not math.isfinite(before):
        st.warning("This model's answer is not a number: its training diverged. Choose another one.")
        return
    if start != OWN:
        st.markdown(literal(original))
    st.markdown(
        f"The model: **{_word(before)}**, P(positive) {equals(before)}. Make it say the opposite, without changing "
        "what the review means."
    )
    key = f"{EDITED}{start}"
    if key not in st.session_state or (start == OWN and not st.session_state[key].strip()):
        st.session_state[key] = original
    edited = st.text_area("Your edit", key=key, max_chars=LONGEST, height=140, persist_state="session")
    if edited.split() == original.split() or not edited.strip():
        st.caption("Change a word, and leave the field: the model answers at once.")
        return
    after = probability(model, edited)
    flipped = bool(positive(after)) != bool(positive(before))
    st.badge(
        f"{_word(after).capitalize()}, P(positive) {equals(after)}" + (": it has changed its mind" if flipped else ""),
        icon=":material/check:" if flipped else ":material/trending_flat:",
        color="green" if flipped else "gray",
    )
    if any(flip.edited == edited for flip in store().flips(code)):
        st.caption("It is on the board.")
        return
    st.button(
        "Put it on the board",
        type="primary",
        icon=":material/push_pin:",
        disabled=not flipped,
        on_click=_add,
        args=(original, edited, model, before, after),
    )


def _add(original: str, edited: str, model: ModelInfo, before: float, after: float) -> None:
    label = int(bool(positive(before)))
    with problems_kept():
        check_flip(before, after, label)
        store().add_flip(original, edited, label, model.id, before, after)


@st.fragment(run_every=LOOK_SECONDS)
def _judge(person: Person, code: str) -> None:
    show_problem()
    with errors_shown():
        open_ = [each for each in store().flips(code) if each.person != person.id and person.id not in each.votes]
        st.header("What is this?", anchor=False)
        if not open_:
            st.caption("Nothing to judge now. Others' edits appear here by themselves.")
            return
        # What is being read stays, however others vote meanwhile.
        read = {each.id: each for each in open_}.get(st.session_state.get(READ, ""))
        flip = read or min(open_, key=lambda each: (len(each.votes), each.made_at))
        st.session_state[READ] = flip.id
        with st.container(border=True):
            st.markdown(literal(flip.edited))
            with st.container(horizontal=True):
                for name, label in (("Positive", 1), ("Negative", 0)):
                    st.button(name, key=f"room:vote:{flip.id}:{label}", on_click=_vote, args=(flip.id, label))
        st.caption(f"{len(open_)} to judge. Say what the review means, whatever a model would say.")


def _vote(flip: str, label: int) -> None:
    with problems_kept():
        store().vote(flip, label)


@st.fragment(run_every=LOOK_SECONDS)
def _board(person: Person, code: str, model: ModelInfo) -> None:
    show_problem()
    with errors_shown():
        flips = store().flips(code)
        board(person, _seen(person, flips), flips, model, lambda text: probability(model, text))


def _seen(person: Person, flips: list[Flip]) -> list[Flip]:
    """Return what somebody may see of the board: not what they still have to judge.

    A lecturer's is on the projector: what is not confirmed is shown there on demand alone.
    """
    if person.is_lecturer:
        everything = st.toggle("Also what is still being judged", key="room:fool:everything")
        return flips if everything else [each for each in flips if each.is_confirmed]
    return [each for each in flips if each.person == person.id or person.id in each.votes]


def _word(value: float) -> str:
    return "positive" if positive(value) else "negative"


@kept(max_entries=2000)
def _probability(model_id: str, version: str, text: str) -> float:
    return float(predictor(model_id, version).explain(text).probability)
