"""The temporal order lab: how many of five seeds learn it, over lengths and ways to train, and each of them live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from sentiment_core.findings.order_map import (
    LENGTHS,
    SOLVED,
    WAYS,
    MapCell,
    OrderMap,
    experiment,
    shipped,
)
from sentiment_core.findings.order_words import sentences
from sentiment_core.number_words import percent
from sentiment_core.recorded import in_words
from sentiment_core.setting_words import say
from sentiment_core.symbols import EVALUATED, INFORMATIVE, NAMES, draw_sequences
from sentiment_core.tasks import ORDERS
from ui.addresses import lab_address, to_lab, to_train
from ui.kit.address_fields import one_of, one_of_values
from ui.kit.notices import as_list, literal
from ui.kit.plot import plot
from ui.labs import order_here
from ui.labs.inside.predict import predict
from ui.labs.inside.predict import sealed as to_predict
from ui.labs.order_figures import about, figure

ADDRESS = lab_address(
    "temporal-order",
    one_of_values("length", 30, LENGTHS),
    one_of("way", WAYS, "norm", "way of training"),
    order_here.SEEDS_FIELD,
)
CHOICES = {"None or one": range(2), "Two or three": range(2, 4), "Four or five": range(4, 6)}
FIGURE = "lab:temporal-order:map"
QUESTIONED, ASKED = 30, "none"
SHOWN, MOST_SYMBOLS = 3, 80


def draw() -> None:
    """Draw the lab."""
    answered = predict(
        "order",
        f"sequences of {QUESTIONED} symbols, a tanh RNN, no clipping. How many of five seeds learn the order?",
        list(CHOICES),
        _came_true,
    )
    found, sealed = shipped(), None if answered else ASKED
    left, right = st.columns([1.35, 1], gap="large")
    with left:
        st.markdown("**How many of five seeds solve it**")
        plot(
            figure(found, (ADDRESS.value("length"), ADDRESS.value("way")), sealed),
            key=FIGURE,
            on_select=_choose,
            selection_mode="points",
        )
        st.caption(literal(setting(found)))
    with right:
        chosen(sealed)
    if answered:
        st.markdown(as_list(sentences(found)))
    order_here.draw(ADDRESS, sealed)
    st.caption(
        "Other rates, more updates or another network make another map. The paper used 0.01 and far more updates."
    )
    to_lab("clipping-geometry").draw("Why a gradient explodes: the cliff", icon=":material/landscape:")


def chosen(sealed: str | None) -> None:
    """Draw what a cell stands for: examples, how its seeds did but for the way `sealed`, and the way to train it."""
    st.segmented_control("Length", LENGTHS, key=ADDRESS.key("length"), required=True)
    st.selectbox("Way of training", list(WAYS), key=ADDRESS.key("way"), format_func=lambda name: WAYS[name].label)
    length, way = ADDRESS.value("length"), ADDRESS.value("way")
    cell = shipped().cell(length, way)
    if way == sealed:
        st.markdown(f"**{literal(to_predict(WAYS[way].label))}**")
    else:
        st.markdown(f"**{literal(about(cell))}**")
        st.caption(literal(details(cell)))
    with st.container(horizontal=True):
        to_train(experiment(length, [way])).draw("Train this one live", icon=":material/show_chart:")
        to_train(experiment(length)).draw("All four, side by side", icon=":material/compare_arrows:")
    st.markdown("\n".join(_examples(length)))
    st.caption("Which two of A and B were there, in which order? The answer comes after the last symbol.")


def setting(found: OrderMap) -> str:
    """Return what was trained, when it counts as solved, and on what all of it was computed."""
    config = experiment(QUESTIONED)
    model, training = config.model, config.training
    updates = training.epochs * config.data.sequences // training.batch_size
    return (
        f"Solved: at most {SOLVED:.0%} of {EVALUATED['test']:,} new sequences wrong after {updates:,} updates at most. "
        f"{say('training.optimizer', training.optimizer)}, rate {training.learning_rate:g}, batches of "
        f"{training.batch_size}, {model.hidden_size} units, {say('model.initialisation', model.initialisation)} start, "
        f"threshold {training.max_norm:g}. Computed by {in_words(found.made)}, in {found.cpu_seconds / 60:.0f} minutes "
        "of one core. Again: python -m sentiment_core order-map --train FILE."
    )


def details(cell: MapCell) -> str:
    """Return each seed's outcome in one line."""
    said = []
    for outcome in cell.outcomes:
        if outcome.solved:
            said.append(f"seed {outcome.seed} after {outcome.updates:,} updates")
        elif outcome.error is None:
            said.append(f"seed {outcome.seed} gives no numbers any more")
        else:
            said.append(f"seed {outcome.seed} not, {percent(outcome.error)} wrong")
    return f"{'; '.join(said).capitalize()}. Guessing is {1 - 1 / ORDERS:.0%} wrong."


def _choose() -> None:
    points: Sequence[Any] = st.session_state[FIGURE]["selection"]["points"]
    if points:
        length, way = points[0]["customdata"][:2]
        ADDRESS.put(length=length, way=way)


def _came_true() -> tuple[str, str]:
    cell = shipped().cell(QUESTIONED, ASKED)
    name = next(name for name, counts in CHOICES.items() if cell.solved in counts)
    return name, about(cell)


def _examples(length: int) -> list[str]:
    """Return a few sequences in one line of Markdown each, A and B in bold, and their answers."""
    symbols, orders = draw_sequences(length, SHOWN, (0,))
    lines = []
    for row, order in zip(symbols[:, :MOST_SYMBOLS], orders, strict=True):
        shown = " ".join(f"**{NAMES[symbol]}**" if symbol <= INFORMATIVE else NAMES[symbol] for symbol in row)
        answer = "".join(NAMES[1 + place] for place in divmod(int(order), INFORMATIVE))
        lines.append(f"- {shown} → **{answer}**")
    return lines
