"""Explain: paste a review, ask trained models, see which words they attended to and which ones decided."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.explain import BASELINES, METHODS, ModelInfo, available_models
from sentiment_core.explain.unseen import REMEMBERED
from ui.addresses import (
    MOST_CHARACTERS,
    MOST_MODELS,
    REVIEW,
    SECTIONS,
    TARGETS,
    VIEW,
    VIEWS,
    offered,
    to_glass,
    to_train,
)
from ui.explain import below as explain_below
from ui.explain import counterfactual, layers
from ui.explain.answers import Answer, ask, offer_waiting
from ui.explain.blocks import block
from ui.explain.state import TOKEN, adopt_address, chosen_methods, model_title, target_class, write_address
from ui.kit.address import current_query, replace_query
from ui.kit.choice import choice
from ui.kit.components.copy_link import copy_link
from ui.kit.components.heatmap import heatmap
from ui.kit.examples import example_choice
from ui.kit.model_upload import bring_model
from ui.kit.notices import errors_shown, literal
from ui.kit.terms import caption
from ui.server.backend import store

SWITCH = "explain:view"


def main() -> None:
    """Draw the view that the address names."""
    view = choose_view()
    if view == "file":
        from ui.explain import file_view

        file_view.draw()
    elif view == "study":
        from ui.explain import study_view

        study_view.draw()
    else:
        one_review()


def choose_view() -> str:
    """Draw the switch between the views; the address decides which one is on."""
    asked, problem = VIEW.parse(current_query("explain").get(VIEW.name, VIEW.default))
    if problem:
        st.warning(literal(problem))
    # Set anew in every run: a link, or another part of the page, may have moved on.
    st.session_state[SWITCH] = asked
    st.segmented_control(
        "View",
        list(VIEWS),
        key=SWITCH,
        format_func=VIEWS.__getitem__,
        label_visibility="collapsed",
        required=True,
        on_change=lambda: replace_query("explain", {VIEW.name: st.session_state[SWITCH]}),
    )
    return str(asked)


def one_review() -> None:
    """Draw the review, the choice of models and methods, and what they say."""
    models = {info.id: info for info in available_models(store())}
    if not models:
        st.title("Explain", anchor=False)
        st.info("There is no trained model yet. Train one for an epoch; it can be asked here from then on.")
        to_train().draw("Go to Train", icon=":material/show_chart:")
        return
    problems = adopt_address(models)
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        text = st.text_area(
            "Review",
            key=REVIEW.key("text"),
            height=130,
            max_chars=MOST_CHARACTERS,
            placeholder="Paste a film review, or pick one.",
        )
    with right:
        example_choice(REVIEW, label_visibility="collapsed")
        chosen = st.multiselect(
            "Models to ask",
            list(models),
            key=REVIEW.key("models"),
            format_func=lambda name: model_title(models[name]),
            max_selections=MOST_MODELS,
            wrap=True,
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        # Leaving the text field already sends it; the button is there to be pressed.
        st.button("Explain", type="primary", icon=":material/highlight:")
        st.pills(
            "Methods",
            offered(),
            selection_mode="multi",
            key=REVIEW.key("methods"),
            format_func=lambda name: METHODS[name].title,
            label_visibility="collapsed",
            width="content",
            wrap=True,
        )
        with st.popover("More"):
            more()
        bring_model("explain:model", lambda run: REVIEW.put(models=[run.id]))
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
    st.radio("Class to explain", list(TARGETS), key=REVIEW.key("target"), format_func=TARGETS.__getitem__)
    st.radio(
        "What stands for no word (integrated gradients; occlusion: mask)",
        list(BASELINES),
        key=REVIEW.key("baseline"),
        format_func=BASELINES.__getitem__,
    )
    for name in offered():
        st.caption(f"**{METHODS[name].title}.** {METHODS[name].description} Cost: {METHODS[name].cost}.")


def show(infos: Sequence[ModelInfo], text: str) -> None:
    """Ask the models and draw their answers, then the section that is open below."""
    methods = chosen_methods()
    answers: list[Answer] = []
    for info in infos:
        with errors_shown():
            spent = sum(answer.seconds for answer in answers)
            answers.append(ask(info, text, methods, target_class(), REVIEW.value("baseline"), spent))
    if not answers:
        return
    editing = REVIEW.value("below") == "edit"
    for answer in answers:
        if answer.seen and not editing:
            st.warning(literal(f"{answer.info.name} {REMEMBERED}"), icon=":material/visibility:")
        for remark in answer.explanation.remarks if not editing else ():
            named = f"{answer.info.name}: " if len(answers) > 1 else ""
            st.warning(literal(named + remark), icon=":material/translate:")
    with errors_shown():
        draw_heatmap(answers, text, editing)
        for answer in answers:
            offer_waiting(answer, target_class(), REVIEW.value("baseline"))
    if "attention" in methods and not all(answer.info.has_attention for answer in answers):
        caption("A model without attention has no weights to show: it has no such row.")
    below(answers, text)


def draw_heatmap(answers: Sequence[Answer], text: str, editing: bool) -> None:
    """Draw the heatmap: of the review, or of the edited one while the section Edit is open."""
    hint = "Click a word, or press Enter on it, to change it."
    if editing:
        hint += " While editing, only attention is shown."
        shown, blocks = counterfactual.blocks([answer.info for answer in answers], text)
        counterfactual.pick(blocks[0])
    else:
        shown, blocks = text, [block(answer) for answer in answers]
    picked = heatmap(shown, blocks, hint=hint)
    if picked is None:
        return
    token = blocks[picked[0]].tokens[picked[1]]
    # A word of the original is no word of a review that has been edited since.
    same = editing or counterfactual.current(text).text == text
    st.session_state[TOKEN] = (token.start, token.end) if same else None
    REVIEW.put(below="edit")
    st.rerun()


def below(answers: Sequence[Answer], text: str) -> None:
    """Draw the switch of sections and the one that is open; the others cost nothing."""
    sound = [answer for answer in answers if answer.sound]
    transformers = any(not answer.info.has_states for answer in sound)
    if REVIEW.value("below") == "layers" and not transformers:
        REVIEW.put(below="agreement")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        sections = {name: title for name, title in SECTIONS.items() if name != "layers" or transformers}
        section = choice(REVIEW, "below", "Below", sections)
        if sound:
            with st.container(horizontal=True, width="content", vertical_alignment="center"):
                if states := [(answer.info.id, None) for answer in sound if answer.info.has_states]:
                    to_glass(states, review=text).draw(
                        "Look inside",
                        icon=":material/visibility:",
                        help="The review word by word through the hidden units, at any step whose weights were kept.",
                    )
                explain_below.downloads(sound, text)
    if not sound:
        return
    with errors_shown():
        if section == "edit":
            counterfactual.panel([answer.info for answer in sound], text)
        elif section == "faithfulness":
            explain_below.faithfulness(sound)
        elif section == "along":
            explain_below.reading_along(sound)
        elif section == "layers":
            layers.draw(sound)
        elif section == "table":
            explain_below.numbers(sound)
        else:
            explain_below.agreement(sound)


with errors_shown():
    main()
