"""The Train form: Data, Model and Optimisation side by side; what rarely matters sits in `More`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sentiment_core.clipping import RULES
from sentiment_core.config import ExperimentConfig, from_fields, matters
from sentiment_core.errors import ConfigError, SentimentLabError
from sentiment_core.findings import twin_grid
from sentiment_core.findings.twin_grid import FIRST_RATE, FIRST_THRESHOLD
from sentiment_core.presets import PRESETS, preset
from sentiment_core.settings import DataConfig
from sentiment_core.sources import SOURCES, Source
from sentiment_core.steps.inside import USUAL_EVERY
from sentiment_core.tasks import TASKS, WORD_PIECES
from ui.kit.notices import literal, show_error
from ui.kit.own_vectors import choose_vectors, read_vectors_first
from ui.kit.uploads import about_words, check_upload, in_users_words, reviews_file
from ui.train.compare import CHOICE, CLIPPING, compare_control, load_runs
from ui.train.fields import draft, edit, load_draft, widget_key
from ui.train.names import named_as, own_fields
from ui.train.pretrained import pretrained_control
from ui.train.seeds import seeds_control

PRESET = "widget:preset"
# (the vectors that the last recipe brought, the user's own choice of them)
BROUGHT = "vectors brought"


def start_fresh() -> None:
    """Fill the form with what a newcomer should see first: the twin with and without clipping that Home plays."""
    unnamed = {"name": ExperimentConfig().name}
    start_editing(from_fields(unnamed, twin_grid.setting(FIRST_RATE, FIRST_THRESHOLD)))
    st.session_state[CHOICE] = CLIPPING


def start_editing(config: ExperimentConfig) -> None:
    """Fill the form with `config`. Call before it is drawn, or in a callback."""
    load_draft(config)
    load_runs(config)
    named_as(config)


def preset_control(leave: Callable[[], None]) -> None:
    """Draw the choice of a starting point; choosing fills the form and calls `leave`, so that the form is seen."""
    titles = {name: item.title for name, item in PRESETS.items()}
    st.selectbox(
        "Start from",
        list(titles),
        None,
        titles.__getitem__,
        placeholder="Start from a preset",
        key=PRESET,
        on_change=_apply_preset,
        args=(leave,),
        help="The course notebook's ladder: each rung changes one thing.",
        label_visibility="collapsed",
    )


def preset_note() -> None:
    """Say what the chosen starting point is."""
    name = st.session_state.get(PRESET)
    if name:
        st.caption(f"**{PRESETS[name].title}.** {literal(PRESETS[name].description)}")


def form(columns: Sequence[DeltaGenerator] = ()) -> tuple[ExperimentConfig, ...]:
    """Draw the form into three columns, its own unless they are given.

    Returns the experiments it describes, none (with the reason on the page) when it is impossible.
    """
    data, model, training = columns or st.columns(3, gap="large")
    with data:
        st.header("Data", anchor=False)
        usable = _data()
    with model:
        st.header("Model", anchor=False)
        _model()
    with training:
        st.header("Optimisation", anchor=False)
        _training()
        comparison, seeds = (column.container() for column in st.columns([3, 1]))
        with seeds:
            usable &= seeds_control()
        with st.popover("More", icon=":material/tune:", width="stretch"):
            _more_training()
        # Above, but after everything has been read: what is built here must not lag behind the form.
        with comparison:
            configs = _comparison()
    return configs if usable else ()


def _apply_preset(leave: Callable[[], None]) -> None:
    name = st.session_state.get(PRESET)
    if name:
        # A rung is about the model: whose reviews it reads stays the user's choice.
        config = preset(name).config
        read = (f"data.{name}" for source in SOURCES.values() for name in source.fields)
        kept = {
            field: draft()[field] for field in ("data.source", *read, "data.limit", "data.embeddings", "data.vectors")
        }
        # A recipe that brings its own vectors is not that recipe without them; the user's choice comes back after it.
        brought, chosen = st.session_state.get(BROUGHT, (None, None))
        if kept["data.embeddings"] != brought:
            chosen = kept["data.embeddings"]
        vectors = config.data.embeddings
        own = vectors != DataConfig().embeddings
        st.session_state[BROUGHT] = (vectors if own else None, chosen)
        kept["data.embeddings"] = vectors if own else chosen
        start_editing(config)
        draft().update(kept)
        leave()


def _data() -> bool:
    edit("task")
    task = draft()["task"]
    edit(*own_fields(task, draft()["model.pretrained"]))
    if not matters("data.source", task):
        return True
    edit("data.source")
    source = SOURCES[draft()["data.source"]]
    usable, reviews = True, None
    if "path" in source.needs:
        reviews = _upload(source)
        usable = reviews is not None
    else:
        edit(*(f"data.{name}" for name in source.fields))
    edit("data.embeddings", "data.limit")
    if draft()["data.embeddings"] == "own" and matters("data.embeddings", task):
        usable &= _own_vectors(reviews)
    with st.popover("More", icon=":material/tune:", width="stretch"):
        if draft()["data.split"] not in source.splits:
            draft()["data.split"] = source.splits[0]
        if len(source.splits) > 1:
            edit("data.split")
        if draft()["data.embeddings"] in {"word2vec", "random"}:
            edit("data.embedding_dim")
        edit("data.tokenizer", "data.max_tokens", "data.keep", "data.batching", "data.validation_fraction")
    return usable


def _own_vectors(reviews: DataConfig | None) -> bool:
    """Draw which vectors, what they are and what they do not know of an upload; return whether some were chosen.

    Nobody has to read them here: a training does.
    """
    choose_vectors(
        widget_key("train:vectors"),
        draft()["data.vectors"],
        lambda given: draft().update({"data.vectors": given}),
    )
    given = draft()["data.vectors"]
    if given is None:
        return False
    try:
        check_upload(given)
        found = read_vectors_first(given)
        if found is not None and reviews is not None:
            read = {"tokenizer": draft()["data.tokenizer"], "embeddings": "own"}
            about_words(reviews.model_copy(update=read), found.key)
    except SentimentLabError as error:
        show_error(error.worded(in_users_words(str(error), given)))
        return False
    return True


def _upload(source: Source) -> DataConfig | None:
    """Draw the upload and how it is read; return the reviews once they can be trained on."""
    path = draft()["data.path"]
    return reviews_file(
        "train:upload",
        path and Path(path).name,
        lambda arrived: draft().update({"data.path": str(arrived)}),
        start={name: draft()[f"data.{name}"] for name in source.fields if name != "path"},
        changed=lambda name, value: draft().update({f"data.{name}": value}),
        looked_up={name: draft()[f"data.{name}"] for name in ("tokenizer", "embeddings")}
        if matters("data.embeddings", draft()["task"])
        else None,
    )


def _model() -> None:
    pretrained_control()
    edit("model.transfer", "model.cell", "model.direction", "model.positions", "model.hidden_size", "model.pooling")
    _mistakes("model.mistakes")
    with st.popover("More", icon=":material/tune:", width="stretch"):
        edit("model.num_layers", "model.heads", "model.feed_forward_size", "model.norm_place")
        edit("model.bidirectional", "model.initialisation", "model.input_norm", "model.state_norm")
        if "none" not in (draft()["model.input_norm"], draft()["model.state_norm"]) or (
            draft()["model.input_norm"] != draft()["model.state_norm"]
        ):
            edit("model.norm_affine")
        edit("model.head_sizes", "model.head_activation", "model.freeze_embeddings")
        edit("model.word_dropout", "model.embedding_dropout", "model.state_dropout", "model.head_dropout")


def _mistakes(field: str) -> None:
    """Draw the mistakes that a link or a lesson brought along; nobody can switch one on here by accident."""
    if draft()[field]:
        edit(field)
        st.caption(":material/warning: A mistake of the course notebook is on.")


def _training() -> None:
    left, right = st.columns(2)
    with left:
        edit("training.learning_rate")
    with right:
        edit("training.epochs")
    left, right = st.columns(2)
    with left:
        edit("training.clipping")
    with right:
        if threshold := RULES[draft()["training.clipping"]].field:
            edit(threshold)
    edit("training.mask_share", "training.next_sentence")
    _mistakes("training.mistakes")
    _watching()


def _watching() -> None:
    """Draw the switch, and how often once it is on."""
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        on = st.toggle(
            "Watch the inside",
            draft()["watch_every"] > 0,
            key=widget_key("widget:watch"),
            help="Shows below the curves where the gradient goes, what saturates and how the layers change.",
        )
    draft()["watch_every"] = (draft()["watch_every"] or USUAL_EVERY) if on else 0
    if on:
        with right:
            edit("watch_every")


def _comparison() -> tuple[ExperimentConfig, ...]:
    fields = draft()
    # What the task has no use for stays in the form, for the next one, and out of the experiment.
    fields = {name: value for name, value in fields.items() if matters(name, fields["task"])}
    if "data.source" in fields and "path" in SOURCES[fields["data.source"]].needs and not fields["data.path"]:
        # The Data column already asks for the file; here it is only missing, not wrong.
        fields = {**fields, "data.path": "reviews.csv"}
    if fields.get("data.embeddings") == "own" and not fields["data.vectors"]:
        fields = {**fields, "data.vectors": "missing"}
    try:
        return compare_control(from_fields(fields))
    except ConfigError as error:
        show_error(error)
        return ()


def _more_training() -> None:
    edit("training.masked_share", "training.replaced_share", "training.whole_words", "training.shuffle_words")
    edit("training.optimizer")
    if draft()["training.optimizer"] == "sgd":
        edit("training.momentum")
    edit("training.batch_size", "training.schedule", "training.weight_decay", "training.max_steps")
    if WORD_PIECES in TASKS[draft()["task"]].topics or not draft()["model.freeze_embeddings"]:
        edit("training.embedding_rate")
    edit(
        "training.early_stopping",
        "training.target_accuracy",
        "training.weight_averaging",
        "training.class_weights",
        "training.precision",
        "training.halves",
        "device",
        "snapshots",
    )
