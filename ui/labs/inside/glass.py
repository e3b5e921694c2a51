"""Glass RNN: one review word by word through the units of a network, and the gradient of its loss on the way back."""

from __future__ import annotations

import json

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sentiment_core.explain import ModelInfo
from sentiment_core.inside.glass_document import document
from sentiment_core.inside.glass_words import sentences
from sentiment_core.inside.measures import MOST_PADDING
from ui.addresses import lab_address
from ui.kit import glass as looking
from ui.kit.address_fields import identifier, one_of, text, whole
from ui.kit.components.glass import STATE, Near, Pane, glass
from ui.kit.examples import EXAMPLES, example_choice
from ui.kit.notices import errors_shown, literal

PICKED = "lab:glass:picked"
NOBODY, LAST = "none", -1
GONE = "The model in this link is not here, or has kept no weights yet; another one is shown."
HINT = "Click a word to see what it does to the state, and which words are near it."
MOST_CHARACTERS = 20_000
MOST_STEP = 100_000_000
LABELS = {"predicted": "the class it predicts", "positive": "positive", "negative": "negative"}
SHOWN = {
    STATE: "State",
    "update": "Update gate",
    "reset": "Reset gate",
    "input": "Input gate",
    "forget": "Forget gate",
    "output": "Output gate",
}
SIDES = ("model", "beside")
STEPS = {"model": "step", "beside": "beside_step"}


def _none(value: int | None) -> str:
    return "none" if value is None else f"{value:,}"


ADDRESS = lab_address(
    "glass-rnn",
    identifier("model", "glass-padded"),
    identifier("beside", "glass-attention", title="model beside it", always=True),
    whole("step", 0, MOST_STEP, None, "step of the model", say=_none),
    whole("beside_step", 0, MOST_STEP, None, "step of the model beside it", say=_none),
    whole("padding", 0, MOST_PADDING, 0),
    one_of("label", LABELS, "predicted", "label of the loss"),
    one_of("show", SHOWN, STATE),
    whole("word", 1, 10_000, None, "picked word", say=_none),
    text("text", MOST_CHARACTERS, EXAMPLES["Mixed feelings"], "review"),
)


def draw() -> None:
    """Draw the lab: what to look into and what it reads, in a row, then the glass."""
    models = looking.models()
    columns = st.columns([2.1, 1, 2.1, 1, 2.2], vertical_alignment="bottom")
    for side, place in zip(SIDES, (0, 2), strict=True):
        choose(side, models, columns[place], columns[place + 1])
    columns[4].slider("Zero vectors behind the review", 0, MOST_PADDING, key=ADDRESS.key("padding"))
    row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        review()
        with st.popover("More", icon=":material/tune:", width="content"):
            st.radio("The strip shows", list(SHOWN), key=ADDRESS.key("show"), format_func=SHOWN.__getitem__)
            st.radio("Loss against", list(LABELS), key=ADDRESS.key("label"), format_func=LABELS.__getitem__)
    if not ADDRESS.value("text").strip():
        st.caption("Write a review behind the button; the network reads it here, word by word.")
        return
    look(models, row)


def review() -> None:
    """Draw the choice of examples, and the review to write over."""
    example_choice(ADDRESS, lambda: ADDRESS.put(word=None), label_visibility="collapsed", width=260)
    with st.popover("Write one", icon=":material/edit:", width="content"):
        st.text_area("Review", key=ADDRESS.key("text"), height=180, max_chars=MOST_CHARACTERS)


def choose(side: str, models: dict[str, ModelInfo], left: DeltaGenerator, right: DeltaGenerator) -> None:
    """Draw which model is looked into, and as it was when; what is chosen goes into the address."""
    beside = side == SIDES[1]
    options = [*models, NOBODY] if beside else list(models)
    if ADDRESS.value(side) not in options:
        st.warning(GONE)
        ADDRESS.put(**{side: options[0], STEPS[side]: None})
    left.selectbox(
        "Beside it" if beside else "Look into",
        options,
        key=ADDRESS.key(side),
        format_func=lambda name: models[name].name if name in models else "nothing",
        on_change=lambda: ADDRESS.put(**{STEPS[side]: None}),
    )
    model = ADDRESS.value(side)
    if model == NOBODY:
        return
    steps = [LAST, *reversed(looking.steps_of(model))]
    step = LAST if ADDRESS.value(STEPS[side]) is None else ADDRESS.value(STEPS[side])
    if step not in steps:
        st.warning(f"The weights after update {step:,} were not kept; this is how it ended.")
        ADDRESS.put(**{STEPS[side]: None})
        step = LAST
    if len(steps) > 1:
        # A key for each state: a widget that kept its own would contradict the address after a link or the back button.
        key = f"lab:glass:{side}:{model}:{step}"
        right.selectbox(
            "after update", steps, steps.index(step), _when, key=key, on_change=_take_step, args=(side, key)
        )


def look(models: dict[str, ModelInfo], row: DeltaGenerator) -> None:
    """Draw what is seen, first in sentences; into `row`, the way to take it along."""
    label = {"positive": 1, "negative": 0}.get(ADDRESS.value("label"))
    text = ADDRESS.value("text")
    chosen: list[tuple[ModelInfo, int | None]] = []
    panes: list[Pane] = []
    for side in SIDES:
        if (name := ADDRESS.value(side)) == NOBODY:
            continue
        with errors_shown():
            step = ADDRESS.value(STEPS[side])
            panes.append(looking.pane(models[name], step, text, ADDRESS.value("padding"), label))
            chosen.append((models[name], step))
    if not panes:
        return
    named = len(panes) > 1
    lines = [f"**{literal(one.title)}.** " * named + literal(" ".join(sentences(one.seen))) for one in panes]
    st.markdown("\n".join(f"- {line}" for line in lines) if named else lines[0])
    shown = ADDRESS.value("show")
    if all(shown not in one.seen.gates for one in panes) and shown != STATE:
        st.caption(f"None of these has a gate called {shown}: the strip shows the state.")
    with row:
        download(panes)
    picked = glass(panes, shown=shown, near=_near(panes, chosen), hint=HINT)
    if picked is not None:
        st.session_state[PICKED] = picked
        ADDRESS.put(word=picked[1] + 1)
        st.rerun()


def download(panes: list[Pane]) -> None:
    """Draw what was seen as a file: a document for each network."""

    def made() -> str:
        return json.dumps([{"model": one.title, "text": one.text, **document(one.seen, one.text)} for one in panes])

    st.download_button(
        "Download", made, "glass.json", "application/json", on_click="ignore", icon=":material/download:"
    )


def _near(panes: list[Pane], chosen: list[tuple[ModelInfo, int | None]]) -> Near | None:
    """Return the words near the word that the address names, in the pane that was picked in."""
    word = ADDRESS.value("word")
    if word is None:
        return None
    place, token = st.session_state.get(PICKED, (0, word - 1))
    place = place if token == word - 1 and place < len(panes) else 0
    if word > len(panes[place].seen.token_ids):
        ADDRESS.put(word=None)
        return None
    return looking.near(panes, chosen, place, word - 1)


def _when(step: int) -> str:
    return "the last" if step == LAST else f"{step:,}"


def _take_step(side: str, key: str) -> None:
    step = st.session_state[key]
    ADDRESS.put(**{STEPS[side]: None if step == LAST else step})
