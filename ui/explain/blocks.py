"""What the heatmap and the table below it show of the models' answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sentiment_core.explain import METHODS, Attribution, Explanation, ModelInfo
from sentiment_core.explain.records import TokenScore
from sentiment_core.number_words import equals
from ui.explain.answers import Answer
from ui.kit.components.heatmap import Block, HeatmapRow, Token

# What no model reads needs no node for each word: a review of 50,000 words must not stall the browser.
LONGEST_UNREAD = 200
LONGEST_TABLE = 5000
DIVERGED = "no answer: its training diverged, so its weights are no numbers"
# Integrated gradients whose sum is further off than this share are called so.
DOUBTFUL = 0.05
CLASSES = ("negative", "positive")


def block(answer: Answer) -> Block:
    """Return one model's part of the heatmap: probability, what it read, a row of scores for each method."""
    found = answer.explanation
    nodes = nodes_of(found.tokens)
    rows = tuple(
        HeatmapRow(
            title=METHODS[item.method].title,
            scale=item.method,
            signed=item.signed,
            scores=tuple(_finite(scores[node.start]) if found.tokens[node.start].used else None for node in nodes),
            note=row_note(item),
        )
        for item in answer.attributions
        for scores in [item.towards_positive.tolist()]
    )
    return Block(
        title=answer.info.name,
        verdict=verdict(found) if answer.sound else DIVERGED,
        note=note(answer.info, found),
        tokens=tuple(heatmap_token([found.tokens[place] for place in node]) for node in nodes),
        rows=rows,
        probability=found.probability if answer.sound else None,
    )


def heatmap_token(tokens: Sequence[TokenScore], masked: bool = False) -> Token:
    """Return what stands together in the heatmap, one token or a stretch that is not read, as it takes it."""
    known = any(token.known for token in tokens)
    return Token(tokens[0].start, tokens[-1].end, known, tokens[0].used, masked)


def verdict(found: Explanation) -> str:
    """Say the class and P(positive)."""
    return f"{CLASSES[found.label]}, P(positive) {equals(found.probability)}"


def row_note(item: Attribution) -> str:
    """Say what a row leaves out, and whether its scores add up."""
    parts = []
    if item.parts_note:
        parts.append(item.parts_note)
    if item.window > 1:
        parts.append(f"{item.window} neighbouring tokens share a score, because the review is long")
    if item.completeness is not None:
        sums, sign = item.completeness, 1 if item.target else -1
        doubt = "" if sums.relative_error < DOUBTFUL else ", so they do not add up: do not trust this row"
        parts.append(
            f"sum of attributions {_log_odds(sign * sums.total)}, "
            f"change of the log-odds {_log_odds(sign * sums.difference)}, "
            f"error {_share(sums.relative_error)}{doubt}"
        )
    return "; ".join(parts)


def note(info: ModelInfo, found: Explanation) -> str:
    """Say how much of the review the model read, and which weights of a model that is still training have answered."""
    unknown = len(found.tokens) - found.known_tokens
    read = f"{found.read} read" if found.truncated else f"{found.used_tokens:,} tokens read"
    if found.used_tokens == 1 and not found.truncated:
        read = "1 token read"
    if not found.used_tokens:
        read = "no known word: the answer says nothing about this review"
    said = read + (f", {unknown:,} unknown" if unknown else "")
    if not info.training:
        return said
    return f"{said}; still training" + ("" if found.step is None else f", weights after update {found.step:,}")


def table(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Return the numbers behind the heatmap, one row a token of the first model's answer."""
    names = distinct_names([answer.info for answer in answers])
    rows = []
    scores = {answer.info.id: [item.towards_positive for item in answer.attributions] for answer in answers}
    for place, token in enumerate(answers[0].explanation.tokens[:LONGEST_TABLE]):
        row: dict[str, Any] = {"#": place + 1, "Token": token.text, "Known": token.known, "Read": token.used}
        for answer in answers:
            tokens = answer.explanation.tokens
            # Models may cut the text differently: a number belongs to the same characters or is left out.
            same = place < len(tokens) and tokens[place].start == token.start and tokens[place].end == token.end
            for item, values in zip(answer.attributions, scores[answer.info.id], strict=True):
                name = METHODS[item.method].title
                column = name if len(answers) == 1 else f"{name} · {names[answer.info.id]}"
                row[column] = float(values[place]) if same and tokens[place].used else None
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


def nodes_of(tokens: Sequence[TokenScore]) -> list[range]:
    """Return the places of the tokens that stand together: each alone, but a long stretch that the model does not read.

    It may lie behind what is read, before it, or in the middle.
    """
    nodes: list[range] = []
    start = 0
    for used, stretch in groupby(tokens, key=lambda token: token.used):
        end = start + sum(1 for _ in stretch)
        if not used and end - start > LONGEST_UNREAD:
            nodes.append(range(start, end))
        else:
            nodes += [range(place, place + 1) for place in range(start, end)]
        start = end
    return nodes
