"""A drawn batch: which words are chosen, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from sentiment_core.artifacts import home
from sentiment_core.config import from_fields
from sentiment_core.datasets import TRAIN, load_reviews
from sentiment_core.pairs import MaskedPairs, Objective, Pairs, masked_pairs, pair_up, prepare_pairs
from sentiment_core.progress import silent
from sentiment_core.wordpiece import MASK_ID, PAD_ID, SPECIAL
from ui.kit.address import Address
from ui.kit.kept import kept
from ui.kit.notices import literal

SHOWN, REVIEWS, PIECES, LONGEST = 6, 300, 1_200, 64
COLOURS = {"masked": "blue", "replaced": "orange", "kept": "green"}
WORDS = {
    "masked": "becomes [MASK]",
    "replaced": "becomes another piece",
    "kept": "stays, and is asked for all the same",
}


def draw(address: Address) -> None:
    """Draw the settings of masking, and what they do to a few pairs."""
    columns = st.columns([1.2, 1.2, 0.8, 1], vertical_alignment="bottom")
    columns[0].slider("Chosen share", 0.01, 0.9, step=0.01, key=address.key("share"))
    columns[1].slider("Of these, become [MASK]", 0.0, 1.0, step=0.05, key=address.key("masked"))
    columns[2].toggle("Whole words", key=address.key("whole"))
    columns[3].button(
        "Draw another batch",
        icon=":material/casino:",
        on_click=lambda: address.put(draw=address.value("draw") % 9_999 + 1),
    )
    masked = address.value("masked")
    objective = Objective(
        share=address.value("share"), masked=masked, replaced=(1 - masked) / 2, whole_words=address.value("whole")
    )
    pairs = replace(_pairs(str(home())), objective=objective)
    drawn = _drawn(pairs, address.value("draw"))
    st.markdown(f"**{literal(counted(drawn))}**")
    st.caption(" · ".join(f":{colour}-background[word] {literal(WORDS[kind])}" for kind, colour in COLOURS.items()))
    for row in range(SHOWN):
        follows = "B follows A" if drawn.follows[row] else "B is of another review"
        with st.container(border=True):
            st.markdown(_written(pairs, drawn, row))
            st.caption(follows)
    st.caption(
        "What is not chosen is left as it is and costs nothing: the loss is that of the coloured words, and of whether "
        "B follows."
    )


def counted(drawn: MaskedPairs) -> str:
    """Return what became of a batch's pieces, in a sentence."""
    words = int((drawn.original >= len(SPECIAL)).sum())
    kinds = {kind: int(where.sum()) for kind, where in _kinds(drawn).items()}
    chosen = sum(kinds.values())
    return (
        f"Of {words:,} pieces {chosen:,} are chosen ({chosen / words:.1%}): {kinds['masked']} become [MASK], "
        f"{kinds['replaced']} another piece, {kinds['kept']} stay. {int(drawn.follows.sum())} of {len(drawn.follows)} "
        "pairs belong together."
    )


def _kinds(drawn: MaskedPairs) -> dict[str, np.ndarray]:
    masked = drawn.chosen & (drawn.token_ids == MASK_ID)
    kept_ = drawn.chosen & (drawn.token_ids == drawn.original)
    return {"masked": masked, "replaced": drawn.chosen & ~masked & ~kept_, "kept": kept_}


def _written(pairs: Pairs, drawn: MaskedPairs, row: int) -> str:
    names, kinds, words = pairs.pieces.vocabulary, _kinds(drawn), []
    for place, (seen, original) in enumerate(zip(drawn.token_ids[row], drawn.original[row], strict=True)):
        if seen == PAD_ID:
            break
        word = literal(names[seen])
        kind = next((kind for kind, where in kinds.items() if where[row, place]), None)
        if kind is None:
            words.append(f"**{word}**" if seen < len(SPECIAL) else word)
        else:
            was = "" if kind == "kept" else f" ← {literal(names[original])}"
            words.append(f":{COLOURS[kind]}-background[{word}{was}]")
    return " ".join(words)


def _drawn(pairs: Pairs, number: int) -> MaskedPairs:
    members = np.flatnonzero(pairs.parts == TRAIN)
    generator = np.random.default_rng(number)
    examples = pair_up(pairs, members, generator)
    return masked_pairs(pairs, examples[generator.choice(len(examples), 64, replace=False)])


@kept(max_entries=1, show_spinner="Learning word pieces")
def _pairs(where: str) -> Pairs:
    data = from_fields({"data.limit": REVIEWS, "data.vocabulary_size": PIECES, "data.pair_tokens": LONGEST}).data
    return prepare_pairs(data, load_reviews(data, silent), [Objective()], 1, silent)[0]
