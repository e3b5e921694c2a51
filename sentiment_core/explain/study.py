"""Is attention an explanation? Every method measured over a sample of reviews, each number with its interval."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from sentiment_core.datasets import TEST, RawReviews, load_reviews
from sentiment_core.datasets.file import settings
from sentiment_core.errors import ConfigError, DataError
from sentiment_core.explain.agreement import agreement
from sentiment_core.explain.catalogue import load_predictor
from sentiment_core.explain.faithfulness import FRACTIONS, RANDOM, Faithfulness, faithfulness
from sentiment_core.explain.methods import METHODS
from sentiment_core.explain.study_question import (
    LEAST_REVIEWS,
    CurveInterval,
    MeanInterval,
    MethodMeasured,
    Study,
    StudyQuestion,
)
from sentiment_core.explain.truth import UNSEEN_SEED, demo_with_evidence, evidence_mask, precisions
from sentiment_core.explain.unseen import own_test, seen_among
from sentiment_core.number_words import counted
from sentiment_core.progress import Progress
from sentiment_core.remarks import STUDY, about_words, remarks
from sentiment_core.steps.rules import EVEN_LOG_ODDS, positive
from sentiment_core.store import Store

if TYPE_CHECKING:
    from sentiment_core.explain.predictor import Predictor

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Sample:
    """Reviews to ask about, out of `offered`; `seen` of those were left out, None where nobody can tell which.

    `remarks` are about all that were offered, and about words that the model does not know in the sample.
    """

    reviews: RawReviews
    offered: int
    seen: int | None
    remarks: tuple[str, ...] = ()


@dataclass
class _Measured:
    """What one method showed, a list entry per review."""

    found: list[Faithfulness] = field(default_factory=list)
    passes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    precision: list[dict[str, float | None]] = field(default_factory=list)


def run(question: StudyQuestion, progress: Progress) -> Study:
    """Measure what `study_arguments` describes; the result is described at `Study`.

    Raises any `SentimentLabError`: a model or file that is gone, reviews that cannot be used.
    """
    progress("Loading the model", None)
    with Store() as store:
        predictor = load_predictor(question.model, store)
        sample = draw_sample(question, store, progress)
    reviews = sample.reviews
    known = predictor.words_read([ids for chunk in predictor.encoder.encode_ids(reviews.texts) for ids in chunk])
    said = about_words(known.words, known.unknown, STUDY, f"the {len(reviews.texts):,} reviews of the sample")
    sample = replace(sample, remarks=(*sample.remarks, *said))
    names = [name for name in question.methods if predictor.has_attention or not METHODS[name].needs_attention]
    if not names:
        raise ConfigError(f"attention is not for {predictor.model_id}: its pooling weighs no tokens; choose others")
    measured = {name: _Measured() for name in (*names, RANDOM)}
    taus: dict[tuple[str, str], list[float]] = {pair: [] for pair in combinations(names, 2)}
    tokens: list[int] = []
    right: list[bool] = []
    started = time.perf_counter()
    for place, text in enumerate(reviews.texts):
        progress(f"Review {place + 1:,} of {len(reviews.texts):,}", place / len(reviews.texts))
        read, used = predictor.read(text)
        token_ids = read.token_ids[used]
        if len(token_ids) < 2 or not known.words[place]:
            continue  # nothing to rank
        target = int(positive(predictor.logits([token_ids])[0], EVEN_LOG_ODDS))
        scores = _scores(predictor, token_ids, target, measured, seed=question.seed + place)
        found = faithfulness(predictor, token_ids, scores, target, seed=question.seed + place)
        for name, entry in measured.items():
            entry.found.append(found[name])
        for (one, other), values in taus.items():
            signed = METHODS[one].signed, METHODS[other].signed
            tau = agreement(one, scores[one], other, scores[other], 10, *signed).tau
            if tau is not None:
                values.append(tau)
        tokens.append(len(token_ids))
        right.append(target == int(reviews.labels[place]))
        # A model that is wrong has other reasons than the writer's: there is no truth to compare with.
        if reviews.evidence is not None and right[-1]:
            mask = evidence_mask(read.starts[used], read.ends[used], reviews.evidence[place])
            for name, entry in measured.items():
                entry.precision.append(precisions(scores[name], mask))
    if len(tokens) < LEAST_REVIEWS:
        raise DataError(
            f"only {counted(len(tokens), 'review has', 'reviews have')} two words that the model "
            f"knows; at least {LEAST_REVIEWS} are needed"
        )
    progress("Working out the intervals", 1.0)
    return _result(question, sample, measured, taus, tokens, right, time.perf_counter() - started)


def _scores(
    predictor: Predictor, token_ids: np.ndarray, target: int, measured: Mapping[str, _Measured], seed: int
) -> dict[str, np.ndarray]:
    scores = {}
    for name, entry in measured.items():
        started = time.perf_counter()
        scored = METHODS[name].score(predictor, token_ids, target, seed=seed)
        entry.seconds.append(time.perf_counter() - started)
        entry.passes.append(scored.passes)
        scores[name] = scored.scores
    return scores


def draw_sample(question: StudyQuestion, store: Store, progress: Progress) -> Sample:
    """Return the sample of a study: reviews that the model has not learned from, at most as many as asked for."""
    data, size, seed = question.data, question.sample, question.seed
    said: tuple[str, ...] = ()
    if data == "demo":
        reviews = demo_with_evidence(size, seed=UNSEEN_SEED + seed)
    elif data == "own":
        reviews = own_test(question.model, store, progress)
    else:
        loaded = load_reviews(settings(data, question.reading), progress)
        reviews = RawReviews(loaded.texts, loaded.labels, evidence=loaded.evidence)
        # Nothing is learned from them here: their parts are no matter.
        said = (*loaded.warnings, *remarks(replace(loaded, parts=np.full(len(loaded), TEST, dtype=np.int8))))
    progress("Comparing them with what the model was trained on", None)
    offered = len(reviews.texts)
    known = seen_among(reviews.texts, question.model, store)
    unseen = np.arange(offered) if known is None else np.flatnonzero(~known)
    if len(unseen) < LEAST_REVIEWS:
        raise DataError(
            f"only {len(unseen)} of the {offered:,} reviews are new to {question.model}, which has learned from "
            f"the others; at least {LEAST_REVIEWS} new ones are needed"
        )
    rows = np.sort(np.random.default_rng(seed).permutation(unseen)[:size])
    return Sample(reviews.take(rows), offered, None if known is None else int(known.sum()), said)


def _result(
    question: StudyQuestion,
    sample: Sample,
    measured: Mapping[str, _Measured],
    taus: Mapping[tuple[str, str], list[float]],
    tokens: Sequence[int],
    right: Sequence[bool],
    seconds: float,
) -> Study:
    rng = np.random.default_rng(question.seed)
    control = measured[RANDOM].found
    rows = [_row(name, entry, control, rng) for name, entry in measured.items()]
    return {
        "model": question.model,
        "data": question.data if question.data in {"own", "demo"} else Path(question.data).name,
        "sample": question.sample,
        "offered": sample.offered,
        "seen": sample.seen,
        "seed": question.seed,
        "reviews": len(tokens),
        "left_out": question.sample - len(tokens),
        "accuracy": float(np.mean(right)),
        "tokens": float(np.mean(tokens)),
        "fractions": list(FRACTIONS),
        "confidence": CONFIDENCE,
        "methods": rows,
        "agreement": [
            {"first": one, "second": other, "tau": interval(values, rng) if len(values) > 1 else None}
            for (one, other), values in taus.items()
        ],
        "precision_reviews": len(measured[RANDOM].precision),
        "seconds": seconds,
        "remarks": list(sample.remarks),
    }


def _row(name: str, entry: _Measured, control: Sequence[Faithfulness], rng: np.random.Generator) -> MethodMeasured:
    found = entry.found
    row: MethodMeasured = {
        "method": name,
        "title": METHODS[name].title,
        "signed": METHODS[name].signed,
        "comprehensiveness": interval([item.comprehensiveness for item in found], rng),
        "sufficiency": interval([item.sufficiency for item in found], rng),
        "deletion_area": interval([item.deletion_area for item in found], rng),
        "insertion_area": interval([item.insertion_area for item in found], rng),
        "deletion": curve_interval([item.deletion for item in found], rng),
        "insertion": curve_interval([item.insertion for item in found], rng),
        "precision": None,
        "passes": float(np.mean(entry.passes)),
        "seconds": float(np.mean(entry.seconds)),
    }
    if name != RANDOM:
        pairs = list(zip(found, control, strict=True))
        row["comprehensiveness_gain"] = interval([a.comprehensiveness - b.comprehensiveness for a, b in pairs], rng)
        row["sufficiency_gain"] = interval([b.sufficiency - a.sufficiency for a, b in pairs], rng)
    row["precision"] = _precision(entry.precision, rng)
    return row


def _precision(found: Sequence[Mapping[str, float | None]], rng: np.random.Generator) -> dict[str, MeanInterval] | None:
    result = {}
    for k in found[0] if found else ():
        values = [value for item in found if (value := item[k]) is not None]
        if len(values) > 1:
            result[k] = interval(values, rng)
    return result or None


def interval(values: Sequence[float], rng: np.random.Generator) -> MeanInterval:
    """Return mean and percentile bootstrap interval (Efron 1979) over reviews: `values (N,)`, N ≥ 2."""
    mean, low, high = _bootstrapped(values, rng)
    return {"mean": float(mean), "low": float(low), "high": float(high)}


def curve_interval(values: Sequence[np.ndarray], rng: np.random.Generator) -> CurveInterval:
    """Return the same at each point of a curve: N ≥ 2 `values (F,)`."""
    mean, low, high = _bootstrapped(values, rng)
    return {"mean": mean.tolist(), "low": low.tolist(), "high": high.tolist()}


def _bootstrapped(
    values: Sequence[float] | Sequence[np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sample = np.asarray(values, dtype=np.float64)
    found = stats.bootstrap(
        (sample,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=100,
        vectorized=True,
        axis=0,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=rng,
    ).confidence_interval
    return sample.mean(axis=0), found.low, found.high
