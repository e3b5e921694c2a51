"""`Compare with`: one control that turns a configuration into runs side by side."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from sentiment_core.clipping import NONE, NORM, RULES, ClippingRule
from sentiment_core.config import ExperimentConfig, RunConfig, choices, flatten, from_fields, matters, with_runs
from sentiment_core.presets import vary_clipping
from sentiment_core.setting_words import say
from ui.train.fields import field_widget, widget_key

NOTHING, CLIPPING, GIVEN = "nothing", "clipping", "given"
CHOICE, GIVEN_RUNS, VALUE, COMPARE = "compare", "compare:given", "compare-value:", "widget:compare"


@dataclass(frozen=True)
class SecondRun:
    """A second run that differs in `varied`, whose value the user chooses, and in what `fixed` adds.

    `apart`: runs of one experiment share it, so the second run is an experiment of its own.
    """

    title: str
    varied: str
    word: str
    fixed: dict[str, Any] = field(default_factory=dict)
    apart: bool = False


COMPARISONS: dict[str, SecondRun] = {
    "learning_rate": SecondRun("Another learning rate", "training.learning_rate", "rate"),
    "batch_size": SecondRun("Another batch size", "training.batch_size", "batch", apart=True),
    "optimizer": SecondRun("Another optimizer", "training.optimizer", ""),
    "cell": SecondRun("Another cell", "model.cell", ""),
    "hidden_size": SecondRun("Another hidden size", "model.hidden_size", "hidden size"),
    "pooling": SecondRun("Another pooling", "model.pooling", ""),
    "initialisation": SecondRun("Another initialisation", "model.initialisation", "init"),
    "embeddings": SecondRun("Other word vectors", "data.embeddings", ""),
    "direction": SecondRun("Encoder and decoder", "model.direction", ""),
    "positions": SecondRun("Other positions", "model.positions", "positions"),
    "transfer": SecondRun("Pre-trained weights and from scratch", "model.transfer", "pre-trained weights"),
    "mask_share": SecondRun("Another share of chosen words", "training.mask_share", "chosen"),
    "only_masked": SecondRun(
        "All chosen words become [MASK]", "training.masked_share", "[MASK]", {"training.replaced_share": 0.0}
    ),
    "next_sentence": SecondRun("With and without next sentence", "training.next_sentence", "next sentence"),
}


# What the textbooks compare with.
_OTHERS = {"training.mask_share": 0.4, "training.masked_share": 1.0}


def comparisons() -> dict[str, SecondRun]:
    """Return what can be compared: thresholds of clipping by norm, every other rule, and `COMPARISONS`."""
    rules = {
        f"by_{rule.name}": _of_rule(f"Clipping {rule.phrase}", rule)
        for rule in RULES.values()
        if rule not in (NONE, NORM) and rule.field
    }
    return {"threshold": _of_rule("Another threshold", NORM), **rules, **COMPARISONS}


def _of_rule(title: str, rule: ClippingRule) -> SecondRun:
    assert rule.field is not None
    return SecondRun(title, rule.field, f"clip {rule.phrase}", {"training.clipping": rule.name})


def load_runs(config: ExperimentConfig) -> None:
    """Show the runs of `config` in the control. Call after `load_draft`, which makes the control anew."""
    several = len(config.runs) > 1 or bool(config.runs[0].overrides)
    st.session_state[GIVEN_RUNS] = config.runs if several else None
    st.session_state[CHOICE] = GIVEN if several else NOTHING


def compare_control(config: ExperimentConfig) -> tuple[ExperimentConfig, ...]:
    """Draw the control; return `config` with the runs it stands for, and an experiment for what cannot be one of them.

    Raises `ConfigError` for impossible ones.
    """
    given = st.session_state.get(GIVEN_RUNS)
    titles = {NOTHING: "Nothing: one run", CLIPPING: "With and without clipping"}
    offered = {name: item for name, item in comparisons().items() if matters(item.varied, config.task)}
    titles |= {name: comparison.title for name, comparison in offered.items()}
    if given:
        titles[GIVEN] = "As loaded: " + ", ".join(run.name for run in given)
    options = list(titles)
    chosen = st.session_state.get(CHOICE, NOTHING)
    index = options.index(chosen) if chosen in options else 0
    kind = st.selectbox(
        "Compare with",
        options,
        index,
        titles.__getitem__,
        key=widget_key(COMPARE),
        help="A second run beside the first, on the same batches and from the same weights, that differs in this only.",
    )
    st.session_state[CHOICE] = kind
    if kind == GIVEN and given:
        return (with_runs(config, given),)
    if kind == CLIPPING:
        return (vary_clipping(config),)
    if kind == NOTHING:
        return (with_runs(config, (RunConfig(name=config.name[:80]),)),)
    comparison = offered[kind]
    value = flatten(config)[comparison.varied]
    other = field_widget(
        comparison.varied,
        another(comparison.varied, value),
        widget_key(f"{VALUE}{kind}"),
        label="Second run: " + comparison.title.split()[-1],
    )
    if comparison.apart:
        st.caption("Runs of an experiment share their batches, so this is an experiment of its own: same epochs.")
        return apart(config, comparison, other)
    return (with_runs(config, pair(config, comparison, other)),)


def apart(config: ExperimentConfig, comparison: SecondRun, other: Any) -> tuple[ExperimentConfig, ExperimentConfig]:
    """Return the configured experiment and one with `other` in the comparison's field, each called by its value."""
    first, second = pair(config, comparison, other)
    changed = from_fields({comparison.varied: other}, config)
    return tuple(  # type: ignore[return-value]
        with_runs(given.model_copy(update={"name": run.name}), (RunConfig(name=run.name),))
        for given, run in ((config, first), (changed, second))
    )


def pair(config: ExperimentConfig, comparison: SecondRun, other: Any) -> tuple[RunConfig, ...]:
    """Return the configured run and the one with `other` as the value of the comparison's field."""
    base = flatten(config)
    overrides = {**comparison.fixed, comparison.varied: other}
    differing = base["training.clipping"] != comparison.fixed.get("training.clipping", base["training.clipping"])
    first = f"clipping: {say('training.clipping', config.training.clipping).lower()}" if differing else ""
    return (
        RunConfig(name=first or _name(comparison, base[comparison.varied])),
        RunConfig(
            name=_distinct(_name(comparison, other), first or _name(comparison, base[comparison.varied])),
            overrides=overrides,
        ),
    )


def another(name: str, value: Any) -> Any:
    """Return a value worth comparing `value` with."""
    options = choices(name)
    if isinstance(value, bool):
        return not value
    if name in _OTHERS:
        return _OTHERS[name]
    if name == "data.embeddings":
        # Needs no download, and shows what the published vectors are worth.
        return "random" if value != "random" else "glove-50"
    if options and isinstance(value, tuple):
        return ("last",) if value != ("last",) else ("mean",)
    if options:
        return options[(options.index(value) + 1) % len(options)]
    return value * 10 if isinstance(value, float) else max(1, value // 2)


def _name(comparison: SecondRun, value: Any) -> str:
    if isinstance(value, str) and not choices(comparison.varied):
        with suppress(ValueError):
            value = float(value)
    return f"{comparison.word} {say(comparison.varied, value)}".strip()[:80]


def _distinct(name: str, other: str) -> str:
    return name if name != other else f"{name[:70]} (again)"
