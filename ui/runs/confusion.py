"""The confusion matrix of a run on its test reviews, the reviews behind each number, and the way to Explain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from sentiment_core.config import build
from sentiment_core.data_view.job import REVIEWS, arguments_for
from sentiment_core.datasets import check_here, load_reviews
from sentiment_core.errors import SentimentLabError
from sentiment_core.metrics import Balance
from sentiment_core.number_words import percent, probability
from sentiment_core.predictions import (
    CELLS,
    ConfusionCell,
    Predictions,
    check_same_reviews,
    confusion,
    of_cell,
    read_predictions,
)
from sentiment_core.settings import DataConfig
from ui.addresses import RUNS, to_explain
from ui.kit.choice import choice
from ui.kit.kept import kept
from ui.kit.notices import literal, show_error
from ui.kit.reading_first import read_first
from ui.kit.terms import caption
from ui.runs.table import Entry, labels

REVIEWS_A_PAGE = 8
SHOWN_CHARACTERS = 120
WORDS = ("negative", "positive")


def draw_confusion(chosen: Sequence[Entry]) -> None:
    """Draw the matrix of one of the selected runs, and the reviews of the cell that is chosen."""
    tested: dict[str, tuple[Entry, Predictions]] = {}
    for entry in chosen:
        try:
            found = read_predictions(entry.run)
        except SentimentLabError as error:
            show_error(error)
            continue
        if found is not None:
            tested[entry.run.id] = (entry, found)
    if not tested:
        return
    st.header("Right and wrong on the test reviews", anchor=False)
    entry, found = tested[_choose_run(tested)]
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        threshold = _matrix(found)
    with right:
        cell = CELLS.get(RUNS.value("cell") or "")
        if cell is None:
            st.caption("Choose a number to read its reviews, those that the model was surest about first.")
        else:
            _reviews(entry, found, cell, threshold)


def _choose_run(tested: dict[str, tuple[Entry, Predictions]]) -> str:
    first = next(iter(tested))
    if RUNS.value("of") not in tested:
        RUNS.put(of=first)
    if len(tested) > 1:
        names = labels([entry for entry, _ in tested.values()])
        return choice(RUNS, "of", "Run", {run: literal(names[run]) for run in tested})
    return first


def _matrix(found: Predictions) -> float:
    counts = confusion(found.probabilities, found.labels, RUNS.value("threshold"))
    grid = st.grid(3, min_column_width=80, wrap=False, vertical_alignment="center")
    grid.markdown("")
    for word in WORDS:
        grid.markdown(f"read as **{word}**", text_alignment="center")
    for label, word in enumerate(WORDS):
        grid.markdown(f"truly **{word}**")
        for predicted in (0, 1):
            cell = ConfusionCell(label, predicted)
            grid.button(
                f"{counts[label, predicted]:,}",
                key=f"cell:{cell.name}",
                type="primary" if RUNS.value("cell") == cell.name else "secondary",
                icon=":material/check:" if label == predicted else ":material/close:",
                width="stretch",
                help=f"Reviews that are {word} and were read as {WORDS[predicted]}",
                on_click=_open_cell,
                args=(cell.name,),
            )
    answered = int(counts.sum())
    if answered:
        chance = Balance(answered, int(counts[1].sum())).chance
        st.caption(
            f"{percent(np.trace(counts) / answered, 1)} of {answered:,} reviews are read right; always naming the more "
            f"frequent class would read {percent(chance, 1)} right."
        )
    if answered < len(found):
        caption(f"For {len(found) - answered:,} reviews the model gave no answer: its training diverged.")
    st.slider(
        "Read as positive from P(positive) of",
        0.05,
        0.95,
        step=0.05,
        key=RUNS.key("threshold"),
        help="The accuracies in the table are measured at 0.5.",
    )
    return float(RUNS.value("threshold"))


def _open_cell(name: str) -> None:
    RUNS.put(cell=name)


def _reviews(entry: Entry, found: Predictions, cell: ConfusionCell, threshold: float) -> None:
    places = of_cell(found, cell, threshold)
    st.markdown(f"**{len(places):,}** {WORDS[cell.label]} reviews read as {WORDS[cell.predicted]}, surest first")
    if not len(places):
        st.caption("There is none. That may be good news.")
        return
    try:
        check_here(entry.run.config.data)
        if read_first(entry.run.config.data) is None:
            return
        texts = test_texts(entry, found)
    except SentimentLabError as error:
        show_error(error)
        return
    pages_needed = -(-len(places) // REVIEWS_A_PAGE)
    page = 1
    top = st.container(gap=None)
    if pages_needed > 1:
        page = st.pagination(pages_needed, key=f"confusion:page:{entry.run.id}:{cell.name}:{threshold}")
    with top:
        for place in places[(page - 1) * REVIEWS_A_PAGE :][:REVIEWS_A_PAGE]:
            index = int(found.indices[place])
            text = texts[index]
            if st.button(
                f"**{probability(found.probabilities[place])}**  {literal(_first_words(text))}",
                key=f"review:{index}",
                type="tertiary",
                icon=":material/highlight:",
                help="Open in Explain",
                wrap=False,
            ):
                to_explain([entry.run.id], text).follow()


def test_texts(entry: Entry, found: Predictions) -> dict[int, str]:
    """Return the tested reviews by index; raise `SentimentLabError` when they are gone or have changed."""
    question = REVIEWS.written(arguments_for(entry.run.config.data))
    return _load_texts(question, found.indices.tobytes(), _Tested(found))


class _Tested:
    """Wraps what Streamlit's cache need not look at: the bytes of the indices are its key already."""

    def __init__(self, found: Predictions) -> None:
        self.found = found


@kept(max_entries=4, show_spinner="Loading the reviews", hash_funcs={_Tested: lambda _: 0})
def _load_texts(question: str, indices: bytes, tested: _Tested) -> dict[int, str]:
    data = build(DataConfig, REVIEWS.read(question).data)
    check_here(data)
    reviews = load_reviews(data)
    check_same_reviews(tested.found, reviews)
    # Only the test part is kept: a server that has loaded 50,000 reviews should not hold them all.
    return {int(index): reviews.texts[index] for index in tested.found.indices}


def _first_words(text: str) -> str:
    line = " ".join(text[: 4 * SHOWN_CHARACTERS].replace("<br />", " ").split())
    return line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS].rsplit(" ", 1)[0] + " …"
