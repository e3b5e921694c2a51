"""What an experiment is: its runs, and its settings by their dotted names, in forms, links and on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from hashlib import blake2b
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from sentiment_core.errors import ConfigError
from sentiment_core.fields import OneOf, limits, options, range_in_words, registry, topic
from sentiment_core.settings import Config, DataConfig, ModelConfig, TrainingConfig
from sentiment_core.tasks import TASKS, TRANSFORMER, WHOLE_REVIEWS

Scalar = bool | int | float | str | tuple[str, ...] | tuple[int, ...] | None
AnyConfig = TypeVar("AnyConfig", bound=Config)


class RunConfig(Config):
    """One run of an experiment: a name and the fields in which it differs from the base."""

    name: str = Field("run", min_length=1, max_length=80)
    overrides: dict[str, Scalar] = Field(default_factory=dict)


# A run may differ in these and in every field of `model` and `training` below but SHARED_FIELDS: all runs see the
# same batches of the same reviews, so what decides the batches cannot differ.
VARIABLE_DATA_FIELDS = frozenset(
    {"data.embeddings", "data.embedding_dim", "data.tokenizer", "data.max_tokens", "data.keep"}
)
# What is kept of a training, and what it is called: it trains to the same bits whatever they say.
OBSERVING_FIELDS = frozenset({"name", "snapshots", "watch_every"})
SHARED_FIELDS = frozenset({"training.batch_size", "training.epochs", "training.max_steps"})
# Of a review that a Transformer reads: what it keeps for training grows with their square.
MOST_PIECES = 1_022


class ExperimentConfig(Config):
    """Runs side by side in lockstep: the same batches in the same order, the same starting weights."""

    name: str = Field("Untitled", min_length=1, max_length=120, title="Name", description="What you call it.")
    task: Annotated[str, OneOf(TASKS)] = Field("sentiment", title="Task", description="What is learned.")
    seed: int = Field(1, ge=0, le=2**31 - 1, title="Seed", description="Fixes weights, batches and dropout.")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", title="Device", description="Where to train; auto: a GPU when there is one."
    )
    snapshots: int = Field(
        5,
        ge=0,
        le=50,
        title="Snapshots",
        description="Weights kept on the way, from the start on, ever further apart; fewer where they are large.",
    )
    watch_every: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Watch the inside every",
        description="Updates between two looks inside: gradient through time, saturation, histograms; 0: none.",
    )
    data: DataConfig = Field(default_factory=DataConfig)
    model: ModelConfig = Field(default_factory=ModelConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    runs: tuple[RunConfig, ...] = Field((RunConfig(),), min_length=1, max_length=12)

    @model_validator(mode="after")
    def _check(self) -> Self:
        topics = TASKS[self.task].topics
        if TRANSFORMER in topics and self.model.hidden_size % self.model.heads:
            raise ValueError("model.heads: they share the hidden size evenly; choose a divisor of model.hidden_size")
        if topics >= {TRANSFORMER, WHOLE_REVIEWS} and not 1 <= (self.data.max_tokens or 0) <= MOST_PIECES:
            raise ValueError(
                f"data.max_tokens: every piece of a review attends to every other; allowed: 1 to {MOST_PIECES:,}"
            )
        names = [run.name for run in self.runs]
        if len(set(names)) != len(names):
            raise ValueError(f"runs: give each run a name of its own (got {', '.join(names)})")
        for run in self.runs:
            for field in run.overrides:
                section = field.split(".")[0]
                if field in SHARED_FIELDS or (
                    field not in VARIABLE_DATA_FIELDS and section not in {"model", "training"}
                ):
                    raise ValueError(f"runs: {field} cannot differ between runs, they share their batches")
            try:
                if run.overrides:
                    self.resolve(run)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return self

    @property
    def attends(self) -> bool:
        """Whether the model weighs its tokens."""
        return TRANSFORMER in TASKS[self.task].topics or self.model.attends

    def resolve(self, run: RunConfig) -> ExperimentConfig:
        """Return the single-run experiment that `run` stands for: the base with its overrides applied."""
        tree = self.model_dump(exclude={"runs"})
        for field, value in run.overrides.items():
            assign(tree, field, value)
        tree["runs"] = (RunConfig(name=run.name),)
        return build(ExperimentConfig, tree)


def with_runs(config: ExperimentConfig, runs: Sequence[RunConfig]) -> ExperimentConfig:
    """Return `config` with `runs`; raise `ConfigError` for impossible ones."""
    tree = config.model_dump(exclude={"runs"})
    return build(ExperimentConfig, {**tree, "runs": [run.model_dump() for run in runs]})


def build(kind: type[AnyConfig], values: Mapping[str, Any]) -> AnyConfig:
    """Validate `values` as a `kind`; raise `ConfigError` naming each bad field, its value and the allowed range."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ConfigError("; ".join(_explain(kind, problem) for problem in error.errors())) from error


def assign(tree: dict[str, Any], field: str, value: Any) -> None:
    """Set a dotted `field` such as `training.learning_rate` in a nested dict; raise `ConfigError` for unknown ones."""
    if field not in FIELDS:
        close = [name for name in FIELDS if name.split(".")[-1] == field.split(".")[-1]]
        close += [name for name in FIELDS if name.startswith(f"{field}.")] or get_close_matches(field, FIELDS, n=1)
        hint = f"did you mean {close[0]}?" if close else "see `python -m sentiment_core fields`"
        raise ConfigError(f"{field}: there is no such setting; {hint}")
    section, _, name = field.rpartition(".")
    target = tree.setdefault(section, {}) if section else tree
    target[name] = value


def from_fields(fields: Mapping[str, Any], base: ExperimentConfig | None = None) -> ExperimentConfig:
    """Return `base` with dotted fields replaced: what `--set`, a form and a link have in common."""
    tree = (base or ExperimentConfig()).model_dump()
    for field, value in fields.items():
        assign(tree, field, value)
    return build(ExperimentConfig, tree)


def to_query(config: ExperimentConfig) -> dict[str, str]:
    """Return URL parameters for what differs from the defaults; `from_query` is its inverse."""
    query = {}
    default, given = flatten(ExperimentConfig()), flatten(config)
    for field, value in given.items():
        if value != default[field]:
            query[field] = _to_text(value)
    if config.runs != ExperimentConfig().runs:
        runs = [[run.name, run.overrides] for run in config.runs]
        query["runs"] = json.dumps(runs, separators=(",", ":"), ensure_ascii=False)
    return query


def from_query(query: Mapping[str, str]) -> ExperimentConfig:
    """Read `to_query`'s parameters. Raise `ConfigError` for unknown fields, bad values and bad JSON."""
    fields: dict[str, Any] = dict(query)
    runs_text = fields.pop("runs", None)
    tree = from_fields(fields).model_dump()
    if runs_text is not None:
        if len(runs_text) > 20_000:
            raise ConfigError("runs: the link is too long to be one of ours; open the page without it")
        try:
            tree["runs"] = [{"name": name, "overrides": overrides} for name, overrides in json.loads(runs_text)]
        except (ValueError, TypeError, RecursionError) as error:
            raise ConfigError("runs: the link is damaged here; open the page without it") from error
    return build(ExperimentConfig, tree)


def field_info(field: str) -> Any:
    """Return pydantic's `FieldInfo` of a dotted field: title, description, default and bounds, for forms."""
    if field not in FIELDS:
        raise ConfigError(f"{field}: there is no such setting")
    return FIELDS[field]


def choices(field: str) -> tuple[Any, ...]:
    """Return what a field, or each of a tuple of them, can be chosen from; empty for other fields."""
    return options(field_info(field))


def label_of(field: str, choice: str) -> str | None:
    """Return what a registered choice is called on pages; None where it has registered no name."""
    known = registry(FIELDS[field]).get(choice) if field in FIELDS else None
    return None if known is None else known.label


def matters(field: str, task: str) -> bool:
    """Return whether a task has a use for a dotted field; raise `ConfigError` for a field that there is not."""
    section = field.rpartition(".")[0]
    kind = next((kind for kind, prefix in SECTIONS.items() if prefix == f"{section}."), ExperimentConfig)
    about = topic(field_info(field)) or kind.topic
    return about is None or about in TASKS[task].topics


def _collect_fields() -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, info in ExperimentConfig.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Config):
            fields |= {f"{name}.{inner}": inner_info for inner, inner_info in info.annotation.model_fields.items()}
        elif name != "runs":
            fields[name] = info
    return fields


def flatten(config: ExperimentConfig) -> dict[str, Any]:
    """Return every setting of `config` by its dotted name."""
    tree = config.model_dump(exclude={"runs"})
    return {field: _lookup(tree, field) for field in FIELDS}


def _lookup(tree: Mapping[str, Any], field: str) -> Any:
    value: Any = tree
    for part in field.split("."):
        value = value[part]
    return value


def _to_text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(str(part) for part in value)
    return "none" if value is None else str(value)


SECTIONS: dict[type[Config], str] = {DataConfig: "data.", ModelConfig: "model.", TrainingConfig: "training."}


def _explain(kind: type[Config], problem: Any) -> str:
    """Turn one of pydantic's problems into `field: what is allowed (got value)`."""
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "value_error":
        return message
    path = [str(part) for part in problem["loc"] if not str(part).startswith(("function-", "constrained-"))]
    # An element of a list stands for its list: there is one range for all of them.
    field = re.sub(r"\.\d+$", "", SECTIONS.get(kind, "") + ".".join(path))
    if problem["type"] == "extra_forbidden":
        return f"{field}: there is no such setting; see `python -m sentiment_core fields`"
    allowed = allowed_range(field)
    message = f"allowed: {allowed}" if allowed else message
    return f"{field}: {message} (got {str(problem['input'])[:60]!r})"


def allowed_range(field: str) -> str:
    """Return a field's range in words, such as `a number > 0 and ≤ 1,000`; empty when it has none."""
    return range_in_words(FIELDS[field]) if field in FIELDS else ""


def bounds(field: str) -> tuple[float | None, float | None]:
    """Return a numeric field's smallest and largest value (open ends count as closed), None where unbounded."""
    return limits(field_info(field))


FIELDS: dict[str, Any] = _collect_fields()


def fingerprint(config: ExperimentConfig) -> str:
    """Return what two experiments share exactly when they train the same, whatever they are called (BLAKE2b)."""
    runs = tuple(run.model_copy(update={"name": f"run {place}"}) for place, run in enumerate(config.runs, start=1))
    unnamed = config.model_copy(update={"name": "experiment", "runs": runs})
    written = json.dumps(unnamed.model_dump(mode="json"), sort_keys=True)
    return blake2b(written.encode(), digest_size=16).hexdigest()
