"""Each question of the lab as twins: say what you expect, train, and read what the test pairs say."""

from __future__ import annotations

import math

import streamlit as st

from sentiment_core.errors import ConfigError
from sentiment_core.findings.masked_words import NO_ONE, best_of, hold_runs, sentences
from sentiment_core.presets import preset
from sentiment_core.store import Experiment
from sentiment_core.tasks import MASKED_WORDS
from ui.addresses import to_lesson, to_train
from ui.kit.address import Address
from ui.kit.components.live_plot import live_experiment
from ui.kit.experiments import control_row, shown_experiment, start_button
from ui.kit.notices import errors_shown, literal
from ui.kit.prediction import beside

# Of the runs of a preset: which one fills in the words of the test pairs best? And what else there is to see.
TWINS = {
    "bert-direction": "Each word sees both sides, or only what came before it.",
    "bert-masking": "Always [MASK] is the easier exercise. The test masks 80/10/10 for both: what is the catch?",
    "bert-mask-share": "40 % teach more at once and leave less to read. The test chooses 15 % for both.",
    "bert-positions": "Without positions order is lost. Does shuffling matter then? The test shuffles nothing.",
    "bert-next-sentence": "Without the next-sentence loss: do the words gain, and what becomes of [CLS]?",
}
ASKS = "Which one will fill in the test's masked words better?"


def draw(address: Address) -> None:
    """Draw the questions, or the experiment of the address with its verdict."""
    experiment = shown_experiment(address, _check)
    if experiment is None:
        _ask(address)
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


def _ask(address: Address) -> None:
    st.markdown("Two or three networks on the same pairs, different in one thing. Say what you expect, then train.")
    for name, question in TWINS.items():
        config = preset(name).config
        with st.container(border=True):
            st.markdown(f"**{literal(config.name)}.** {literal(question)}")
            said = st.radio(
                ASKS,
                [*(run.name for run in config.runs), NO_ONE],
                None,
                key=f"lab:bert:twins:{name}",
                format_func=literal,
                horizontal=True,
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                start_button(
                    "Train",
                    lambda config=config: [config],  # type: ignore[misc]
                    lambda started: address.put(experiment=started[0].id),
                    prediction=said,
                    key=f"lab:bert:start:{name}",
                    disabled=said is None,
                    help=None if said else "Say first what you expect.",
                )
                to_train(config).draw("On other reviews", icon=":material/tune:")
    st.caption("On the demo reviews as set.")
    to_train(preset("bert-mlm").config).draw("Pre-train one of your own", icon=":material/model_training:")
    to_lesson("bert-cls").draw("What a pre-trained one is worth: fine-tune it with [CLS]", icon=":material/school:")


def _verdict(experiment: Experiment) -> None:
    held = hold_runs(experiment.runs)
    if not held:
        st.info("No two runs of this experiment read the same test pairs to the end, so nothing is said of them.")
        return
    if (said := experiment.prediction) and len(held) == math.comb(len(experiment.runs), 2):
        beside(said, (best_of(held) or NO_ONE) if any(one.readers for one in held) else None)
    for one in held:
        st.markdown("\n".join(f"- {literal(sentence)}" for sentence in sentences(one)))
