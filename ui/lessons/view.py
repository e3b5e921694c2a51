"""Parts of the Lessons page: the list, the text of a lesson, its question, its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.findings.verdict import Verdict
from sentiment_core.lessons import (
    AnyLesson,
    Lesson,
    MistakeLesson,
    excerpt,
    full_experiment_for,
    measured,
    measured_choice,
    mistakes_of,
    updates_per_epoch,
)
from sentiment_core.lessons.sources import sources_of
from sentiment_core.number_words import counted
from sentiment_core.presets import preset
from sentiment_core.setting_words import say
from sentiment_core.sources import SOURCES
from sentiment_core.store import Experiment
from ui.addresses import LESSON, to_lab, to_lesson, to_train
from ui.kit.experiments import start_button
from ui.kit.notices import as_list, literal
from ui.kit.predictions import beside
from ui.kit.real import twins_are_real
from ui.kit.terms import help_for
from ui.lessons.outside import source_line
from ui.lessons.verdict_words import line, verdict_on
from ui.server.backend import store

CORRECT = "correct"
CLIPPING_LESSONS = {"gradient-norm", "clip-norm", "clip-value"}
OWN_RATE = "It is the rate that this lesson was given, not a choice of yours."
# It answers the question of most lessons.
SEEN_ELSEWHERE = "What the notebook saw, and what was measured here"
HEADINGS = {
    "changed": "What was changed?",
    "diverged": "What broke",
    "learned": "Did it learn?",
    "compared": "Better than the other?",
    "clipped": "How often was it clipped?",
    "spike": "The longest gradient",
    "long gradients": "Long gradients and accuracy",
    "spread": "How steady was it?",
    "twins": "When did the runs part?",
}


def lesson_list(lessons: Sequence[AnyLesson]) -> None:
    """Draw lessons in order, two beside each other."""
    half = -(-len(lessons) // 2)
    for column, part in zip(st.columns(2, gap="large"), (lessons[:half], lessons[half:]), strict=True):
        with column:
            for item in part:
                with st.container(gap=None):
                    to_lesson(item.name).draw(f"**{literal(item.heading)}**")
                    st.caption(literal(item.summary))


def neighbours(item: AnyLesson, lessons: Sequence[AnyLesson]) -> None:
    """Draw the way to the previous one of `lessons`, to the list of all and to the next one."""
    place = lessons.index(item)
    if place:
        other = lessons[place - 1]
        to_lesson(other.name).draw("Previous", icon=":material/arrow_back:", help=literal(other.heading))
    to_lesson().draw("All lessons", icon=":material/list:")
    if place + 1 < len(lessons):
        other = lessons[place + 1]
        to_lesson(other.name).draw(
            "Next", icon=":material/arrow_forward:", icon_position="right", help=literal(other.heading)
        )


def idea(item: AnyLesson) -> None:
    """Draw idea and formula; of a lesson that begins with an exercise only once they were asked for."""
    if isinstance(item, Lesson) and item.exercise and not _solved(item):
        return
    st.markdown(literal(item.idea), help=help_for(item.idea))
    st.latex(rf"\begin{{gathered}} {item.formula} \end{{gathered}}")


def _solved(item: Lesson) -> bool:
    """Draw an exercise and, one after the other, its hint and the way to its solution; return whether that is shown."""
    told = LESSON.value("told")
    st.markdown(f":material/edit: **Exercise.** {literal(item.exercise)}")
    if told is None:
        st.button("Give me a hint", icon=":material/lightbulb:", on_click=partial(LESSON.put, told="hint"))
        return False
    st.markdown(f":material/lightbulb: {literal(item.hint)}")
    if told == "hint":
        st.button("Show the solution", icon=":material/visibility:", on_click=partial(LESSON.put, told="solution"))
        return False
    return True


def code(item: AnyLesson | MistakeLesson) -> None:
    """Draw the code of the lesson, folded, as it stands in the package."""
    if not item.code:
        return
    with st.expander("The code that runs", icon=":material/code:"):
        for reference in item.code:
            found = excerpt(reference)
            st.caption(literal(f"{found.path}, line {found.line}"))
            st.code(found.text, language="python", wrap_lines=True)


def seen_elsewhere(item: Lesson, *, folded: bool = False) -> None:
    """Draw what the notebook saw, and what was measured here; `folded` where the question is still to be answered."""
    counted = preset(item.preset).parameters if item.preset else None
    parameters = "" if counted is None else f" {counted:,} parameters."
    pace = ", 250 updates an epoch" if item.preset else ""
    setting = f"on 32,000 real reviews with 100-d vectors{pace}"
    with st.expander(SEEN_ELSEWHERE, icon=":material/visibility:") if folded else st.container():
        st.caption(literal(f"The notebook, {setting}: {item.notebook}{parameters}"))
        measured_here(item)


def look_for(item: AnyLesson) -> None:
    """Draw what to watch."""
    st.markdown("**What to look for**", help=help_for(" ".join(item.look_for)))
    st.markdown(as_list(item.look_for))


def outside(item: Lesson) -> None:
    """List what the sheet sends its readers to for this lesson; nothing where it names nothing."""
    if found := sources_of(item.name):
        with st.expander("Outside sources", icon=":material/link:"):
            st.markdown("\n".join(f"- {source_line(source)}" for source in found))


def measured_here(item: Lesson) -> None:
    """Draw what this program measured on real reviews: computed from recordings, and what no recording can say."""
    said = [*measured(item), *([item.also_measured] if item.also_measured else [])]
    if not said:
        return
    per_epoch = updates_per_epoch(item)
    pace = f": {per_epoch} updates an epoch, because a tenth of the training reviews validates" if per_epoch else ""
    st.caption(literal(f"Measured here, on 40,000 real reviews{pace}"))
    st.caption(as_list(said))


def setting(config: ExperimentConfig, changes: Mapping[str, str]) -> None:
    """Say what will be trained, and what the link changed."""
    training, data = config.training, config.data
    source = SOURCES[data.source]
    reviews = data.limit or source.count or 0
    runs = f"{len(config.runs)} runs" if len(config.runs) > 1 else "One run"
    padded = ", random batches" if data.batching == "random" else ""
    size = f"{counted(training.epochs, 'epoch')} of {reviews:,} {source.kind}, batch {training.batch_size}{padded}"
    vectors = say("data.embeddings", data.embeddings).split(" (")[0]
    time = "" if changes else " About half a minute on two idle cores."
    st.caption(literal(f"{runs}: {size}, {vectors}, rate {training.learning_rate:g}.{time}"))
    if changes:
        listed = ", ".join(f"{name} = {value[:40]}" for name, value in changes.items())
        st.caption(f"Changed by this link: {literal(listed)}")


def train_links(item: Lesson, config: ExperimentConfig) -> None:
    """Draw the ways into Train: the same experiment to change, and the notebook's own setting."""
    with st.container(horizontal=True):
        change_in_train(config)
        to_train(full_experiment_for(item)).draw(
            "The notebook's full setting",
            icon=":material/school:",
            help="40,000 IMDb reviews, GloVe 100-d, batches of 128. Downloads 212 MB on first use; nothing starts "
            "before you press Train there.",
        )


def change_in_train(config: ExperimentConfig) -> None:
    """Draw the way into Train with an experiment to change."""
    to_train(config).draw("Change it in Train", icon=":material/tune:")


def path_switch(item: Lesson, chosen: MistakeLesson | None) -> None:
    """Draw the switch between the correct path and the mistakes of this lesson; the address remembers it."""
    titles = {CORRECT: "The correct path", **{other.name: other.title for other in mistakes_of(item.name)}}
    if len(titles) == 1:
        return
    current = chosen.name if chosen else CORRECT
    # A key for each state: a widget that kept its own would contradict the address after a link or the back button.
    key = f"lessons:path:{item.name}:{current}"
    st.segmented_control(
        "Mistakes",
        list(titles),
        default=current,
        required=True,
        format_func=lambda name: literal(titles[name]),
        key=key,
        on_change=_take_path,
        args=(key,),
        help="Runs a mistake beside the correct code, on the same batches.",
        # The curves should be seen without scrolling.
        label_visibility="collapsed" if LESSON.value("experiment") else "visible",
    )


def _take_path(key: str) -> None:
    chosen = st.session_state[key]
    LESSON.put(experiment=None, mistake=None if chosen == CORRECT else chosen)


def mistake_text(item: MistakeLesson) -> None:
    """Draw what goes wrong and what to look for."""
    st.markdown("**The mistake**")
    st.markdown(literal(item.what))
    st.markdown("**What to look for**")
    st.markdown(literal(item.look_for))


def variations(item: Lesson) -> None:
    """Draw links to the lesson with something changed, and to the lab that goes deeper."""
    for other in item.variations:
        fields = {name: str(value) for name, value in other.fields.items()}
        to_lesson(item.name, **fields).draw(literal(other.title), icon=":material/alt_route:", help=other.why)
    if item.name in CLIPPING_LESSONS:
        to_lab("clipping").draw(
            "Clipping in depth",
            icon=":material/science:",
            help="By norm, by value and none over several seeds, with Adam or SGD.",
        )


def question(item: AnyLesson) -> str | None:
    """Draw the question; return the choice, None before it is answered."""
    st.markdown("**Predict first**")
    key = f"lessons:answer:{item.name}"
    answer: str | None = st.radio(literal(item.question), item.choices, None, key=key, format_func=literal)
    return answer


def run_button(config: ExperimentConfig, prediction: str | None) -> None:
    """Draw the button that starts a lesson's experiment, once something was predicted."""
    start_button(
        "Run this",
        lambda: [config],
        show,
        prediction=prediction,
        disabled=prediction is None,
        help="Answer first: a prediction made afterwards teaches nothing." if prediction is None else None,
    )


def show(started: list[Experiment]) -> None:
    """Show here what was just started."""
    LESSON.put(experiment=started[0].id)


def leave() -> None:
    """Go back to the question; the experiment stays under Runs."""
    LESSON.put(experiment=None)


def verdict(item: Lesson, experiment: Experiment, mistake: MistakeLesson | None = None) -> None:
    """Draw what the measurements say, with the prediction, or the text of the mistake, beside it."""
    found = verdict_on(store(), experiment)
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        st.header("Verdict", anchor=False)
        st.caption("Worked out from this experiment's own measurements.")
        findings(found)
        twins_are_real(experiment.runs)
    with right:
        if mistake:
            mistake_text(mistake)
            return
        st.header("Your prediction", anchor=False)
        _prediction(item, experiment, found)
        look_for(item)
        seen_elsewhere(item)


def findings(found: Verdict) -> None:
    """Draw the sentence that a verdict begins with, and folded behind it what was measured."""
    if not found.findings:
        st.markdown("No step was measured, so there is nothing to say.")
        return
    first = [finding for finding in found.findings if finding.topic == "summary"]
    for finding in first:
        st.markdown(f"#### {literal(finding.text)}")
    many = len(found.runs) > 1
    with st.expander("What was measured", icon=":material/gavel:", expanded=not first):
        for topic, title in HEADINGS.items():
            if chosen := [finding for finding in found.findings if finding.topic == topic]:
                lines = "\n".join(line(finding, named=many) for finding in chosen)
                st.markdown(f"**{title}**\n{lines}", help=help_for(lines))


def _prediction(item: Lesson, experiment: Experiment, found: Verdict) -> None:
    st.markdown(literal(item.question))
    if beside(experiment.prediction, measured_choice(item, found)):
        st.markdown(literal(item.explanation))
