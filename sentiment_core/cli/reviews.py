"""Commands that ask a model, or several, about reviews."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_core.cli.files import file_fields, in_options, path_fields, source_fields, vector_fields
from sentiment_core.cli.numbers import all_finite, finite, score
from sentiment_core.cli.output import joined, written
from sentiment_core.cli.progress import ProgressLine
from sentiment_core.config import from_fields
from sentiment_core.errors import ConfigError
from sentiment_core.number_words import equals, probability

if TYPE_CHECKING:
    import numpy as np

    from sentiment_core.explain.in_pieces import AnswersInPieces
    from sentiment_core.explain.many_reviews import Asked


def predict(options: argparse.Namespace) -> Iterator[str]:
    from sentiment_core.explain import load_predictor
    from sentiment_core.explain.answers_table import FORMATS
    from sentiment_core.explain.in_pieces import AnswersInPieces
    from sentiment_core.explain.unseen import seen_by
    from sentiment_core.progress import silent
    from sentiment_core.store import Store

    data = from_fields({**file_fields(options), **path_fields(options.data)}).data
    output = options.output
    if output is not None and Path(output).suffix.lower() not in FORMATS:
        raise ConfigError(f"--output {output}: answers are written as .csv or .parquet; choose such a name")
    with Store() as store:
        predictor = load_predictor(options.model, store)
        seen = seen_by(options.model, store)
    # Beside rows on the same terminal, progress would be in the way.
    progress = silent if output is None and sys.stdout.isatty() else ProgressLine().say
    answers = AnswersInPieces(predictor, data, seen, keep_columns=output is not None, progress=progress)
    if options.json:
        yield '{"rows": ['
        yield from joined((json.dumps(_rows(*piece))[1:-1] for piece in _answered(answers, output)), ", ")
        yield f"], {json.dumps(_found(answers)).removeprefix('{')}"
        return
    if output is None:
        lines: Iterator[str] = ("\n".join(_line(*row) for row in _said(found)) for _, found in _answered(answers, None))
    else:
        count = sum(len(found) for _, found in _answered(answers, output))
        lines = iter([f"{output}: {count:,} answers"])
    yield from joined(chain(lines, _summary(answers)), "\n")


def _answered(answers: AnswersInPieces, output: str | None) -> Iterator[tuple[Asked, np.ndarray]]:
    """Yield what `answers` does, written to `output` on the way; a line of progress ends with it."""
    from sentiment_core.explain.answers_table import FORMATS

    if output is None:
        yield from answers
    else:
        with written(output) as file:
            table = FORMATS[Path(output).suffix.lower()](file, 0.5)
            for asked, probabilities in answers:
                table.add(asked, probabilities.tolist())
                yield asked, probabilities
            table.close()
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _said(probabilities: np.ndarray) -> list[tuple[float, int | None]]:
    """Return each P(positive) with the class it means; a network that diverged answers with no number, so with none."""
    from sentiment_core.steps.rules import positive

    return [(value, int(positive(value)) if math.isfinite(value) else None) for value in probabilities.tolist()]


def _line(probability: float, label: int | None) -> str:
    return f"{probability:.4f} {'no answer' if label is None else label}"


def _rows(asked: Asked, probabilities: np.ndarray) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"probability": finite(probability), "label": label} for probability, label in _said(probabilities)
    ]
    if asked.seen is not None:
        for row, is_seen in zip(rows, asked.seen.tolist(), strict=True):
            row["seen"] = is_seen
    return rows


def _found(answers: AnswersInPieces) -> dict[str, Any]:
    """Return what is said about all answers together."""
    from sentiment_core.explain.judged import measures, seen_sentence

    about, probabilities = answers.about, answers.probabilities
    seen, counted, labels = about.seen, about.counted, about.labels
    found: dict[str, Any] = {"seen": None if seen is None else int(seen.sum())}
    if labels is not None and counted.any():
        found |= all_finite(measures(probabilities[counted], labels[counted]))
        if seen is not None and 0 < seen.sum() < len(seen) and (fresh := counted & ~seen).any():
            found["unseen"] = all_finite(measures(probabilities[fresh], labels[fresh]))
    said = [*answers.warnings, *about.remarks(), seen_sentence(about, probabilities)]
    return {**found, "warnings": [in_options(sentence) for sentence in said if sentence is not None]}


def _summary(answers: AnswersInPieces) -> Iterator[str]:
    # A generator: what it says is known once all answers were given.
    found = _found(answers)
    names = [name for name in ("accuracy", "ece", "brier", "chance") if name in found]
    if names:
        yield "  ".join(f"{name} {math.nan if found[name] is None else found[name]:.4f}" for name in names)
    yield from found["warnings"]


def explain(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.explain import attribute, load_predictor
    from sentiment_core.explain.methods import named
    from sentiment_core.explain.unseen import REMEMBERED, has_seen
    from sentiment_core.store import Store
    from sentiment_core.tasks import TASKS

    methods = named(options.method) if options.method is not None else {}
    with Store() as store:
        predictor = load_predictor(options.model, store)
        seen = has_seen(options.text, options.model, store)
    explanation = predictor.explain(options.text)
    # Attention is in the document anyway, null for a model that does not attend.
    asked = {field: item.name for field, item in methods.items() if field != "attention"}
    attributions = dict(zip(asked, attribute(predictor, options.text, list(asked.values())), strict=True))
    tokens: list[dict[str, Any]] = [
        {name: getattr(token, name) for name in ("text", "start", "end", "known", "used", "attention")}
        for token in explanation.tokens
    ]
    document: dict[str, Any] = {
        "probability": finite(explanation.probability),
        "label": explanation.label if math.isfinite(explanation.probability) else None,
        "step": explanation.step,
        "seen": seen,
        "tokens": tokens,
        "truncated": explanation.truncated,
        "warnings": list(explanation.remarks),
    }
    if not TASKS[predictor.config.task].has_states:
        # By layer and head, what [CLS] attends to: [CLS] first, then each token that is used, [SEP] last.
        document["cls_attention"] = predictor.attention(options.text)[:, :, 0].tolist()
    for field, attribution in attributions.items():
        for token, value in zip(tokens, attribution.scores.tolist(), strict=True):
            token[field] = value
        if attribution.completeness is not None:
            document["completeness"] = vars(attribution.completeness)
    lines = [f"P(positive) {equals(explanation.probability)}", *explanation.remarks]
    lines += [f"{options.model} {REMEMBERED}"] if seen else []
    columns = list(methods) or ["attention"]
    if methods:
        lines.append("  ".join([*columns, "token"]))
    for token in tokens:
        scores = "  ".join(score(token[column]).rjust(max(len(column), 7) if methods else 0) for column in columns)
        lines.append(f"{scores}  {token['text']}{_unread(token)}")
    return document, "\n".join(lines)


def _unread(token: dict[str, Any]) -> str:
    return "" if token["used"] else "  (not read)" if token["known"] else "  (unknown)"


def fill(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.explain.fill import load_pair_reader
    from sentiment_core.store import Store
    from sentiment_core.wordpiece import MASK

    with Store() as store:
        reading = load_pair_reader(options.model, store, options.step).read(options.text, options.second)
    gaps = [token for token in reading.tokens if token.masked]
    if not gaps and reading.follows is None:
        raise ConfigError(f"--text: write {MASK} for the piece to fill in, or give a second text with --second")
    document: dict[str, Any] = {
        "tokens": [token.text for token in reading.tokens],
        "segments": [token.segment for token in reading.tokens],
        "follows": reading.follows if reading.follows is None else finite(reading.follows),
        "left_out": reading.left_out,
        "gaps": [
            {
                "token": place,
                "guesses": [{"text": guess.text, "probability": finite(guess.probability)} for guess in token.guesses],
            }
            for place, token in enumerate(reading.tokens)
            if token.masked
        ],
    }
    lines = [" ".join(token.text for token in reading.tokens)]
    for token in gaps:
        lines.append(", ".join(f"{guess.text} {probability(guess.probability)}" for guess in token.guesses))
    if reading.follows is not None:
        lines.append(f"P(the second follows) {equals(reading.follows)}")
    if reading.left_out:
        lines.append(f"{reading.left_out:,} pieces are left out: the model reads {len(reading.tokens)} at most.")
    return document, "\n".join(lines)


def padding(options: argparse.Namespace) -> tuple[Any, str]:
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
            {"run_id": run.id, "name": run.name, "probabilities": [finite(value) for value in line]}
            for run, line in zip(runs, lines, strict=True)
        ],
    }
    rows = [f"{run['name']}: {'  '.join(map(score, run['probabilities']))}" for run in document["runs"]]
    return document, "\n".join([f"P(positive) with {', '.join(map(str, amounts))} steps of padding", *rows])


def study(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.explain.methods import METHODS, named
    from sentiment_core.explain.study import run
    from sentiment_core.explain.study_question import study_arguments
    from sentiment_core.explain.study_words import findings, markdown
    from sentiment_core.store import Store

    chosen = list(METHODS) if options.method is None else [item.name for item in named(options.method).values()]
    with Store() as store:
        reading = {field.rpartition(".")[2]: value for field, value in file_fields(options).items()}
        asked = (options.model, options.data, options.sample, options.seed, chosen, store)
        arguments = study_arguments(*asked, reading=reading)
    line = ProgressLine()
    result = run(arguments, line.say)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return result, "\n".join([markdown(result), "", *findings(result)])


def baselines(options: argparse.Namespace) -> tuple[Any, str]:
    fields = {"data.split": options.split, **vector_fields(options), "data.limit": options.limit}
    config = from_fields({**fields, **source_fields(options.data), **file_fields(options)})
    from sentiment_core import baselines

    document = baselines.run(baselines.arguments_for(config.data), ProgressLine().say)
    lines = [
        f"{row['title']:12} validation {row['validation_accuracy']:.4f}  test {row['test_accuracy']:.4f}  "
        f"{row['features']:>8,} features  {row['seconds']:.1f} s"
        for row in document["rows"]
    ]
    return document, "\n".join([*lines, *baselines.how_to_read(document)])
