"""The board of edited reviews: who, what was changed, what the model said before and says now, and who agrees."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from sentiment_core.classroom.people import Person, may
from sentiment_core.config import from_fields
from sentiment_core.data_view.class_examples import BESIDE, SETTINGS, as_csv
from sentiment_core.explain import ModelInfo
from sentiment_core.flips import CONFIRMATIONS, Flip, changes, examples
from sentiment_core.number_words import probability
from sentiment_core.steps.rules import correct
from ui.addresses import to_train
from ui.kit.notices import literal, problems_kept
from ui.kit.uploads import remember_name, save_upload
from ui.server.backend import store

MOST_SHOWN = 30


def board(
    person: Person, seen: Sequence[Flip], flips: Sequence[Flip], model: ModelInfo, ask: Callable[[str], float]
) -> None:
    """Draw `seen` of the room's `flips`, confirmed ones first, beside what `model` says now."""
    own = examples(flips)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Board", anchor=False, width="content")
        st.markdown(f"Edits: **{len(flips)}**. Confirmed: **{len(own)}**.", width="content")
        if own:
            help_ = (
                f"Opens Train with a file: the room's confirmed edits and {BESIDE:,} demo reviews. Only demo reviews "
            )
            if st.button("Train on these", icon=":material/model_training:", help=help_ + "are tested."):
                _train(flips)
    if own and any(each.model != model.id for each in flips if each.is_confirmed):
        right = sum(correct(ask(text), label) == 1 for text, label in own)
        st.markdown(
            f"{literal(model.name)} is right about **{right}** of the {len(own)} confirmed edits. Of those that it was"
            " trained on that says nothing about new ones."
        )
    if not seen:
        st.caption("Nothing to show yet. Others' edits are here once they are judged.")
    names = store().names()
    for flip in sorted(seen, key=lambda each: not each.is_confirmed)[:MOST_SHOWN]:
        _card(person, flip, names.get(flip.person, "Somebody"))
    if len(seen) > MOST_SHOWN:
        st.caption(f"{MOST_SHOWN} of {len(seen)} are shown: confirmed ones first, then the newest.")


def marked(flip: Flip) -> str:
    """Return both texts as one in Markdown: what is gone is struck through, what is new is bold and on a ground."""
    sign = {"same": "{}", "gone": "~~{}~~", "new": "**:blue-background[{}]**"}
    return " ".join(sign[kind].format(literal(text)) for kind, text in changes(flip.original, flip.edited))


def _card(person: Person, flip: Flip, name: str) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{literal(name)}**", width="content")
            st.markdown(
                f"P(positive) from {probability(flip.before)} to **{probability(flip.after)}**", width="content"
            )
            _agreement(flip)
            st.space("stretch")
            if may(person, "delete", flip.person):
                st.button(
                    "Take off",
                    icon=":material/delete:",
                    type="tertiary",
                    key=f"room:off:{flip.id}",
                    on_click=_take_off,
                    args=(flip.id,),
                )
        st.markdown(marked(flip))


def _agreement(flip: Flip) -> None:
    label = "positive" if flip.label else "negative"
    said = f"{flip.confirmations} of {len(flip.votes)} say {label}"
    if flip.is_confirmed:
        st.badge(f"Confirmed: {said}", icon=":material/check:", color="green")
    elif flip.votes:
        st.badge(said, color="gray")
    else:
        st.badge(f"{CONFIRMATIONS} others must say {label}", color="gray")


def _train(flips: Sequence[Flip]) -> None:
    path = save_upload("class.csv", as_csv(flips))
    store().note_upload(path.name)
    remember_name(path, "The room's edits")
    to_train(from_fields({**SETTINGS, "data.path": str(path), "name": "With the room's edits"})).follow()


def _take_off(flip: str) -> None:
    with problems_kept():
        store().delete_flip(flip)
