"""What models say about a review, kept so that drawing the page again costs nothing; and the rows that show it.

What takes no longer than a moment is answered at once, whatever asked; the rest waits for a click and is a job.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sentiment_core.explain import (
    DEFAULT_BASELINE,
    METHODS,
    Attribution,
    Explanation,
    ModelInfo,
    ReadingAlong,
    attribute,
    load_predictor,
)
from sentiment_core.explain import job as explanation
from sentiment_core.explain.records import TokenScore
from sentiment_core.explain.unseen import has_seen
from sentiment_core.work.desk import look
from ui.kit.components.heatmap import Block, Row, Token
from ui.kit.job_panel import job_panel
from ui.kit.kept import kept
from ui.server.backend import store

# What no model reads needs no node of its own: a review of 50,000 words must not stall the browser.
LONGEST_TAIL = 200
LONGEST_TABLE = 5000
# Seconds of one core that a page may spend on a review before anybody presses a button: all methods on one of usual
# length take two.
AT_ONCE_SECONDS = 2.5
DIVERGED = "no answer: its training diverged, so its weights are no numbers"
ATTENTION = "attention"
# Integrated gradients whose sum is further off than this share are called so.
DOUBTFUL = 0.05
TITLES = {name: item.title for name, item in METHODS.items()}
CLASSES = ("negative", "positive")


@dataclass(frozen=True)
class Reading:
    """One model's answer to the review, and its attributions by the chosen methods that the model allows.

    `seen`: whether the model has learned from the review, None where nobody can tell. `waiting`: those that take long
    and have not been computed yet; `seconds`: the estimate for those answered at once.
    """

    info: ModelInfo
    text: str
    explanation: Explanation
    attributions: tuple[Attribution, ...]
    seen: bool | None = None
    waiting: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether the answer is a number: a model whose training diverged has none."""
        return math.isfinite(self.explanation.probability)


@kept(max_entries=4, show_spinner="Loading the model")
def predictor(model_id: str, version: str) -> Any:
    """Return a loaded model; `version` changes when its weights do."""
    return load_predictor(model_id, store())


# Kept as objects, not pickled: a review of 50,000 words has 50,000 records. Nothing changes them.
@kept(max_entries=12, show_spinner="Asking the model")
def _explanation(model_id: str, version: str, text: str) -> Explanation:
    answer: Explanation = predictor(model_id, version).explain(text)
    return answer


@kept(max_entries=48, show_spinner="Attributing the answer to the words")
def _attribution(
    model_id: str, version: str, text: str, method: str, target: int | None, baseline: str | None
) -> Attribution:
    return attribute(predictor(model_id, version), text, [method], target, baseline or DEFAULT_BASELINE)[0]


@kept(max_entries=24, show_spinner="Taking words away")
def _faithfulness(
    model_id: str, version: str, text: str, methods: tuple[str, ...], target: int | None, baseline: str
) -> Any:
    from sentiment_core.explain.faithfulness import of_review

    found = [
        _attribution(model_id, version, text, name, target, baseline if METHODS[name].uses_baseline else None)
        for name in methods
    ]
    return of_review(predictor(model_id, version), text, found)


@kept(max_entries=24, show_spinner="Reading along")
def _reading_along(model_id: str, version: str, text: str) -> ReadingAlong:
    found: ReadingAlong = predictor(model_id, version).reading_along(text)
    return found


def explain(info: ModelInfo, text: str) -> Explanation:
    """Return what one model says about `text`; raises `SentimentLabError`."""
    answer: Explanation = _explanation(info.id, info.version, text)
    return answer


def read(
    info: ModelInfo, text: str, methods: Sequence[str], target: int | None, baseline: str, spent: float = 0.0
) -> Reading:
    """Return a model's answer with the chosen methods that suit it; raises `SentimentLabError`.

    `spent`: seconds that this page has already been estimated to take at once.
    """
    from sentiment_core.explain.cost import attribution_seconds

    answer = explain(info, text)
    seen = has_seen(text, info.id, store())
    if not math.isfinite(answer.probability):
        return Reading(info, text, answer, (), seen)
    names = [name for name in methods if info.has_attention or not METHODS[name].needs_attention]
    model = predictor(info.id, info.version)
    seconds = {name: attribution_seconds(model, name, answer.used_tokens) for name in names}
    quick: list[str] = []
    for name in sorted(names, key=seconds.__getitem__):
        if spent + sum(seconds[other] for other in quick) + seconds[name] <= AT_ONCE_SECONDS:
            quick.append(name)
    dear = [name for name in names if name not in quick]
    found = {
        name: _attribution(info.id, info.version, text, name, target, baseline if METHODS[name].uses_baseline else None)
        for name in quick
    }
    if dear:
        job = look(
            store(), explanation.EXPLANATION, _question(info, text, explanation.ATTRIBUTIONS, dear, target, baseline)
        )
        if job.result is not None:
            used = np.array([token.used for token in answer.tokens])
            found |= {item.method: item for item in explanation.attributions_of(job.result, used)}
    waiting = tuple(name for name in names if name not in found)
    ready = tuple(found[name] for name in names if name in found)
    return Reading(info, text, answer, ready, seen, waiting, sum(seconds[name] for name in quick))


def offer_waiting(reading: Reading, target: int | None, baseline: str) -> None:
    """Draw the button that computes what a reading is waiting for, and its progress; the page is drawn anew with it."""
    from sentiment_core.explain.cost import attribution_seconds

    if not reading.waiting:
        return
    model = predictor(reading.info.id, reading.info.version)
    tokens = reading.explanation.used_tokens
    seconds = sum(attribution_seconds(model, name, tokens) for name in reading.waiting)
    titles = ", ".join(TITLES[name] for name in reading.waiting)
    question = _question(reading.info, reading.text, explanation.ATTRIBUTIONS, reading.waiting, target, baseline)
    hint = f"{titles}, for {reading.info.name}: {about(seconds)} for these {tokens:,} tokens."
    job_panel(explanation.EXPLANATION, question, start_label="Compute", time_hint=hint)


def faithful(reading: Reading, target: int | None, baseline: str) -> Any:
    """Return how faithful each of the reading's methods is to its model, random order included, by method.

    Where that takes long it is a job: its panel is drawn, and the answer is None until it is there.
    """
    from sentiment_core.explain.cost import attribution_seconds, faithfulness_seconds

    methods = tuple(item.method for item in reading.attributions)
    model = predictor(reading.info.id, reading.info.version)
    tokens = reading.explanation.used_tokens
    seconds = faithfulness_seconds(model, methods, tokens)
    dear = [name for name in methods if attribution_seconds(model, name, tokens) > AT_ONCE_SECONDS]
    if seconds <= AT_ONCE_SECONDS and not dear:
        return _faithfulness(reading.info.id, reading.info.version, reading.text, methods, target, baseline)
    seconds += sum(attribution_seconds(model, name, tokens) for name in methods)
    question = _question(reading.info, reading.text, explanation.FAITHFULNESS, methods, target, baseline)
    result = job_panel(
        explanation.EXPLANATION, question, start_label="Measure", time_hint=f"{about(seconds).capitalize()}."
    )
    return None if result is None else explanation.faithfulness_of(result)


def along(reading: Reading) -> ReadingAlong | None:
    """Return P(positive) after each token; where that takes long, draw the panel of its job until it is there."""
    from sentiment_core.explain.cost import along_seconds

    seconds = along_seconds(predictor(reading.info.id, reading.info.version), reading.explanation.used_tokens)
    if seconds <= AT_ONCE_SECONDS:
        found: ReadingAlong = _reading_along(reading.info.id, reading.info.version, reading.text)
        return found
    question = _question(reading.info, reading.text, explanation.ALONG, (), None, DEFAULT_BASELINE)
    result = job_panel(
        explanation.EXPLANATION, question, start_label="Read along", time_hint=f"{about(seconds).capitalize()}."
    )
    return None if result is None else explanation.along_of(result)


def about(seconds: float) -> str:
    """Return an estimate in words."""
    return f"about {max(seconds, 1):.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"


def _question(
    info: ModelInfo, text: str, what: explanation.What, methods: Sequence[str], target: int | None, baseline: str
) -> explanation.ReviewQuestion:
    return explanation.arguments_for(what, info.id, text, methods, target, baseline, store())


def block(reading: Reading) -> Block:
    """Return one model's part of the heatmap: probability, what it read, a row of scores for each method."""
    found = reading.explanation
    tokens = with_short_tail(tuple(heatmap_token(token) for token in found.tokens))
    rows = tuple(
        Row(
            title=TITLES[item.method],
            scale=item.method,
            signed=item.signed,
            scores=tuple(
                _finite(score) if token.used else None
                for token, score in zip(tokens, item.scores.tolist(), strict=False)
            ),
            note=row_note(item),
        )
        for item in reading.attributions
    )
    return Block(
        title=reading.info.name,
        verdict=verdict(found) if reading.sound else DIVERGED,
        note=note(found),
        tokens=tokens,
        rows=rows,
        probability=found.probability if reading.sound else None,
    )


def heatmap_token(token: TokenScore, masked: bool = False) -> Token:
    """Return a token of an answer as the heatmap takes it."""
    return Token(token.start, token.end, token.known, token.used, masked)


def verdict(found: Explanation) -> str:
    """Say the class and P(positive)."""
    return f"{CLASSES[found.label]}, P(positive) = {found.probability:.3f}"


def row_note(item: Attribution) -> str:
    """Say which class a row explains, and whether its scores add up."""
    parts = [f"for “{CLASSES[item.target]}”"] if item.signed else []
    if item.parts_note:
        parts.append(item.parts_note)
    if item.window > 1:
        parts.append(f"{item.window} neighbouring tokens share a score, because the review is long")
    if item.completeness is not None:
        sums = item.completeness
        doubt = "" if sums.relative_error < DOUBTFUL else ", so they do not add up: do not trust this row"
        parts.append(
            f"sum of attributions {_log_odds(sums.total)}, change of the log-odds {_log_odds(sums.difference)}, "
            f"error {_share(sums.relative_error)}{doubt}"
        )
    return "; ".join(parts)


def note(found: Explanation) -> str:
    """Say how much of the review the model read."""
    unknown = len(found.tokens) - found.known_tokens
    read = (
        f"first {found.used_tokens:,} of {found.known_tokens:,} tokens"
        if found.truncated
        else f"{found.used_tokens:,} tokens read"
    )
    if not found.used_tokens:
        read = "no known word: the answer says nothing about this review"
    return read + (f", {unknown:,} unknown" if unknown else "")


def table(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """Return the numbers behind the heatmap, one row a token of the first model's reading."""
    names = distinct_names([reading.info for reading in readings])
    rows = []
    for place, token in enumerate(readings[0].explanation.tokens[:LONGEST_TABLE]):
        row: dict[str, Any] = {"#": place + 1, "Token": token.text, "Known": token.known, "Read": token.used}
        for reading in readings:
            tokens = reading.explanation.tokens
            # Models may cut the text differently: a number belongs to the same characters or is left out.
            same = place < len(tokens) and tokens[place].start == token.start and tokens[place].end == token.end
            for item in reading.attributions:
                name = TITLES[item.method]
                column = name if len(readings) == 1 else f"{name} · {names[reading.info.id]}"
                row[column] = float(item.scores[place]) if same and tokens[place].used else None
        rows.append(row)
    return rows


def distinct_names(infos: Sequence[ModelInfo]) -> dict[str, str]:
    """Return what each model is called by its id: its name, with the id where several are called alike."""
    names = [info.name for info in infos]
    return {info.id: info.name if names.count(info.name) == 1 else f"{info.name} ({info.id})" for info in infos}


def _log_odds(value: float) -> str:
    return format(value, "+.2f" if abs(value) >= 0.1 or not value else "+.1g").replace("-", "−")


def _share(error: float) -> str:
    return f"{100 * error:.1f} %" if error >= 0.001 else "under 0.1 %"


def _finite(score: float) -> float | None:
    return score if math.isfinite(score) else None


def with_short_tail(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return the tokens with a long part that the model does not read as one token."""
    end = max((place + 1 for place, token in enumerate(tokens) if token.used), default=0)
    tail = tokens[end:]
    if len(tail) <= LONGEST_TAIL:
        return tokens
    known = any(token.known for token in tail)
    return (*tokens[:end], Token(tail[0].start, tail[-1].end, known, used=False))
