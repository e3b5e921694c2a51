"""What the address of each page says, and links to it: a page knows no other page's parameters or session.

A lab's own address is declared in its module. Longer than other files: it is one table, with the ways that it opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from sentiment_core.config import ExperimentConfig, choices, from_fields, to_query
from sentiment_core.explain import BASELINES, DEFAULT_BASELINE, METHODS
from sentiment_core.explain.study_question import LEAST_REVIEWS, MOST_REVIEWS, MOST_SEED
from sentiment_core.findings.twin_grid import FIRST_RATE, FIRST_THRESHOLD, RATES, THRESHOLDS
from sentiment_core.inside.measures import MOST_PADDING
from sentiment_core.lessons import BERT_LESSONS, LESSONS, QUESTIONS, Place
from sentiment_core.metrics import Status
from sentiment_core.predictions import CELLS
from sentiment_core.presets import PRESETS
from sentiment_core.seeds import parse_seeds
from sentiment_core.sources import SOURCES
from sentiment_core.steps.inside import USUAL_EVERY
from ui.kit.address import Address, hand_over
from ui.kit.address_fields import (
    LONGEST_TEXT,
    Field,
    checked,
    decimal,
    identifier,
    one_of,
    one_of_values,
    several,
    text,
    whole,
)
from ui.kit.components.live_plot import AXES
from ui.kit.examples import EXAMPLES
from ui.kit.own_vectors import vectors
from ui.kit.uploads import upload, without_folders
from ui.pages import page

# For the lecture hall: only what one looks at, in large letters.
PRESENT = one_of("present", ("1",), None, nothing="the whole page")
HOME = Address(
    "home",
    "home",
    (one_of_values("rate", FIRST_RATE, RATES), one_of_values("threshold", FIRST_THRESHOLD, THRESHOLDS), PRESENT),
)

TRAIN = Address(
    "train",
    "train",
    (
        identifier("experiment"),
        PRESENT,
        # Which of the experiment's runs is presented; none: all.
        identifier("only", title="run"),
        # A short link that lasts; further settings in it go on top.
        one_of("preset", PRESETS, None),
        # Empty for a single one, which is among the settings.
        checked("seeds", "", parse_seeds),
    ),
    settings=True,
)

# The exercise sheet, first of the lessons.
SHEET = "sheet"
TEACHING = "teaching"
GLOSSARY = "glossary"
LESSON = Address(
    "lessons",
    "lessons",
    (
        one_of(
            "lesson",
            [SHEET, TEACHING, GLOSSARY, *(item.name for item in LESSONS), *(item.name for item in BERT_LESSONS)],
            None,
            nothing="all of them",
        ),
        one_of("question", [item.name for item in QUESTIONS], None, nothing="the whole sheet"),
        # Of an exercise that a lesson begins with: what has been given away.
        one_of("told", ("hint", "solution"), None, nothing="nothing"),
        identifier("mistake"),
        identifier("experiment"),
        one_of("watch", ("recorded",), None),
        PRESENT,
        # How much padding the glass shows; without it, the glass is closed.
        whole("glass", 0, MOST_PADDING, None, "padding behind the review", say=lambda value: str(value or "closed")),
    ),
    settings=True,
    remembers=False,
)

RUNS = Address(
    "runs",
    "runs",
    (
        text("filter", 200),
        one_of("status", [str(status) for status in Status], None, nothing="all are listed"),
        one_of("source", choices("data.source"), None, nothing="all are listed"),
        whole("page", 1, 999_999, 1),
        several("runs", 50),
        one_of("group", {"seed": "by everything but the seed"}, None, nothing="each run by itself"),
        one_of("x", AXES, "step", "axis of the curves"),
        one_of("cell", CELLS, None, "cell of the confusion matrix"),
        identifier("of", title="run of the confusion matrix"),
        decimal("threshold", 0.05, 0.95, 0.5),
    ),
)

CURVES = {"each": "Each curve", "mean": "Mean over seeds"}
ROOM_VIEWS = {"class": "The class", "fool": "Fool the model"}
ROOM = Address(
    "room",
    "room",
    (
        text("code", 5),
        one_of("view", ROOM_VIEWS, "class"),
        one_of("curves", CURVES, "each"),
        identifier("model", "pretrained"),
    ),
)

VIEWS = {"review": "One review", "file": "A file of reviews", "study": "Over a test set"}
VIEW = one_of("view", VIEWS, "review")
# Integrated gradients take five to ten times as long as occlusion on a steep model: on request only.
FIRST_METHODS = ("attention", "occlusion_delete")
TARGETS = {"predicted": "The class it predicts", "positive": "Positive", "negative": "Negative"}
SECTIONS = {
    "along": "Reading along",
    "layers": "Layers and heads",
    "edit": "Edit",
    "agreement": "Agreement",
    "faithfulness": "Faithfulness",
    "table": "Table",
}
MOST_MODELS, MOST_METHODS, MOST_LAYERS = 3, 20, 4
# No model reads more than 4,000 tokens, a quarter of this.
MOST_CHARACTERS = 100_000


def offered() -> list[str]:
    """Return the explanation methods that the pages offer: all but the control."""
    return [name for name in METHODS if name != "random"]


REVIEW = Address(
    "explain",
    "explain",
    (
        text("text", MOST_CHARACTERS, EXAMPLES["Mixed feelings"], "review"),
        several("models", MOST_MODELS),
        several("methods", MOST_METHODS, offered, FIRST_METHODS),
        one_of("target", TARGETS, "predicted", "class to explain"),
        one_of("baseline", BASELINES, DEFAULT_BASELINE),
        one_of("below", SECTIONS, "along", "section below the review"),
        # Of a Transformer, from below; none: its last.
        whole("layer", 1, MOST_LAYERS, None, say=lambda value: str(value or "last")),
        text("edited", MOST_CHARACTERS, title="edited review"),
        text("masked", MOST_CHARACTERS, title="list of masked words"),
    ),
    part={"view": "review"},
)

# A file is named instead of a source.
FILE = "csv"
SHOWN = {
    "mistakes": "Mistakes",
    "false_positives": "Called positive, are negative",
    "false_negatives": "Called negative, are positive",
    "all": "All",
}
REVIEW_FILE = Address(
    "explain",
    "file",
    (
        identifier("model", "pretrained", always=True),
        upload("data", "demo", ("demo", "own", FILE), FILE),
        decimal("threshold", 0, 1, 0.5),
        one_of("show", SHOWN, "mistakes", "choice of reviews"),
    ),
    part={"view": "file"},
)
STUDY = Address(
    "explain",
    "study",
    (
        identifier("model", "pretrained", always=True),
        upload("data", "demo", ("demo", "own", FILE), FILE),
        whole("sample", LEAST_REVIEWS, MOST_REVIEWS, 100, "number of reviews"),
        whole("seed", 0, MOST_SEED, 0),
        several("methods", MOST_METHODS, offered, None),
    ),
    part={"view": "study"},
)

TABS = {
    "overview": "Overview",
    "coverage": "Coverage",
    "reviews": "Reviews",
    "padding": "Padding",
    "words": "Words",
}
BATCH_SIZES = (16, 32, 64, 128, 256)
DATA = Address(
    "data",
    "data",
    (
        one_of("tab", TABS, "overview", always=True),
        one_of("source", SOURCES, "demo"),
        upload("file", ""),
        one_of("tokenizer", choices("data.tokenizer"), "unified"),
        one_of("embeddings", ("glove-50", "glove-100", "own"), "glove-50"),
        vectors("vectors"),
        whole("max_tokens", 1, 10_000, 400),
        one_of("keep", choices("data.keep"), "head"),
        text("search", 200),
        one_of("label", ("all", "positive", "negative"), "all"),
        one_of("part", ("all", "train", "validation", "test"), "all"),
        whole("page", 1, 999_999, 1),
        whole("review", 0, 999_999, 0),
        one_of_values("batch_size", 64, BATCH_SIZES),
        whole("batch", 1, 999_999, 1),
        text("word", 100, "wonderful"),
        text("words", 1000, "good great wonderful excellent bad terrible awful boring film movie actor director"),
    ),
)

LAB = identifier("lab")
ALL_LABS = Address("labs", "labs", (), remembers=False)


def lab_address(name: str, *fields: Field) -> Address:
    """Return the address of the lab `name`."""
    return Address("labs", f"lab:{name}", fields, part={LAB.name: name})


@dataclass(frozen=True)
class Link:
    """A way to a page: what its address says, and what is handed over because it does not fit into one."""

    page: str
    query: Mapping[str, str] = field(default_factory=dict)
    handed: Mapping[str, Any] = field(default_factory=dict)

    def draw(self, label: str, **options: Any) -> None:
        """Draw the link, with options of `st.page_link`; `label` is Markdown."""
        if not self.handed:
            st.page_link(page(self.page), label=label, query_params=dict(self.query), **options)
        elif st.button(label, **options):
            self.follow()

    def follow(self) -> None:
        """Go there."""
        hand_over(self.page, **self.handed)
        st.switch_page(page(self.page), query_params=dict(self.query))


def to_train(config: ExperimentConfig | None = None, *, experiment: str | None = None) -> Link:
    """Return the way to Train: to `experiment`, or to the form filled with `config`."""
    settings = without_folders(to_query(config)) if config else {}
    return Link("train", TRAIN.query(experiment=experiment, settings=settings))


def watching(config: ExperimentConfig) -> ExperimentConfig:
    """Return the same experiment with its inside watched."""
    return from_fields({"watch_every": config.watch_every or USUAL_EVERY}, config)


def to_lesson(name: str | None = None, **settings: str) -> Link:
    """Return the way to a lesson with some settings changed; without a name, to the list of lessons."""
    return Link("lessons", LESSON.query(lesson=name, settings=settings))


def to_sheet(question: str | None = None) -> Link:
    """Return the way to the exercise sheet, or to one of its questions."""
    return Link("lessons", LESSON.query(lesson=SHEET, question=question))


def to_teaching() -> Link:
    """Return the way to the plans for a lecture."""
    return Link("lessons", LESSON.query(lesson=TEACHING))


def to_glossary() -> Link:
    """Return the way to the glossary."""
    return Link("lessons", LESSON.query(lesson=GLOSSARY))


def to_runs(runs: Sequence[str] = (), *, by_seed: bool = False) -> Link:
    """Return the way to the list of runs, `runs` selected; `by_seed`: to the settings over their seeds."""
    return Link("runs", RUNS.query(runs=list(runs), group="seed" if by_seed else None))


def to_explain(models: Sequence[str] = (), review: str = "") -> Link:
    """Return the way to what `models`, the first few of them, say about `review`."""
    asked = {"models": list(models[:MOST_MODELS]), **({"text": review} if review else {})}
    return Link("explain", REVIEW.query(**asked), asked if len(review) > LONGEST_TEXT else {})


def to_lab(name: str | None = None, **fields: str) -> Link:
    """Return the way to a lab with `fields` of its address; without a name, to the list of labs."""
    return Link("labs", {} if name is None else {LAB.name: name, **fields})


def to_glass(models: Sequence[tuple[str, int | None]], *, padding: int = 0, review: str = "") -> Link:
    """Return the way into the Glass RNN: the first two of `models`, each after an update or as kept last.

    A review that does not fit into an address stays out.
    """
    said = {"padding": str(padding)} if padding else {}
    said |= {"text": review} if 0 < len(review) <= LONGEST_TEXT else {}
    for (name, step), side in zip([*models, ("none", None)][:2], ("", "beside_"), strict=True):
        said |= {"beside" if side else "model": name} | ({} if step is None else {f"{side}step": str(step)})
    return to_lab("glass-rnn", **said)


def to_place(place: Place) -> Link:
    """Return the way to a place that a lesson's text points to."""
    return Link(place.page, dict(place.query))
