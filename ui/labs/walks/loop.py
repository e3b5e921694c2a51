"""The training loop line by line: one update on real reviews, with what each line changed beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
import torch

from sentiment_core.batches import Batch, collate, plan_epoch
from sentiment_core.clipping import RULES
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.corpus import Corpus, prepare
from sentiment_core.datasets import TRAIN, load_reviews
from sentiment_core.inside.walks.update import LINES, ORDERS, After, walk_through
from sentiment_core.number_words import percent
from sentiment_core.progress import silent
from sentiment_core.setting_words import say
from ui.kit.choice import choice
from ui.kit.components.walk import CodeLine, program
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.terms import caption
from ui.labs.inside import reviews
from ui.labs.inside.settings import Settings, number, one_of
from ui.labs.walks.recap import recap

UPDATES, REVIEWS, WORDS, UNITS = 6, 400, 60, 32
VIEWS = {"loop": "One update", "recap": "The hyperparameters"}
ORDER_NAMES = {
    "right": "As it should be",
    "no_zero_grad": "Without zero_grad",
    "clip_after_step": "Clip after the step",
    "clip_before_backward": "Clip before backward",
}
ABOUT = {
    "no_zero_grad": "Every backward adds to what the last one left: the second update follows the sum of two "
    "gradients, the third that of three.",
    "clip_after_step": "The weights have moved by the whole gradient already. What is clipped afterwards nobody uses.",
    "clip_before_backward": "There is no gradient yet that could be clipped, and the one that comes is taken whole.",
}
SETTINGS = Settings(
    "loop",
    one_of("view", "loop", list(VIEWS)),
    number("update", 1, 1, UPDATES),
    number("line", len(LINES), 1, len(LINES)),
    one_of("optimizer", "sgd", ["sgd", "adam"]),
    one_of("rate", 0.5, [0.001, 0.01, 0.1, 0.5, 2.0]),
    one_of("clipping", "norm", list(RULES)),
    one_of("threshold", 0.25, [0.01, 0.05, 0.1, 0.25, 0.5, 1.0]),
    one_of("order", "right", list(ORDERS)),
    number("seed", 1, 1, 99),
    *reviews.SETTINGS,
)
ADDRESS = SETTINGS.address


def draw() -> None:
    """Draw the lab."""
    with st.container(horizontal=True, vertical_alignment="center"):
        view = choice(ADDRESS, "view", "View", VIEWS)
        st.space("stretch")
        data = reviews.choose(SETTINGS) if view == "loop" else None
    if view == "recap":
        recap()
        return
    if data is not None:
        one_update(*data)


def one_update(source: str, path: str | None) -> None:
    """Draw the loop beside what its present line changed."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        optimizer = SETTINGS.choice("optimizer", "Optimizer", partial(say, "training.optimizer"))
        rate = SETTINGS.choice("rate", "Learning rate")
        clipping = SETTINGS.choice("clipping", "Clipping", lambda name: RULES[name].label)
        if RULES[clipping].threshold:
            SETTINGS.choice("threshold", "Threshold")
        SETTINGS.pick("order", "The loop", ORDER_NAMES.__getitem__)
    threshold, order, seed = (SETTINGS[name] for name in ("threshold", "order", "seed"))
    updates = _updates(source, path, optimizer, rate, clipping, threshold, order, seed)
    seen = updates[SETTINGS["update"] - 1]
    at_line = min(SETTINGS["line"], len(seen))
    left, right = st.columns([1, 1], gap="large")
    with left:
        _buttons(at_line, len(seen))
        picked = program(_lines(seen, at_line), key="lab:loop:program")
        if picked is not None and picked + 1 != at_line:
            ADDRESS.put(line=picked + 1)
            st.rerun()
        if order in ABOUT:
            st.warning(ABOUT[order], icon=":material/error:")
        first = updates[0][-1].loss, updates[-1][-1].loss
        caption(
            f"Loss of the batch at update 1: {first[0]:.4f}, at update {len(updates)}: {first[1]:.4f}; each update has "
            f"other reviews. A tanh RNN of {UNITS} units, batches of 32 training reviews, at most {WORDS} words each."
        )
    with right:
        now = seen[at_line - 1]
        st.markdown(f"**{literal(now.line.says)}**")
        _table(now)


def _buttons(at_line: int, count: int) -> None:
    update = SETTINGS["update"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Back",
            icon=":material/arrow_back:",
            disabled=(update, at_line) == (1, 1),
            on_click=_back,
            args=(at_line, count),
        )
        st.button(
            "Next line",
            icon=":material/arrow_forward:",
            icon_position="right",
            type="primary",
            disabled=(update, at_line) == (UPDATES, count),
            on_click=_next,
            args=(at_line, count),
        )
        st.button(
            "Again",
            icon=":material/replay:",
            help="Update 1 from other first weights, on other batches.",
            on_click=_again,
        )
        st.caption(f"Update {update} of {UPDATES}, line {at_line}", width="content")


def _lines(seen: Sequence[After], at_line: int) -> list[CodeLine]:
    lines = []
    for at, after in enumerate(seen, start=1):
        state = "now" if at == at_line else "past" if at < at_line else "later"
        lines.append(CodeLine(after.line.code, state, note(after) if at <= at_line else ""))
    return lines


def note(after: After) -> str:
    """Return the numbers beside a line that has run."""
    length = "no gradient" if after.gradient is None else f"gradient {after.gradient:.3f} long"
    if after.line.name == "forward":
        return f"{percent(after.right)} right"
    if after.line.name == "loss":
        return f"loss {after.loss:.4f}"
    if after.line.name == "clip":
        return f"{after.before_clipping:.3f} before, {after.gradient or 0:.3f} after"
    if after.line.name == "step":
        return f"update {after.update:.4f} long; same batch again: loss {after.again:.4f}"
    return length


def _table(after: After) -> None:
    rows: list[dict[str, Any]] = [
        {
            "Weights": one.name.replace("encoder.forward_layers.0.", "rnn."),
            "Shape": "×".join(map(str, one.shape)),
            "Gradient": one.gradient,
            "Update": one.update,
            "Update ÷ weights": one.update / one.weights if one.weights else np.nan,
            "Moved": one.moved,
        }
        for one in after.parameters
    ]
    numbers = {name: st.column_config.NumberColumn(format="%.4f") for name in ("Gradient", "Update")}
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            **numbers,
            "Update ÷ weights": st.column_config.NumberColumn(
                format="%.1e", help="makemore part 3 takes 1e-3 as a guide."
            ),
            "Moved": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        },
    )
    st.caption("Lengths (L2 norms). Moved: the share of a matrix's numbers that this update has changed so far.")


def _next(at_line: int, count: int) -> None:
    ADDRESS.put(**({"line": at_line + 1} if at_line < count else {"line": 1, "update": SETTINGS["update"] + 1}))


def _back(at_line: int, count: int) -> None:
    ADDRESS.put(**({"line": at_line - 1} if at_line > 1 else {"line": count, "update": SETTINGS["update"] - 1}))


def _again() -> None:
    ADDRESS.put(update=1, line=1, seed=SETTINGS["seed"] % 99 + 1)


@kept(max_entries=64)
def _updates(
    source: str,
    path: str | None,
    optimizer: str,
    rate: float,
    clipping: str,
    threshold: float,
    order: str,
    seed: int,
) -> list[list[After]]:
    field = RULES[clipping].field
    settings = {
        "seed": seed,
        "model.hidden_size": UNITS,
        "training.optimizer": optimizer,
        "training.learning_rate": rate,
        "training.clipping": clipping,
        **({field: threshold} if field else {}),
    }
    config = from_fields(settings)
    corpus = _corpus(source, path)
    return walk_through(config, torch.from_numpy(corpus.matrix), _batches(corpus, config), UPDATES, order)


def _batches(corpus: Corpus, config: ExperimentConfig) -> list[Batch]:
    members = np.flatnonzero((corpus.parts == TRAIN) & (corpus.lengths > 0))
    plan = plan_epoch(members, corpus.lengths, 32, "random", config.seed, 1)
    return [collate(corpus, rows) for rows in plan[:UPDATES]]


@kept(max_entries=4, show_spinner="Reading the reviews")
def _corpus(source: str, path: str | None) -> Corpus:
    config = from_fields(
        {
            "data.source": source,
            "data.limit": REVIEWS,
            "data.max_tokens": WORDS,
            **({"data.path": path} if path else {}),
        }
    )
    return prepare(config.data, load_reviews(config.data), config.seed, silent)
