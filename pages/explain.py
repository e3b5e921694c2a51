"""Explain: paste a review, ask trained models, see which words they attended to and which ones decided."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.explain import BASELINES, METHODS, ModelInfo, available_models
from sentiment_core.explain.unseen import REMEMBERED
from ui.explain import below as explain_below
from ui.explain import counterfactual
from ui.explain.readings import TITLES, Reading, block, offer_waiting, read
from ui.explain.state import (
    BASELINE,
    BELOW,
    CHOSEN,
    EXAMPLE,
    MODELS,
    MOST_CHARACTERS,
    MOST_MODELS,
    OFFERED,
    SECTIONS,
    TARGET,
    TARGETS,
    TEXT,
    TOKEN,
    adopt_address,
    target_class,
    write_address,
)
from ui.kit.components.copy_link import copy_link
from ui.kit.components.heatmap import heatmap
from ui.kit.examples import EXAMPLES
from ui.kit.notices import errors_shown, literal, show_error
from ui.pages import pages
from ui.server.backend import store

VIEW, VIEW_ADDRESS = "explain:view", "explain:view-address"
VIEWS = {"review": "One review", "file": "A file of reviews", "study": "Over a test set"}


def main() -> None:
    """Draw the view that the address names."""
    view = choose_view()
    if view == "file":
        from ui.explain import batch_view

        batch_view.draw()
    elif view == "study":
        from ui.explain import study_view

        study_view.draw()
    else:
        one_review()


def choose_view() -> str:
    """Draw the switch between the views; the address decides which one is on."""
    asked = st.query_params.get("view", "review")
    if asked not in VIEWS:
        st.warning("This link names a view that does not exist; here is one review.")
        asked = "review"
    if st.session_state.get(VIEW) is None or st.session_state.get(VIEW_ADDRESS) != asked:
        # A link, or another part of the page, moved on: the switch follows.
        st.session_state[VIEW] = asked
    chosen: str = (
        st.segmented_control("View", list(VIEWS), key=VIEW, format_func=VIEWS.__getitem__, label_visibility="collapsed")
        or asked
    )
    if chosen != asked:
        st.query_params.from_dict({"view": chosen})
    st.session_state[VIEW_ADDRESS] = chosen
    return chosen


def one_review() -> None:
    """Draw the review, the choice of models and methods, and what they say."""
    models = {info.id: info for info in available_models(store())}
    if not models:
        st.title("Explain", anchor=False)
        st.info("There is no trained model yet. Train one for an epoch; it can be asked here from then on.")
        st.page_link(pages()["train"], label="Go to Train", icon=":material/show_chart:")
        return
    problems = adopt_address(models)
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        text = st.text_area(
            "Review", key=TEXT, height=130, max_chars=MOST_CHARACTERS, placeholder="Paste a film review, or pick one."
        )
    with right:
        st.selectbox(
            "Or pick one",
            list(EXAMPLES),
            None,
            key=EXAMPLE,
            on_change=pick_example,
            placeholder="An example review",
            label_visibility="collapsed",
        )
        chosen = st.multiselect(
            "Models to ask",
            list(models),
            key=MODELS,
            format_func=lambda name: title(models[name]),
            max_selections=MOST_MODELS,
            wrap=True,
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        # Leaving the text field already sends it; the button is there to be pressed.
        st.button("Explain", type="primary", icon=":material/highlight:")
        st.pills(
            "Methods",
            OFFERED,
            selection_mode="multi",
            key=CHOSEN,
            format_func=TITLES.__getitem__,
            label_visibility="collapsed",
            width="content",
            wrap=True,
        )
        with st.popover("More"):
            more()
        copy_link()
    for message in problems:
        st.warning(literal(message))
    if not text.strip():
        write_address()
        st.caption("Each model's answer appears here, with the whole review coloured by what the model attended to.")
        return
    show([models[name] for name in chosen], text)
    write_address()


def more() -> None:
    """Draw the choices that are seldom changed."""
    st.radio("Class to explain", list(TARGETS), key=TARGET, format_func=TARGETS.__getitem__)
    st.radio(
        "What stands for no word (integrated gradients; occlusion: mask)",
        list(BASELINES),
        key=BASELINE,
        format_func=BASELINES.__getitem__,
    )
    for name in OFFERED:
        st.caption(f"**{TITLES[name]}.** {METHODS[name].description} Cost: {METHODS[name].cost}.")


def show(infos: Sequence[ModelInfo], text: str) -> None:
    """Ask the models and draw their answers, then the section that is open below."""
    methods = [name for name in OFFERED if name in st.session_state[CHOSEN]]
    readings: list[Reading] = []
    for info in infos:
        try:
            spent = sum(reading.seconds for reading in readings)
            readings.append(read(info, text, methods, target_class(), st.session_state[BASELINE], spent))
        except SentimentLabError as error:
            show_error(error)
    if not readings:
        return
    editing = st.session_state[BELOW] == "edit"
    for reading in readings:
        if reading.seen and not editing:
            st.warning(literal(f"{reading.info.name} {REMEMBERED}"), icon=":material/visibility:")
    with errors_shown():
        draw_heatmap(readings, text, editing)
        for reading in readings:
            offer_waiting(reading, target_class(), st.session_state[BASELINE])
    if "attention" in methods and not all(reading.info.has_attention for reading in readings):
        st.caption("A model without attention has no weights to show: it has no such row.")
    below(readings, text)


def draw_heatmap(readings: Sequence[Reading], text: str, editing: bool) -> None:
    """Draw the heatmap: of the review, or of the edited one while the section Edit is open."""
    hint = "Click a word, or press Enter on it, to change it."
    if editing:
        hint += " While editing, only attention is shown."
        shown, blocks = counterfactual.blocks([reading.info for reading in readings], text)
        counterfactual.pick(blocks[0])
    else:
        shown, blocks = text, [block(reading) for reading in readings]
    picked = heatmap(shown, blocks, hint=hint)
    if picked is None:
        return
    token = blocks[picked[0]].tokens[picked[1]]
    # A word of the original is no word of a review that has been edited since.
    same = editing or counterfactual.current(text).text == text
    st.session_state[TOKEN] = (token.start, token.end) if same else None
    st.session_state[BELOW] = "edit"
    st.rerun()


def below(readings: Sequence[Reading], text: str) -> None:
    """Draw the switch of sections and the one that is open; the others cost nothing."""
    sound = [reading for reading in readings if reading.sound]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        section = st.segmented_control(
            "Below",
            list(SECTIONS),
            key=BELOW,
            format_func=SECTIONS.__getitem__,
            label_visibility="collapsed",
            required=True,
            width="content",
            wrap=True,
        )
        if sound:
            with st.container(horizontal=True, width="content"):
                explain_below.downloads(sound, text)
    if not sound:
        return
    with errors_shown():
        if section == "edit":
            counterfactual.panel([reading.info for reading in sound], text)
        elif section == "faithfulness":
            explain_below.faithfulness(sound)
        elif section == "along":
            explain_below.reading_along(sound)
        elif section == "table":
            explain_below.numbers(sound)
        else:
            explain_below.agreement(sound)


def title(info: ModelInfo) -> str:
    """Return a model's name with its accuracy."""
    return info.name if info.accuracy is None else f"{info.name} ({info.accuracy:.3f})"


def pick_example() -> None:
    """Put the picked example into the text field."""
    if st.session_state[EXAMPLE]:
        st.session_state[TEXT] = EXAMPLES[st.session_state[EXAMPLE]]


with errors_shown():
    main()
