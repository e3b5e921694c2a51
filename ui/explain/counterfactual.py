"""Edit a review with the original pinned: type, or mask, delete or replace a word; Δ P(positive) for each edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from sentiment_core.errors import DataError
from sentiment_core.explain import BASELINES, METHODS, Explanation, ModelInfo
from sentiment_core.explain.counterfactual import (
    Draft,
    Neighbour,
    answer,
    deleted,
    masked,
    neighbours,
    probabilities,
    replaced,
    retyped,
)
from sentiment_core.number_words import probability
from ui.addresses import MOST_CHARACTERS, REVIEW
from ui.explain.answers import explain
from ui.explain.blocks import distinct_names, heatmap_token, nodes_of, note, verdict
from ui.explain.state import HISTORY, ORIGINAL, TOKEN
from ui.explain.words import signed
from ui.kit.components.heatmap import Block, HeatmapRow
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.predictor import predictor
from ui.kit.terms import caption

EDITED = "explain:typed"
LONGEST_LABEL = 40
# Of masking, deleting, and every replacement.
ICONS = (":material/visibility_off:", ":material/backspace:", ":material/swap_horiz:")


def blocks(infos: Sequence[ModelInfo], text: str) -> tuple[str, list[Block]]:
    """Return the edited review and the heatmap's blocks for it; raises `SentimentLabError`."""
    draft = current(text)
    if not draft.text.strip():
        raise DataError("the edited review is empty; undo the last edit, or type something")
    return draft.text, [_block(info, draft, text) for info in infos]


def pick(block: Block) -> None:
    """Forget the word that was picked where it is not in the review any more."""
    token = st.session_state.get(TOKEN)
    if token not in [(item.start, item.end) for item in block.tokens if item.used and not item.masked]:
        st.session_state[TOKEN] = None


def panel(infos: Sequence[ModelInfo], text: str) -> None:
    """Draw the field for free edits, what can be done with the picked word, and the list of edits."""
    draft = current(text)
    if st.session_state.get(EDITED) != draft.text:
        st.session_state[EDITED] = draft.text
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        _word(infos[0], draft)
        st.text_area(
            "Edit freely; the review above stays as it is",
            key=EDITED,
            height=110,
            max_chars=MOST_CHARACTERS,
            on_change=_typed,
        )
    with right:
        _edits(infos, text)


def current(text: str) -> Draft:
    """Return the review after all edits; another review starts from nothing."""
    state = st.session_state
    if state.get(ORIGINAL) != text:
        state[ORIGINAL], state[HISTORY], state[TOKEN] = text, [], state.get(TOKEN)
    history: list[tuple[str, Draft]] = state.get(HISTORY, [])
    return history[-1][1] if history else Draft(text)


def _word(info: ModelInfo, draft: Draft) -> None:
    span = st.session_state.get(TOKEN)
    if not span:
        st.markdown("Click a word of the heatmap, or press Enter on it, to **mask**, **delete** or **replace** it.")
        return
    start, end = span
    word = draft.text[start:end]
    near = _neighbours(info.id, info.version, word)
    options = [
        ("Mask", f"mask “{_short(word)}”", masked(draft, start, end)),
        ("Delete", f"delete “{_short(word)}”", deleted(draft, start, end)),
        *(
            (item.word, f"“{_short(word)}” → “{_short(item.word)}”", replaced(draft, start, end, item.word))
            for item in near
        ),
    ]
    values = _probabilities(info, [draft, *(option[2] for option in options)])
    st.markdown(f"**{literal(_short(word))}** · what {literal(info.name)} would say instead, Δ P(positive):")
    with st.container(horizontal=True, gap="small"):
        for place, (label, name, after) in enumerate(options):
            cosine = "" if place < 2 else f"Cosine {near[place - 2].cosine:.2f}"
            st.button(
                f"{literal(_short(label))} {signed(values[place + 1] - values[0])}",
                key=f"explain:option:{place}",
                icon=ICONS[min(place, len(ICONS) - 1)],
                on_click=_apply,
                args=(name, after),
                help=cosine or None,
            )
    if near:
        caption(
            "The words are the nearest by cosine in the vectors that the model reads. Near means used alike, not "
            "meaning alike: antonyms often are neighbours."
        )


def _edits(infos: Sequence[ModelInfo], text: str) -> None:
    history: list[tuple[str, Draft]] = st.session_state[HISTORY]
    names = distinct_names(infos)
    columns = {}
    for info in infos:
        values = _history(info, [Draft(text), *(draft for _, draft in history)])
        answers, changes = [probability(value) for value in values], ["", *(signed(step) for step in np.diff(values))]
        if len(infos) == 1:
            columns["P(positive)"], columns["Δ"] = answers, changes
        else:
            # One column a model: with two, the changes of the second one would be out of sight.
            columns[names[info.id]] = [
                f"{now} ({change})" if change else now for now, change in zip(answers, changes, strict=True)
            ]
    if len(infos) > 1:
        caption("P(positive) of each model, with the change by that edit.")
    st.dataframe(
        {"Edit": ["the original", *(name for name, _ in history)], **columns}, hide_index=True, key="explain:edits"
    )
    with st.container(horizontal=True):
        st.button("Undo", icon=":material/undo:", disabled=not history, on_click=_undo)
        st.button("Clear", icon=":material/restart_alt:", disabled=not history, on_click=_clear)
        st.button(
            "Pin this one",
            icon=":material/keep:",
            disabled=not history,
            on_click=_pin,
            help="The edited review becomes the review; masks are lifted.",
        )
    if history and history[-1][1].masked:
        caption(
            f"A masked word stays in its place, but the model reads the {BASELINES[REVIEW.value('baseline')]} there "
            "(More, above, offers another one)."
        )


def _block(info: ModelInfo, draft: Draft, text: str) -> Block:
    whole = explain(info, text)
    before = whole.probability
    found = (
        whole
        if draft == Draft(text)
        else _answer(info.id, info.version, draft.text, draft.masked, REVIEW.value("baseline"))
    )
    spans = set(draft.masked)
    nodes = [[found.tokens[place] for place in node] for node in nodes_of(found.tokens)]
    tokens = tuple(heatmap_token(node, node[0].used and (node[0].start, node[0].end) in spans) for node in nodes)
    rows: tuple[HeatmapRow, ...] = ()
    if info.has_attention and np.isfinite(found.probability):
        scores = tuple(node[0].attention if node[0].used else None for node in nodes)
        rows = (HeatmapRow(METHODS["attention"].title, "attention", False, scores),)
    change = "" if found is whole else f", was {probability(before)}, Δ {signed(found.probability - before)}"
    return Block(
        info.name,
        verdict(found) + change,
        note(info, found),
        tokens,
        rows,
        found.probability if np.isfinite(found.probability) else None,
    )


def _apply(name: str, draft: Draft) -> None:
    st.session_state[HISTORY] = [*st.session_state[HISTORY], (name, draft)]
    st.session_state[TOKEN] = None


def _typed() -> None:
    before = current(st.session_state[ORIGINAL])
    after = retyped(before, st.session_state[EDITED])
    if after != before:
        _apply("typed", after)


def _undo() -> None:
    st.session_state[HISTORY] = st.session_state[HISTORY][:-1]
    st.session_state[TOKEN] = None


def _clear() -> None:
    st.session_state[HISTORY], st.session_state[TOKEN] = [], None


def _pin() -> None:
    text = st.session_state[HISTORY][-1][1].text
    REVIEW.put(text=text)
    st.session_state[ORIGINAL] = text
    _clear()


@kept(max_entries=12)
def _answer(model_id: str, version: str, text: str, spans: tuple[tuple[int, int], ...], baseline: str) -> Explanation:
    return answer(predictor(model_id, version), Draft(text, spans), baseline)


@kept(max_entries=64)
def _neighbours(model_id: str, version: str, word: str) -> list[Neighbour]:
    return neighbours(predictor(model_id, version), word)


@kept(max_entries=64)
def _asked(model_id: str, version: str, drafts: tuple[tuple[str, Any], ...], baseline: str) -> np.ndarray:
    return probabilities(predictor(model_id, version), [Draft(text, spans) for text, spans in drafts], baseline)


def _probabilities(info: ModelInfo, drafts: Sequence[Draft]) -> np.ndarray:
    asked = tuple((draft.text, draft.masked) for draft in drafts)
    found: np.ndarray = _asked(info.id, info.version, asked, REVIEW.value("baseline"))
    return found


def _history(info: ModelInfo, drafts: Sequence[Draft]) -> np.ndarray:
    """Return P(positive) of each draft, asked one by one: the last edit must not ask for all before it again."""
    return np.array([_probabilities(info, [draft])[0] for draft in drafts])


def _short(word: str) -> str:
    return word if len(word) <= LONGEST_LABEL else f"{word[:LONGEST_LABEL]}…"
