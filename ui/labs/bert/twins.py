"""Each question of the lab as twins: say what you expect, train, and read what the test pairs say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError
from sentiment_core.findings.masked_words import NO_ONE, Held, best_of, hold_runs, reached, sentences
from sentiment_core.findings.recorded_words import PRETRAINING, PRETRAININGS, TWINS, Recorded
from sentiment_core.findings.twins import differing
from sentiment_core.presets import preset
from sentiment_core.recorded import PREFIX, recording
from sentiment_core.sources import SOURCES
from sentiment_core.store import Experiment
from sentiment_core.tasks import MASKED_WORDS
from ui.addresses import to_lesson, to_train
from ui.kit.address import Address
from ui.kit.components.live_plot import live_experiment
from ui.kit.experiments import control_row, shown_experiment, start_button
from ui.kit.notices import as_list, errors_shown, literal
from ui.kit.predictions import beside

ASKS = "Which one will fill in the test's masked words better?"
# What can be asked here: the recorded pre-training, and the twins.
ASKED = (PRETRAINING, *TWINS)


def draw(address: Address) -> None:
    """Draw the recordings and the questions, or the experiment of the address with its verdict."""
    experiment = shown_experiment(address, _check)
    if experiment is None:
        _choose(address)
        return
    with control_row(experiment, "Other twins", lambda: address.put(experiment=None)):
        st.caption(literal(experiment.name))
    if experiment.status.is_active:
        st.caption("The verdict stands here once the test pairs were read, at the end.")
    else:
        with errors_shown():
            _verdict(experiment)
    live_experiment(experiment.id, experiment.status, height=400)


def _check(experiment: Experiment) -> None:
    if experiment.config.task != MASKED_WORDS:
        raise ConfigError(f"experiment {experiment.id} trained no masked language model; choose one of the twins here")


def _choose(address: Address) -> None:
    titles = {PRETRAINING: "Pre-training on real reviews"} | {name: preset(name).config.name for name in TWINS}
    st.pills("Watch", list(ASKED), key=address.key("asked"), format_func=titles.__getitem__, required=True)
    asked = address.value("asked")
    found = PRETRAININGS.read().recordings.get(asked)
    if asked == PRETRAINING:
        _pretraining(found)
    else:
        _ask(address, asked, found)


def _pretraining(found: Recorded | None) -> None:
    if found is not None and found.reached is not None:
        st.markdown(as_list(found.sentences))
        _curves(PRETRAINING, found)
    to_train(preset("bert-mlm").config).draw("Pre-train one of your own", icon=":material/model_training:")
    to_lesson("bert-cls").draw("What a pre-trained one is worth: fine-tune it with [CLS]", icon=":material/school:")


def _ask(address: Address, name: str, found: Recorded | None) -> None:
    config = preset(name).config
    st.markdown(f"**{literal(config.name)}.** {literal(TWINS[name])}")
    said = st.radio(
        ASKS,
        [*(run.name for run in config.runs), NO_ONE],
        None,
        key=f"lab:bert:twins:{name}",
        format_func=literal,
        horizontal=True,
    )
    if said is None:
        st.caption("Same pairs, same start, different in one thing. Say what you expect, and the answer stands here.")
    elif found is not None:
        _compare(said, found.held, len(config.runs))
        _curves(name, found)
        if told := grown_apart(recording(name).recorded.config, config):
            st.caption(literal(told))
    with st.container(horizontal=True, vertical_alignment="center"):
        start_button(
            "Train them yourself",
            lambda: [config],
            lambda started: address.put(experiment=started[0].id),
            prediction=said,
            key=f"lab:bert:start:{name}",
            disabled=said is None,
            help=None if said else "Say first what you expect.",
        )
        to_train(config).draw("On other reviews", icon=":material/tune:")


def _curves(name: str, found: Recorded) -> None:
    """Draw a recording's curves, and what it took."""
    kept = recording(name).recorded
    updates = f"{max(run.steps for run in kept.runs):,} updates"
    st.caption(
        literal(
            f"Recorded on {SOURCES[kept.config.data.source].kind}: {updates} in {found.cost}. Seed {kept.config.seed}; "
            "nothing is trained now."
        )
    )
    live_experiment(PREFIX + name, kept.status, height=400, key=f"lab:bert:recorded:{name}")


def grown_apart(recorded: ExperimentConfig, now: ExperimentConfig) -> str:
    """Say in which settings a recording and what is trained here today differ; empty where in none."""
    found = "; ".join(one.words for one in differing(recorded, now))
    return f"Training them here differs from the recording, which is older: {found}." if found else ""


def _verdict(experiment: Experiment) -> None:
    held = hold_runs(experiment.runs)
    if not held:
        for run in experiment.runs:
            if alone := reached(run):
                st.markdown(as_list(f"{run.name}: {sentence}" for sentence in alone.sentences))
        if len(experiment.runs) > 1:
            st.info("No two runs of this experiment read the same test pairs to the end, so nothing is said of them.")
        return
    _compare(experiment.prediction, held, len(experiment.runs))


def _compare(expected: str | None, held: Sequence[Held], runs: int) -> None:
    """Say what was expected of so many runs beside what was measured."""
    if expected and len(held) == math.comb(runs, 2):
        beside(expected, (best_of(held) or NO_ONE) if any(one.readers for one in held) else None)
    for one in held:
        st.markdown(as_list(sentences(one)))
