"""What takes long about one review, as a job: attributions, faithfulness, reading along, the padding probe.

Results are JSON: an attribution is told at the tokens that the model used, all others have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from sentiment_core.errors import CheckpointError
from sentiment_core.explain.catalogue import load_predictor, model_folder
from sentiment_core.explain.faithfulness import Faithfulness, of_review
from sentiment_core.explain.methods import METHODS, attribute
from sentiment_core.explain.records import Attribution, Completeness, ReadingAlong
from sentiment_core.store import Store

KIND = "explanation"
ATTRIBUTIONS, FAITHFULNESS, ALONG, PADDING = "attributions", "faithfulness", "along", "padding"

Progress = Callable[[str, float | None], None]


def arguments_for(
    what: str, model: str, text: str, methods: Sequence[str], target: int | None, baseline: str, store: Store
) -> dict[str, Any]:
    """Return the arguments of `run` for `what` (a constant above); equal for equal questions.

    Raises `NotFoundError` for a model that is not there and `CheckpointError` for one without weights.
    """
    try:
        weights = (model_folder(model, store) / "model.safetensors").stat()
    except OSError as error:
        raise CheckpointError(f"the weights of {model} cannot be read: {error.strerror}; train it again") from error
    return {
        "what": what,
        "model": model,
        # A model may be trained further under its name.
        "weights": [weights.st_size, weights.st_mtime_ns],
        "text": text,
        "methods": list(methods),
        "target": target,
        "baseline": baseline,
    }


def run(arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Compute what `arguments_for` describes; raises any `SentimentLabError`."""
    progress("Loading the model", None)
    with Store() as store:
        predictor = load_predictor(arguments["model"], store)
    text = arguments["text"]
    if arguments["what"] == ALONG:
        progress("Reading along", None)
        found = predictor.reading_along(text)
        return {"after": found.after.tolist(), "probabilities": found.probabilities.tolist()}
    if arguments["what"] == PADDING:
        from sentiment_core.explain.padding_probe import AMOUNTS, padding_probe

        progress("Appending padding", None)
        return {"probabilities": padding_probe(predictor, text, AMOUNTS).tolist()}
    scored: list[Attribution] = []
    for place, name in enumerate(arguments["methods"]):
        progress(METHODS[name].title, place / len(arguments["methods"]))
        scored += attribute(predictor, text, [name], arguments["target"], arguments["baseline"])
    if arguments["what"] == ATTRIBUTIONS:
        used = np.flatnonzero(predictor.read(text)[1])
        return {"attributions": [_packed(item, used) for item in scored]}
    progress("Taking words away", None)
    return {
        name: {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in asdict(item).items()}
        for name, item in of_review(predictor, text, scored).items()
    }


def attributions_of(result: Mapping[str, Any], used: np.ndarray) -> list[Attribution]:
    """Return the attributions of a result for a review whose used tokens are marked in `used (N,)` bool."""
    return [_unpacked(item, used) for item in result["attributions"]]


def faithfulness_of(result: Mapping[str, Any]) -> dict[str, Faithfulness]:
    """Return the measures of a result by method, random order included."""
    return {
        name: Faithfulness(**{**item, "deletion": np.array(item["deletion"]), "insertion": np.array(item["insertion"])})
        for name, item in result.items()
    }


def along_of(result: Mapping[str, Any]) -> ReadingAlong:
    """Return the answers while reading of a result."""
    return ReadingAlong(np.array(result["after"], dtype=np.int64), np.array(result["probabilities"]))


def _packed(item: Attribution, used: np.ndarray) -> dict[str, Any]:
    fields = {name: value for name, value in vars(item).items() if name not in {"scores", "completeness"}}
    sums = None if item.completeness is None else asdict(item.completeness)
    return {**fields, "scores": item.scores[used].tolist(), "completeness": sums}


def _unpacked(fields: Mapping[str, Any], used: np.ndarray) -> Attribution:
    scores = np.zeros(len(used))
    scores[used] = fields["scores"]
    sums = fields["completeness"]
    return Attribution(**{**fields, "scores": scores, "completeness": None if sums is None else Completeness(**sums)})
