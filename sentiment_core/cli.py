"""The command line: one JSON document on standard output with `--json`, progress on standard error.

Exit code 0, or 2 with one line on standard error for bad input.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

from sentiment_core import __version__
from sentiment_core.config import FIELDS, ExperimentConfig, allowed_range, choices, from_fields
from sentiment_core.errors import ConfigError, DataError, SentimentLabError
from sentiment_core.metrics import Status
from sentiment_core.numerics import prepare_thread
from sentiment_core.out_of_memory import READING_ADVICE, memory_errors
from sentiment_core.presets import PRESETS, preset, vary_clipping
from sentiment_core.sources import SOURCES
from sentiment_core.training.memory import check_before

SPLIT_HELP = "notebook (random 80/20), official (imdb only) or column (what the file's column split says)"
# Options that say how a file is read, by the setting each stands for; messages about files name the settings.
FILE_OPTIONS = {
    f"data.{name}": f"--{name.replace('_', '-')}" for name in SOURCES["csv"].fields if name not in SOURCES["csv"].needs
}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of printing the usage above it."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message}; see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(2)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    options = _build_parser().parse_args(arguments)
    if options.computes:
        prepare_thread()
    try:
        with memory_errors(READING_ADVICE):
            document, text = options.command(options)
    except SentimentLabError as error:
        message = " ".join(str(error).split())
        print(f"error: {_in_options(message) if hasattr(options, 'text_column') else message}", file=sys.stderr)
        return 2
    # JSON is plain ASCII; a text may hold what this terminal's encoding, or none at all, can express.
    encoding = sys.stdout.encoding or "utf-8"
    output = json.dumps(document) if options.json else text.encode(encoding, "replace").decode(encoding)
    try:
        print(output, flush=True)
    except BrokenPipeError:
        sys.stderr.close()
    return 0


def _build_parser() -> argparse.ArgumentParser:
    installed = Path(sys.argv[0]).stem == "sentiment-lab"
    parser = _Parser(prog="sentiment-lab" if installed else "python -m sentiment_core", description=__doc__)
    parser.add_argument("--version", action="version", version=f"sentiment-lab {__version__}")
    sources = f"{', '.join(name for name, source in SOURCES.items() if not source.needs)}, or a file of reviews"
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, command: Any, help_text: str, computes: bool = False) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text, description=help_text)
        sub.add_argument("--json", action="store_true", help="print one JSON document")
        sub.set_defaults(command=command, computes=computes)
        return sub

    train = add("train", _train, "Train an experiment here and now, and keep it in the store.", computes=True)
    train.add_argument("--preset", metavar="NAME", help=f"one of {', '.join(PRESETS)}")
    train.add_argument(
        "--vary", choices=["clipping"], help="train two runs: without clipping, and clipped as set, by norm if not"
    )
    train.add_argument("--data", metavar="SOURCE", help=sources)
    train.add_argument("--split", help=SPLIT_HELP)
    train.add_argument("--embeddings", help="glove-50, glove-100, word2vec or random")
    train.add_argument("--limit", help="use at most so many reviews")
    train.add_argument("--epochs", help="passes over the training reviews")
    train.add_argument("--max-steps", help="stop after so many updates")
    train.add_argument("--seed", help="fixes weights, batches and dropout")
    train.add_argument("--device", help="auto, cpu, cuda or mps")
    train.add_argument("--name", help="name of the experiment")
    _add_file_options(train)
    train.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="any setting; `fields` lists them"
    )
    metrics = add("metrics", _metrics, "Print every measured step of a run.")
    metrics.add_argument("run_id", metavar="RUN_ID")
    exported = add("export", _export, "Write a run to a file: metrics, configuration or TensorBoard event files.")
    exported.add_argument("run_id", metavar="RUN_ID", nargs="+")
    exported.add_argument("--format", choices=["csv", "json", "tensorboard"], default="csv")
    exported.add_argument("--output", required=True, metavar="FILE")
    predict = add("predict", _predict, "Classify the reviews of a file.", computes=True)
    predict.add_argument("--model", default="pretrained", metavar="RUN_ID|pretrained")
    predict.add_argument("--data", required=True, metavar="FILE", help="labels are optional")
    predict.add_argument(
        "--output", metavar="FILE", help="write every answer beside the columns of the file: .csv or .parquet"
    )
    _add_file_options(predict)
    explain = add("explain", _explain, "Show what a model attends to in one review.", computes=True)
    explain.add_argument("--model", default="pretrained", metavar="RUN_ID|pretrained")
    explain.add_argument("--text", required=True, help="the review")
    explain.add_argument("--method", metavar="NAME,NAME", help="add a score per token by each explanation method")
    padding = add("padding", _padding, "Ask runs about one review with more and more padding behind it.", computes=True)
    padding.add_argument("--model", required=True, metavar="RUN_ID,RUN_ID", help="runs alike in all but their pooling")
    padding.add_argument("--text", required=True, help="the review")
    padding.add_argument("--amounts", default="0,1,10,100,500", help="so many padding steps (default %(default)s)")
    study = add(
        "study", _study, "Measure how faithful explanation methods are over a sample of reviews.", computes=True
    )
    study.add_argument("--model", default="pretrained", metavar="RUN_ID|pretrained")
    study.add_argument(
        "--data",
        default="demo",
        metavar="SOURCE",
        help="demo, own (the run's test part) or a file: without the reviews that the model has learned from",
    )
    _add_file_options(study)
    study.add_argument("--sample", type=int, default=500, help="so many reviews (default 500)")
    study.add_argument("--seed", type=int, default=0, help="fixes sample, random orders and intervals")
    study.add_argument("--method", metavar="NAME,NAME", help="which methods (default: all)")
    linear = add("baselines", _baselines, "Train linear models on the same reviews and split.", computes=True)
    linear.add_argument("--data", default="demo", metavar="SOURCE", help=sources)
    linear.add_argument("--split", default="notebook", help=SPLIT_HELP)
    _add_file_options(linear)
    linear.add_argument("--embeddings", default="glove-50", help="vectors the elastic net averages")
    linear.add_argument("--limit", help="use at most so many reviews")
    add("work", _work, "List what waits and runs in the background, training included, and what was calculated last.")
    cancel = add("cancel", _cancel, "End background work: an experiment or a calculation, by the id that `work` lists.")
    cancel.add_argument("work_id", metavar="ID")
    app = add("app", _app, "Open the web application; every other setting of Streamlit is an environment variable.")
    app.add_argument("--address", help="where to listen (default 127.0.0.1: this machine only)")
    app.add_argument("--port", type=int, help="default 8501")
    app.add_argument("--headless", action="store_true", help="open no browser")
    add("presets", _presets, "List the course notebook's ladder.")
    add("fields", _fields, "List every setting with its range and default.")
    add("quantities", _quantities, "List every quantity that is measured at a step.")
    return parser


def _add_file_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how a file is read, where it does not say so itself")
    for field, option in FILE_OPTIONS.items():
        allowed = f" One of: {allowed_range(field)}." if choices(field) else ""
        group.add_argument(option, metavar="NAME", help=f"{FIELDS[field].description}{allowed}".replace("%", "%%"))


def _file_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that say how a file is read, as far as they are given."""
    names = {field: option.removeprefix("--").replace("-", "_") for field, option in FILE_OPTIONS.items()}
    given = {field: getattr(options, name) for field, name in names.items()}
    return {field: value for field, value in given.items() if value is not None}


def _in_options(message: str) -> str:
    """Return a message about a file with the options of the command line in the place of settings."""
    return re.sub(r"\bdata\.\w+", lambda found: FILE_OPTIONS.get(found[0], found[0]), message)


def build_config(options: argparse.Namespace) -> ExperimentConfig:
    """Return the experiment that the options of `train` describe; later ones win: preset, options, `--set`."""
    base = preset(options.preset).config if options.preset else ExperimentConfig()
    fields: dict[str, Any] = {
        "name": options.name,
        "seed": options.seed,
        "device": options.device,
        "data.split": options.split,
        "data.embeddings": options.embeddings,
        "data.limit": options.limit,
        "training.epochs": options.epochs,
        "training.max_steps": options.max_steps,
    }
    fields = {field: value for field, value in fields.items() if value is not None}
    fields |= _source(options.data) | _file_fields(options)
    for assignment in options.set:
        field, separator, value = assignment.partition("=")
        if not separator:
            raise ConfigError(f"--set {assignment}: write FIELD=VALUE, such as training.learning_rate=0.01")
        fields[field.strip()] = value.strip()
    config = from_fields(fields, base)
    return vary_clipping(config) if options.vary == "clipping" else config


def _source(data: str | None) -> dict[str, Any]:
    if not data:
        return {}
    if data in SOURCES and not SOURCES[data].needs:
        return {"data.source": data}
    return _file(data)


def _file(path: str) -> dict[str, Any]:
    return {"data.source": "csv", "data.path": str(Path(os.path.expanduser(path)).resolve())}


def _train(options: argparse.Namespace) -> tuple[Any, str]:
    config = build_config(options)
    if note := check_before(config):
        print(note, file=sys.stderr)
    # Imported late: torch takes seconds, and a mistyped option should not.
    from sentiment_core.store import Store
    from sentiment_core.work.training import train_here

    with Store() as store:
        experiment = train_here(store, config, ProgressLine())
        if sys.stderr.isatty():
            print(file=sys.stderr)
        runs = [
            {
                "run_id": run.id,
                "name": run.name,
                "status": str(run.status),
                "parameters": run.parameters,
                "steps": run.steps,
                "seconds": run.seconds,
                "tokens_per_second": run.tokens_per_second,
                "validation_accuracy": run.validation_accuracy,
                "test_accuracy": run.test_accuracy,
                "error": run.error,
            }
            for run in experiment.runs
        ]
    # A run with an error of its own diverged, which is a result; anything else is a fault to mend.
    if experiment.status in {Status.FAILED, Status.INTERRUPTED} and not all(run["error"] for run in runs):
        raise DataError(experiment.error or "training failed")
    lines = [f"experiment {experiment.id}: {experiment.status}"]
    lines += [
        f"  {run.id}  {run.name}: {run.status}, {run.steps} steps, "
        f"validation {_percent(run.validation_accuracy)}, test {_percent(run.test_accuracy)}"
        for run in experiment.runs
    ]
    return {"experiment_id": experiment.id, "status": str(experiment.status), "runs": runs}, "\n".join(lines)


class ProgressLine:
    """Rewrites one line on standard error with each progress."""

    def __call__(self, progress: Any) -> None:
        if not progress.step:
            self.say(progress.message, progress.fraction)
        else:
            left = "" if progress.eta_seconds is None else f", {progress.eta_seconds:.0f} s left"
            self._show(
                f"step {progress.step}/{progress.total_steps}, epoch {progress.epoch}/{progress.epochs}, "
                f"{progress.tokens_per_second:,.0f} tokens/s{left}"
            )

    def say(self, message: str, fraction: float | None) -> None:
        """Show a message with the share of its work that is done."""
        self._show(f"{message}{'' if fraction is None else f' {fraction:.0%}'} …")

    def _show(self, line: str) -> None:
        print(
            f"\r\x1b[K{line}" if sys.stderr.isatty() else line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr
        )


def _metrics(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.steps.quantities import STEP_COLUMNS
    from sentiment_core.store import Store

    with Store() as store:
        store.run(options.run_id)
        rows = store.step_rows(options.run_id)
    for row in rows:
        # Without clipping there is no threshold, which is not the same as a measurement that is not a number.
        row["threshold"] = None if math.isnan(row["threshold"]) else row["threshold"]
    header = ",".join(rows[0] if rows else STEP_COLUMNS)
    lines = [",".join("" if value is None else str(value) for value in row.values()) for row in rows]
    return rows, "\n".join([header, *lines])


def _export(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.export import export
    from sentiment_core.store import Store

    with Store() as store:
        content = export(store, options.run_id, options.format)
    _write(options.output, content)
    return {"output": options.output, "bytes": len(content)}, f"{options.output}: {len(content):,} bytes"


def _write(output: str, content: bytes) -> None:
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise DataError(f"cannot write {output}: {error.strerror}; choose another --output") from error


def _predict(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.explain import load_predictor
    from sentiment_core.explain.batch import file_asked, measures, seen_sentence, unknown_sentence
    from sentiment_core.explain.unseen import seen_among
    from sentiment_core.steps.rules import positive
    from sentiment_core.store import Store

    data = from_fields({**_file_fields(options), **_file(options.data)}).data
    asked = file_asked(data, keep_columns=options.output is not None)
    with Store() as store:
        probabilities, known = load_predictor(options.model, store).answers(asked.texts)
        seen = seen_among(asked.texts, options.model, store)
    asked = replace(asked, seen=seen, known=known)
    # A network that diverged answers with no number, which is neither class.
    predicted = [int(positive(value)) if math.isfinite(value) else None for value in probabilities]
    document: dict[str, Any] = {
        "rows": [
            {"probability": _finite(probability), "label": label}
            for probability, label in zip(probabilities, predicted, strict=True)
        ],
        "seen": None,
    }
    if seen is not None:
        document["seen"] = int(seen.sum())
        for row, is_seen in zip(document["rows"], seen.tolist(), strict=True):
            row["seen"] = is_seen
    lines = [
        f"{probability:.4f} {'no answer' if label is None else label}"
        for probability, label in zip(probabilities, predicted, strict=True)
    ]
    judged = asked.judged
    if asked.labels is not None and judged.any():
        found = measures(probabilities[judged], asked.labels[judged])
        document |= _all_finite(found)
        lines.append("  ".join(f"{name} {value:.4f}" for name, value in found.items()))
        if seen is not None and 0 < seen.sum() < len(seen) and (fresh := judged & ~seen).any():
            document["unseen"] = _all_finite(measures(probabilities[fresh], asked.labels[fresh]))
    said = [*asked.warnings, unknown_sentence(asked), seen_sentence(asked, probabilities)]
    document["warnings"] = [_in_options(sentence) for sentence in said if sentence is not None]
    lines += document["warnings"]
    if options.output is not None:
        _write_answers(asked, probabilities.tolist(), options.output)
        lines = [f"{options.output}: {len(asked.texts):,} answers", *lines[len(predicted) :]]
    return document, "\n".join(lines)


def _write_answers(asked: Any, probabilities: list[float], output: str) -> None:
    from sentiment_core.explain.batch import as_csv, as_parquet

    form = {".csv": as_csv, ".parquet": as_parquet}.get(Path(output).suffix.lower())
    if form is None:
        raise ConfigError(f"--output {output}: answers are written as .csv or .parquet; choose such a name")
    _write(output, form(asked, probabilities, 0.5))


def _explain(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.explain import attribute, load_predictor
    from sentiment_core.explain.methods import named
    from sentiment_core.explain.unseen import REMEMBERED, has_seen
    from sentiment_core.store import Store

    methods = named(options.method) if options.method is not None else {}
    with Store() as store:
        predictor = load_predictor(options.model, store)
        seen = has_seen(options.text, options.model, store)
    explanation = predictor.explain(options.text)
    # Attention is in the document anyway, null for a model that does not attend.
    asked = {field: item.name for field, item in methods.items() if field != "attention"}
    attributions = dict(zip(asked, attribute(predictor, options.text, list(asked.values())), strict=True))
    tokens: list[dict[str, Any]] = [
        {name: getattr(token, name) for name in ("text", "start", "end", "known", "attention")}
        for token in explanation.tokens
    ]
    document: dict[str, Any] = {
        "probability": _finite(explanation.probability),
        "label": explanation.label if math.isfinite(explanation.probability) else None,
        "seen": seen,
        "tokens": tokens,
        "truncated": explanation.truncated,
    }
    for field, attribution in attributions.items():
        for token, score in zip(tokens, attribution.scores.tolist(), strict=True):
            token[field] = score
        if attribution.completeness is not None:
            document["completeness"] = vars(attribution.completeness)
    lines = [f"P(positive) = {explanation.probability:.3f}", *([f"{options.model} {REMEMBERED}"] if seen else [])]
    columns = list(methods) or ["attention"]
    if methods:
        lines.append("  ".join([*columns, "token"]))
    for token in tokens:
        scores = "  ".join(_score(token[column]).rjust(max(len(column), 7) if methods else 0) for column in columns)
        lines.append(f"{scores}  {token['text']}{'' if token['known'] else '  (unknown)'}")
    return document, "\n".join(lines)


def _padding(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.explain import load_predictor
    from sentiment_core.explain.padding_probe import MOST_PADDING, padding_probe, unlike_fields
    from sentiment_core.store import Store

    given = options.amounts.split(",")
    if not all(item.strip().isdecimal() and int(item) <= MOST_PADDING for item in given):
        raise ConfigError(
            f"--amounts: whole numbers from 0 to {MOST_PADDING}, such as 0,10,100 (got {options.amounts!r})"
        )
    amounts = [int(item) for item in given]
    with Store() as store:
        runs = [store.run(name.strip()) for name in options.model.split(",")]
        if unlike := unlike_fields(runs):
            raise ConfigError(
                f"these runs differ in more than what the head reads ({', '.join(unlike)}): what padding does to one "
                "cannot be held against another; ask them one by one, or runs that are alike"
            )
        lines = [padding_probe(load_predictor(run.id, store), options.text, amounts) for run in runs]
    document: dict[str, Any] = {
        "padding": amounts,
        "runs": [
            {"run_id": run.id, "name": run.name, "probabilities": [_finite(value) for value in line]}
            for run, line in zip(runs, lines, strict=True)
        ],
    }
    rows = [f"{run['name']}: {'  '.join(map(_score, run['probabilities']))}" for run in document["runs"]]
    return document, "\n".join([f"P(positive) with {', '.join(map(str, amounts))} steps of padding", *rows])


def _study(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.explain.methods import METHODS, named
    from sentiment_core.explain.study import run
    from sentiment_core.explain.study_question import study_arguments
    from sentiment_core.explain.study_words import findings, markdown
    from sentiment_core.store import Store

    chosen = list(METHODS) if options.method is None else [item.name for item in named(options.method).values()]
    with Store() as store:
        reading = {field.rpartition(".")[2]: value for field, value in _file_fields(options).items()}
        asked = (options.model, options.data, options.sample, options.seed, chosen, store)
        arguments = study_arguments(*asked, reading=reading)
    line = ProgressLine()
    result = run(arguments, line.say)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return result, "\n".join([markdown(result), "", *findings(result)])


def _baselines(options: argparse.Namespace) -> tuple[Any, str]:
    fields = {"data.split": options.split, "data.embeddings": options.embeddings, "data.limit": options.limit}
    config = from_fields({**fields, **_source(options.data), **_file_fields(options)})
    from sentiment_core import baselines

    document = baselines.run(
        baselines.arguments_for(config.data), lambda message, fraction: print(f"{message} …", file=sys.stderr)
    )
    lines = [
        f"{row['title']:12} validation {row['validation_accuracy']:.4f}  test {row['test_accuracy']:.4f}  "
        f"{row['features']:>8,} features  {row['seconds']:.1f} s"
        for row in document["rows"]
    ]
    return document, "\n".join([*lines, *baselines.remarks(document)])


def _work(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.store import Store
    from sentiment_core.work.desk import described, title

    with Store() as store:
        active = store.active_work()
        ended = [work for work in store.calculations() if not work.status.is_active]
        told: list[tuple[Any, Any]] = [(work, described(store, work)) for work in (*active, *ended)]
    rows = [
        {
            "id": work.id,
            "kind": work.kind,
            "title": title(work),
            "status": str(work.status),
            "message": job.message,
            "fraction": job.fraction,
            "seconds_left": job.seconds_left,
            "queue_position": job.position,
            "error": job.error,
        }
        for work, job in told
    ]
    lines = []
    for row in rows:
        share = "" if row["fraction"] is None else f" {row['fraction']:.0%}"
        left = "" if row["seconds_left"] is None else f", {row['seconds_left']:.0f} s left"
        said = row["error"] or f"{row['message']}{share}{left}"
        lines.append(f"{row['id']}  {row['title']}: {row['status']}{f', {said}' if said else ''}")
    return rows, "\n".join(lines) or "Nothing waits or runs."


def _cancel(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.store import Store
    from sentiment_core.work.desk import Desk
    from sentiment_core.work.executors import make_executor

    with Store() as store:
        Desk(store, make_executor(store)).cancel(options.work_id)
        status = store.work(options.work_id).status
    return {"id": options.work_id, "status": str(status)}, f"{options.work_id}: {status}"


def _app(options: argparse.Namespace) -> NoReturn:
    from sentiment_core.open_app import serve

    serve(options.address, options.port, options.headless)


def _presets(options: argparse.Namespace) -> tuple[Any, str]:
    rows = [
        {
            "name": item.name,
            "title": item.title,
            "parameters": item.parameters,
            "description": item.description,
            "runs": [run.name for run in item.config.runs],
        }
        for item in PRESETS.values()
    ]
    return rows, "\n".join(f"{row['name']:18} {row['parameters']:>7,}  {row['description']}" for row in rows)


def _fields(options: argparse.Namespace) -> tuple[Any, str]:
    rows = [
        {
            "field": field,
            "default": info.get_default(),
            "allowed": allowed_range(field),
            "description": info.description,
        }
        for field, info in FIELDS.items()
    ]
    return rows, "\n".join(
        f"{row['field']:30} {row['description']} Default {row['default']}; allowed: {row['allowed'] or 'any text'}."
        for row in rows
    )


def _quantities(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.steps.quantities import CORE, DIAGNOSTICS

    rows = [asdict(item) for item in (*CORE.values(), *DIAGNOSTICS.values())]
    return rows, "\n".join(f"{row['name']:20} {row['kind']:9} {row['unit']:8} {row['help']}" for row in rows)


def _finite(value: float) -> float | None:
    # JSON has no word for what is not a number.
    return float(value) if math.isfinite(value) else None


def _all_finite(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in values.items()}


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
