"""Configurations survive JSON and links, and every bad value is named together with what is allowed."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core import config as module
from sentiment_core.config import (
    FIELDS,
    ExperimentConfig,
    RunConfig,
    allowed_range,
    assign,
    bounds,
    build,
    choices,
    field_info,
    from_fields,
    from_query,
    to_query,
)
from sentiment_core.errors import ConfigError
from sentiment_core.presets import PRESETS
from sentiment_core.settings import DataConfig, ModelConfig, TrainingConfig

SECTIONS = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}
# Values that are right on their own but not together are excluded by the fields' own strategies below.
SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text(min_size=1, max_size=120),
    "task": st.just("sentiment"),
    "training.masked_share": st.floats(0, 0.5, allow_subnormal=False),
    "training.replaced_share": st.floats(0, 0.2, allow_subnormal=False),
    "data.source": st.sampled_from(["demo", "imdb"]),
    "data.split": st.just("notebook"),
    "data.path": st.none(),
    "data.embeddings": st.sampled_from(["glove-50", "word2vec", "random"]),
    "data.vectors": st.none() | st.just("glove-twitter-25"),
    "model.pretrained": st.none() | st.just("bert-encoder"),
    "data.text_column": st.text(max_size=30),
    "data.label_column": st.text(max_size=30),
    "data.positive": st.lists(st.sampled_from(["1", "good", "5 stars"]), unique=True).map(tuple),
    "data.negative": st.lists(st.sampled_from(["0", "bad", "1 star"]), unique=True).map(tuple),
    "model.pooling": st.lists(
        st.sampled_from(["padded_last", "last", "mean", "max"]), min_size=1, max_size=4, unique=True
    ).map(tuple),
    "model.head_sizes": st.lists(st.integers(1, 4096), max_size=4).map(tuple),
}


def values_of(field: str) -> st.SearchStrategy[Any]:
    """Valid values of a field, from its own declaration."""
    if field in SPECIAL:
        return SPECIAL[field]
    default = FIELDS[field].get_default()
    if options := choices(field):
        return st.sampled_from(options)
    if isinstance(default, bool):
        return st.booleans()
    low, high = bounds(field)
    whole = "whole" in allowed_range(field)
    if whole:
        numbers: st.SearchStrategy[Any] = st.integers(int(low or 0), int(high or 10**9))
    else:
        lowest = low or (0.0 if default == 0.0 else sys.float_info.min)
        numbers = st.floats(
            lowest, high, exclude_min=bool(low) and default != 0.0, exclude_max=high == 1.0, allow_subnormal=False
        )
    return st.none() | numbers if "none" in allowed_range(field) else numbers


configurations = st.sets(st.sampled_from(sorted(FIELDS)), max_size=8).flatmap(
    lambda names: st.fixed_dictionaries({name: values_of(name) for name in sorted(names)})
)
overrides = st.dictionaries(
    st.sampled_from(["training.learning_rate", "model.pooling", "model.head_sizes", "training.clipping"]), st.none()
).flatmap(lambda chosen: st.fixed_dictionaries({name: values_of(name) for name in chosen}))
runs = st.lists(
    st.tuples(st.text(min_size=1, max_size=80), overrides), min_size=1, max_size=4, unique_by=lambda r: r[0]
)


@given(configurations, runs)
def test_json_and_links_give_back_the_same_configuration(fields: dict[str, Any], members: Any) -> None:
    tree = from_fields(fields).model_dump()
    tree["runs"] = [RunConfig(name=name, overrides=chosen) for name, chosen in members]
    config = build(ExperimentConfig, tree)
    assert ExperimentConfig.model_validate_json(config.model_dump_json()) == config
    query = to_query(config)
    assert from_query(query) == config
    assert all(isinstance(value, str) for value in query.values())


def test_a_link_holds_only_what_differs_from_the_defaults() -> None:
    assert to_query(ExperimentConfig()) == {}
    assert to_query(from_fields({"training.epochs": 7, "data.limit": 500, "data.max_tokens": None})) == {
        "training.epochs": "7",
        "data.limit": "500",
        "data.max_tokens": "none",
    }


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_links(name: str) -> None:
    assert from_query(to_query(PRESETS[name].config)) == PRESETS[name].config


@given(st.sampled_from([field for field in FIELDS if bounds(field) != (None, None)]), st.sampled_from([-1, 1]))
def test_numbers_out_of_range_name_field_range_and_value(field: str, side: int) -> None:
    low, high = bounds(field)
    bad = (low or 0) - 1 if side < 0 else (high or 0) + 1
    with pytest.raises(ConfigError) as caught:
        from_fields({field: bad})
    message = str(caught.value)
    assert message.startswith(f"{field}: allowed: ") and f"(got '{bad}')" in message
    assert allowed_range(field) in message


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("training.learning_rate", 0, "a number > 0 and ≤ 1,000"),
        ("training.learning_rate", math.nan, "a number > 0 and ≤ 1,000"),
        ("training.max_norm", math.inf, "a number > 0 and ≤ 1e+12"),
        ("training.momentum", 1, "a number ≥ 0 and < 1"),
        ("training.epochs", "many", "a whole number ≥ 1 and ≤ 200"),
        ("training.epochs", 1.5, "a whole number ≥ 1 and ≤ 200"),
        ("training.max_steps", 0, "a whole number ≥ 1 and ≤ 1,000,000, or none"),
        ("data.limit", 5, "a whole number ≥ 20 and ≤ 1,000,000, or none"),
        ("model.cell", "transformer", "rnn, gru, lstm"),
        ("model.bidirectional", "maybe", "true or false"),
        ("model.head_dropout", 0.99, "a number ≥ 0 and ≤ 0.95"),
        ("data.embeddings", "glove-300", "glove-50, glove-100, word2vec, random, own"),
        ("device", "tpu", "auto, cpu, cuda, mps"),
    ],
)
def test_bad_values(field: str, value: Any, allowed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_fields({field: value})
    assert str(caught.value) == f"{field}: allowed: {allowed} (got {str(value)!r})"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model.pooling": "last,nope"}, r"model\.pooling.*padded_last, last, mean"),
        ({"model.pooling": ""}, r"model\.pooling.*(got '\(\)')"),
        ({"model.pooling": "last,last"}, r"model\.pooling: name each pooling once"),
        ({"model.pooling": "attention_dot,attention_additive"}, r"model\.pooling: choose one attention"),
        ({"model.head_sizes": "64,0"}, r"model\.head_sizes: allowed: at most 4 whole numbers ≥ 1 and ≤ 4,096"),
        ({"model.head_sizes": "1,2,3,4,5"}, r"model\.head_sizes: allowed: at most 4 whole numbers"),
        ({"name": "x" * 121}, r"name: allowed: at least 1 and at most 120 characters"),
        ({"data.source": "csv"}, r"data\.path: give the file to read"),
        ({"data.split": "official"}, r"data\.split: official exists for data\.source=imdb only"),
        ({"training.learning_rat": 1}, r"training\.learning_rat: there is no such setting"),
        ({"data.learning_rate": 1}, r"data\.learning_rate: .*did you mean training\.learning_rate\?"),
        ({"data": 1}, r"data: there is no such setting"),
        ({"runs": []}, r"runs: there is no such setting"),
        ({"": 1}, r"there is no such setting"),
    ],
)
def test_impossible_settings_say_what_to_do(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        from_fields(fields)


@pytest.mark.parametrize("kind", [DataConfig, ModelConfig, TrainingConfig])
def test_a_section_built_on_its_own_names_the_full_field(kind: type[module.Config]) -> None:
    field = next(iter(kind.model_fields))
    with pytest.raises(ConfigError, match=rf"^{module.SECTIONS[kind]}{field}: allowed"):
        build(kind, {field: object()})
    with pytest.raises(ConfigError, match="there is no such setting"):
        build(kind, {"colour": "red"})


def test_several_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"model\.num_layers.*; training\.epochs"):
        from_fields({"model.num_layers": 9, "training.epochs": 0})


RUNS_LINKS = [
    "not json",
    "[1, 2]",
    '[["only a name"]]',
    '{"a": 1}',
    "[]",
    "null",
    "[[1, {}]]",
    '[["a", {}], ["a", {}]]',
    '[["", {}]]',
    '[["a", {"training.learning_rate": -1}]]',
    '[["a", {"training.learning_rate": NaN}]]',
    '[["a", {"training.learning_rate": ' + "9" * 5000 + "}]]",
    '[["a", {"model.cell": {"deep": [1]}}]]',
    '[["a", {"model.nope": 1}]]',
    '[["a", {"data.path": "/etc/passwd"}]]',
    '[["a", {"training.epochs": 3}]]',
    '[["a", {"seed": 3}]]',
    json.dumps([[f"run {number}", {}] for number in range(13)]),
    "[" * 15_000,
    "x" * 20_001,
]


@pytest.mark.parametrize("text", RUNS_LINKS, ids=lambda text: text[:40])
def test_tampered_runs_in_a_link_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"runs|training|model"):
        from_query({"runs": text})


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)) | st.text(max_size=20), st.text(max_size=30), max_size=4))
def test_any_link_is_read_or_refused(query: dict[str, str]) -> None:
    try:
        config = from_query(query)
    except ConfigError:
        return
    assert from_query(to_query(config)) == config


def test_runs_resolve_to_the_base_with_their_overrides() -> None:
    member = RunConfig(name="fast", overrides={"training.learning_rate": 0.1, "model.pooling": ("last", "max")})
    base = build(ExperimentConfig, {"runs": [member], "training": {"epochs": 5}})
    resolved = base.resolve(member)
    assert resolved.training == TrainingConfig(epochs=5, learning_rate=0.1)
    assert resolved.model.pooling == ("last", "max")
    assert [run.name for run in resolved.runs] == ["fast"] and not resolved.runs[0].overrides


def test_text_is_read_as_a_command_line_gives_it() -> None:
    config = from_fields({"model.pooling": "last, mean", "model.head_sizes": "64", "data.limit": " None ", "seed": "3"})
    assert config.model.pooling == ("last", "mean") and config.model.head_sizes == (64,)
    assert config.data.limit is None and config.seed == 3


def test_field_helpers() -> None:
    for field, info in FIELDS.items():
        assert info.description and info.title, field
        assert field_info(field) is info
    assert choices("model.pooling")[0] == "padded_last" and choices("seed") == ()
    assert bounds("training.epochs") == (1, 200) and bounds("data.limit") == (20, 1_000_000)
    assert allowed_range("nope") == ""
    with pytest.raises(ConfigError, match="no such setting"):
        field_info("nope")
    with pytest.raises(ConfigError, match=r"did you mean model\.cell"):
        assign({}, "data.cell", "gru")


def test_what_is_stored_names_every_setting_so_that_new_defaults_change_nothing_old() -> None:
    told = json.loads(ExperimentConfig().model_dump_json())
    assert {name: set(told[name]) for name in SECTIONS} == {
        name: set(kind.model_fields) for name, kind in SECTIONS.items()
    }
    assert set(told) == set(ExperimentConfig.model_fields)
