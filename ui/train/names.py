"""What a set-up is called: in one line, and as an experiment that its user has not named."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from sentiment_core.clipping import RULES
from sentiment_core.config import FIELDS, ExperimentConfig, field_info, flatten, matters, with_runs
from sentiment_core.excerpt import part_read
from sentiment_core.fields import topic
from sentiment_core.setting_words import say
from sentiment_core.tasks import TASKS, WHOLE_REVIEWS, WORD_VECTORS
from ui.train.fields import draft

# What the settings came with: a name stands for them as long as nothing of it changes.
NAMED = "named"


def named_as(config: ExperimentConfig) -> None:
    """Remember what the settings that were loaded into the form are called; a comparison's name is no single run's."""
    alone = len(config.runs) == 1
    st.session_state[NAMED] = (config.name, config.model, config.training) if alone else None


def named(config: ExperimentConfig) -> ExperimentConfig:
    """Return the experiment to start: a comparison is called by what it compares, one run by what it is.

    A name that came with the settings, a preset's or a lesson's, stays while network and training are still those.
    """
    if len(config.runs) > 1:
        return config.model_copy(update={"name": " vs ".join(run.name for run in config.runs)[:120]})
    unnamed = config.name == ExperimentConfig().name
    came_along = config.name == draft()["name"]
    if not unnamed and (not came_along or st.session_state.get(NAMED) == (config.name, config.model, config.training)):
        return config
    name = " · ".join([*_network(config), *_training(config)])
    (run,) = config.runs
    kept = run if run.overrides else run.model_copy(update={"name": name[:80]})
    return with_runs(config.model_copy(update={"name": name[:120]}), (kept,))


def summary(config: ExperimentConfig) -> str:
    """Return a configuration in one line."""
    data, model, training = config.data, config.model, config.training
    if matters("data.source", config.task):
        parts = [say("data.source", data.source)]
        parts += [say("data.embeddings", data.embeddings)] if matters("data.embeddings", config.task) else []
    else:
        parts = [TASKS[config.task].label]
    settings = flatten(config)
    parts += [
        f"{field_info(name).title.lower()} {say(name, settings[name])}"
        for name in own_fields(config.task, model.pretrained)
    ]
    parts += [*_network(config), *_training(config), f"batch {training.batch_size}", f"seed {config.seed}"]
    if data.max_tokens is not None and matters("data.max_tokens", config.task):
        parts.append(f"{part_read(data.max_tokens, data.keep)} tokens of a review")
    return " · ".join(parts)


def own_fields(task: str, pretrained: str | None) -> list[str]:
    """Return the settings of what is learned from that only tasks like this one have a use for.

    Whoever starts from a `pretrained` model reads its word pieces, however many.
    """
    given = pretrained is not None and matters("model.pretrained", task)
    return [
        name
        for name, info in FIELDS.items()
        if name.startswith("data.")
        and topic(info) not in (None, WORD_VECTORS, WHOLE_REVIEWS)
        and matters(name, task)
        and not (given and name == "data.vocabulary_size")
    ]


def _network(config: ExperimentConfig) -> Iterator[str]:
    model = config.model
    if matters("model.cell", config.task):
        yield f"{say('model.cell', model.cell)} {model.hidden_size}"
        yield say("model.pooling", model.pooling).lower()
    else:
        yield say("model.direction", model.direction)
        yield f"{model.num_layers} × {model.hidden_size}"
        if model.pretrained and matters("model.pretrained", config.task):
            yield f"from {model.pretrained}"
    yield from (f"mistake: {say('model.mistakes', name)}" for name in model.mistakes)


def _training(config: ExperimentConfig) -> Iterator[str]:
    training = config.training
    yield f"{say('training.optimizer', training.optimizer)} {training.learning_rate:g}"
    rule = RULES[training.clipping]
    yield rule.phrase if training.threshold is None else f"clip {rule.phrase} {training.threshold:g}"
    yield from (f"mistake: {say('training.mistakes', name)}" for name in training.mistakes)
