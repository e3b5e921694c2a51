"""The look inside a lesson's networks: one review word by word through their units, for the first five rungs."""

from __future__ import annotations

import streamlit as st

from sentiment_core.explain import ModelInfo
from sentiment_core.inside.glass_words import sentences
from sentiment_core.inside.measures import MOST_PADDING
from sentiment_core.lessons import Lesson
from sentiment_core.store import Experiment
from ui.addresses import LESSON, to_glass
from ui.kit import glass as looking
from ui.kit.components.glass import Pane, glass
from ui.kit.examples import EXAMPLES
from ui.kit.notices import errors_shown, literal

REVIEW = EXAMPLES["Mixed feelings"]
FIELD = "glass"
# What is shown before anything was trained here: small models that ship, as they were after an update or at the end.
SHIPPED: dict[str, tuple[tuple[str, int | None], ...]] = {
    "padded-last-state": (("glass-padded", None), ("glass-last", None)),
    "last-state": (("glass-padded", None), ("glass-last", None)),
    "gradient-norm": (("glass-last", None), ("glass-attention", None)),
    "clip-norm": (("glass-last", None), ("glass-attention", None)),
    "clip-value": (("glass-last", None), ("glass-attention", None)),
    "initialisation": (("glass-last", 0), ("glass-last", None)),
}
# Where the lesson is about padding, it opens on some.
PADDED = {"padded-last-state": 60, "last-state": 60}


def glass_panel(item: Lesson, experiment: Experiment | None) -> None:
    """Draw the offer to look inside, or the look; of the experiment's runs once they have weights."""
    if item.name not in SHIPPED:
        return
    models = looking.models()
    own = [(run.id, None) for run in experiment.runs if run.id in models] if experiment else []
    if experiment and not own:
        return
    chosen = [(models[name], step) for name, step in (own or SHIPPED[item.name])][:2]
    if LESSON.value(FIELD) is None:
        st.button(
            "Look inside, word by word",
            icon=":material/visibility:",
            key=f"glass:open:{item.name}",
            on_click=lambda: LESSON.put(**{FIELD: PADDED.get(item.name, 0)}),
            help="A review runs through the hidden units, and the gradient of its loss comes back.",
        )
        return
    with st.container(border=True):
        _look(item, chosen, bool(own))


def _look(item: Lesson, chosen: list[tuple[ModelInfo, int | None]], own: bool) -> None:
    padding = LESSON.value(FIELD)
    whose = "this experiment's networks" if own else "small networks that ship with the app"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.slider(
            f"Zero vectors behind the review, in {whose}", 0, MOST_PADDING, key=LESSON.key(FIELD), width="stretch"
        )
        to_glass([(info.id, step) for info, step in chosen], padding=padding).draw(
            "Any review, any run", icon=":material/science:", help="The Glass RNN lab, as it stands here."
        )
        st.button(
            "Close",
            icon=":material/close:",
            key=f"glass:close:{item.name}",
            on_click=lambda: LESSON.put(**{FIELD: None}),
        )
    panes: list[Pane] = []
    for info, at in chosen:
        with errors_shown():
            panes.append(looking.pane(info, at, REVIEW, padding, None))
    if not panes:
        return
    lines = [f"- **{literal(one.title)}.** {literal(' '.join(sentences(one.seen)))}" for one in panes]
    st.markdown("\n".join(lines))
    glass(panes, key=f"glass:{item.name}")
