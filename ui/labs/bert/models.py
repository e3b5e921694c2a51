"""Which models the BERT lab asks, and what they answer, worked out once for all visitors."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from sentiment_core.artifacts import home
from sentiment_core.explain.catalogue import pair_models
from sentiment_core.explain.fill import SHIPPED, PairReader, PairReading, load_pair_reader, steps_of
from sentiment_core.number_words import percent
from ui.kit.address import Address
from ui.kit.kept import kept
from ui.server.backend import store

GONE = "The model in this link is not here, or has kept no weights yet; another one is shown."
END = "the end"


def choose(address: Address) -> tuple[str, int | None]:
    """Draw which model is asked, and as it was when; return both, None for the end. `address` has model and step."""
    names = {name: f"Ships with the lab: {item.title}" for name, item in SHIPPED.items()}
    names |= {run.id: f"{run.name} ({run.id})" for run in pair_models(store())}
    if address.value("model") not in names:
        st.warning(GONE)
        address.put(model=next(iter(names)), step=None)
    left, right = st.columns([1.2, 1.6], vertical_alignment="bottom")
    left.selectbox(
        "Model",
        list(names),
        key=address.key("model"),
        format_func=names.__getitem__,
        on_change=lambda: address.put(step=None),
    )
    model: str = address.value("model")
    offered = steps(model)
    step = address.value("step")
    if step not in offered:
        st.warning(f"The weights after update {step:,} were not kept; this is how it ended.")
        address.put(step=None)
    if len(offered) > 1:
        right.select_slider(
            "Weights after update",
            offered,
            key=address.key("step"),
            format_func=lambda one: END if one is None else f"{one:,}",
        )
    return model, address.value("step")


def steps(model: str) -> list[int | None]:
    """Return the updates after which the weights of a model were kept, None for the end."""
    return [*steps_of(model, store()), None]


QUANTITIES = ("test_word_loss", "word_guess", "test_pair_accuracy")


def reached(model: str) -> str | None:
    """Return what a model reached on its test pairs beside guessing, in a sentence; None where it was not tested."""
    if model in SHIPPED:
        details = reader(model, None).details
        found, cost = details["test"], f" Trained in {details['cost']}."
    else:
        last = {name: store().diagnostics(model, name)[1][-1:] for name in QUANTITIES}
        found, cost = {name: values[0] for name, values in last.items() if values}, ""
    if set(QUANTITIES) - set(found):
        return None
    words, guess, pairs = (float(found[name]) for name in QUANTITIES)
    return (
        f"On its test pairs at the end a masked word costs {words:.2f} nats, guessing by frequency {guess:.2f}; next "
        f"sentences {percent(pairs)} right, guessing 50%. Nats: −ln of the probability of the right word, here as if "
        f"it were {math.exp(-words):.1%} each time; by frequency {math.exp(-guess):.1%}.{cost}"
    )


def read(model: str, step: int | None, first: str, second: str, gaps: tuple[int, ...]) -> PairReading:
    """Return what a model makes of one text or two; raise `SentimentLabError`."""
    found: PairReading = _read(str(home()), model, step, reader(model, step), first, second, gaps)
    return found


def reader(model: str, step: int | None) -> PairReader:
    """Return a model; another one whenever its weights have been written anew. Raises `SentimentLabError`."""
    return load_pair_reader(model, store(), step)


@kept(max_entries=200, hash_funcs={PairReader: id})
def _read(
    where: str, model: str, step: int | None, asked: Any, first: str, second: str, gaps: tuple[int, ...]
) -> PairReading:
    answer: PairReading = asked.read(first, second, gaps)
    return answer
