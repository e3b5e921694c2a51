"""Explain: paste a review, ask trained models, see which words they attended to."""

from __future__ import annotations

import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.explain import PRETRAINED, ModelInfo, available_models
from ui.backend import store
from ui.components.copy_link import copy_link
from ui.components.heatmap import heatmap
from ui.examples import EXAMPLES
from ui.notices import errors_shown, show_error
from ui.pages import pages
from ui.readings import LONGEST_TABLE, explain, heatmap_row, table

TEXT, MODELS, EXAMPLE = "explain:text", "explain:models", "explain:example"
VIEW, VIEW_ADDRESS = "explain:view", "explain:view-address"
VIEWS = {"review": "One review", "file": "A file of reviews", "study": "Over a test set"}
LONGEST_LINK = 1500
MOST_MODELS = 3
MOST_CHARACTERS = 1_000_000


def main() -> None:
    """Draw the view that the address names."""
    view = choose_view()
    if view == "file":
        from ui import batch_view

        batch_view.draw()
    elif view == "study":
        from ui import study_view

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
    """Draw the review, the choice of models, and what they say."""
    models = {info.id: info for info in available_models(store())}
    if not models:
        st.title("Explain", anchor=False)
        st.info("There is no trained model yet. Train one for an epoch; it can be asked here from then on.")
        st.page_link(pages()["train"], label="Go to Train", icon=":material/show_chart:")
        return
    problem = adopt_address(models)
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        text = st.text_area(
            "Review", key=TEXT, height=150, max_chars=MOST_CHARACTERS, placeholder="Paste a film review, or pick one."
        )
    with right:
        st.selectbox("Or pick one", list(EXAMPLES), None, key=EXAMPLE, on_change=pick, placeholder="An example review")
        chosen = st.multiselect(
            "Models to ask",
            list(models),
            key=MODELS,
            format_func=lambda name: title(models[name]),
            max_selections=MOST_MODELS,
            wrap=True,
        )
    with left, st.container(horizontal=True):
        # Leaving the text field already sends it; the button is there to be pressed.
        st.button("Explain", type="primary", icon=":material/highlight:")
        copy_link()
    for message in problem:
        st.warning(message)
    write_address(text, chosen)
    if not text.strip():
        st.caption("Each model's answer appears here, with the whole review coloured by what the model attended to.")
        return
    show([models[name] for name in chosen], text)


def show(infos: list[ModelInfo], text: str) -> None:
    """Ask the models and draw their answers on one scale."""
    asked, answers = [], []
    for info in infos:
        try:
            answers.append(explain(info, text))
            asked.append(info)
        except SentimentLabError as error:
            show_error(error)
    if not asked:
        return
    heatmap(text, [heatmap_row(info, found) for info, found in zip(asked, answers, strict=True)])
    if not all(info.has_attention for info in asked):
        st.caption("A model without attention has no weights to show: its words stay uncoloured.")
    with st.expander("The numbers as a table"):
        if len(answers[0].tokens) > LONGEST_TABLE:
            st.caption(f"The first {LONGEST_TABLE:,} of {len(answers[0].tokens):,} tokens.")
        st.dataframe(table(asked, answers), hide_index=True, height=300)
        st.caption("Attention weights say where the model looked, not why it decided: they add up to 1.")


def title(info: ModelInfo) -> str:
    """Return a model's name with its accuracy."""
    return info.name if info.accuracy is None else f"{info.name} ({info.accuracy:.3f})"


def adopt_address(models: dict[str, ModelInfo]) -> list[str]:
    """Fill the widgets from a link when the page opens; return what could not be used."""
    if TEXT in st.session_state:
        known = [name for name in st.session_state.get(MODELS, []) if name in models]
        st.session_state[MODELS] = known
        return []
    problems = []
    query = st.query_params
    st.session_state[TEXT] = query.get("text", "")[:MOST_CHARACTERS]
    wanted = [name for name in query.get("models", "").split(",") if name][:MOST_MODELS]
    unknown = [name for name in wanted if name not in models]
    if unknown:
        problems.append("A model in this link is not here, or has not finished its first epoch; choose another.")
    first = PRETRAINED if PRETRAINED in models else next(iter(models))
    st.session_state[MODELS] = [name for name in wanted if name in models] or [first]
    return problems


def write_address(text: str, chosen: list[str]) -> None:
    """Keep review and models in the address; a long review stays out."""
    query = {"models": ",".join(chosen)}
    if 0 < len(text) <= LONGEST_LINK:
        query["text"] = text
    if query != st.query_params.to_dict():
        st.query_params.from_dict(query)


def pick() -> None:
    """Put the picked example into the text field."""
    if st.session_state[EXAMPLE]:
        st.session_state[TEXT] = EXAMPLES[st.session_state[EXAMPLE]]


with errors_shown():
    main()
