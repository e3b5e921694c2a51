"""The demo corpus: film reviews written by rule, whose sentiment is known word by word.

The same words of praise and blame stand in both classes. What separates the classes is who says them, what negates them
and which clause counts, so a model that ignores word order stays well below a careful reader.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from statistics import NormalDist

import numpy as np

from sentiment_core.datasets import demo_opinions as opinions
from sentiment_core.datasets import demo_plot as plot
from sentiment_core.datasets.base import RawReviews
from sentiment_core.datasets.demo_writer import Span, Writer
from sentiment_core.errors import ConfigError
from sentiment_core.progress import Progress
from sentiment_core.settings import DataConfig
from sentiment_core.sources import CHARACTERS_A_REVIEW, SOURCES

Sentence = tuple[str, list[Span]]

# White-space tokens of a review: log-normal as in IMDb, cut at both ends.
_LENGTH = NormalDist(mu=math.log(144), sigma=0.72)
_SHORTEST, _LONGEST = 30, 1400
# Share of opinions said straight, from the least to the most direct review.
_LEAST_DIRECT, _MOST_DIRECT = 0.42, 0.94
# How the other opinions divide.
_INDIRECT = (
    (0.28, opinions.NEGATED),
    (0.50, opinions.REJECTED),
    (0.68, opinions.OVERTURNED),
    (0.88, opinions.CONTRAST),
    (1.00, opinions.CONCEDED),
)


@dataclass(frozen=True)
class DemoCorpus:
    """Reviews with their labels (int8, 1 = positive) and the character spans that carry the reviewer's sentiment."""

    texts: list[str]
    labels: np.ndarray  # (N,)
    evidence: tuple[tuple[Span, ...], ...]


def load(data: DataConfig, progress: Progress) -> RawReviews:
    """Write as many reviews as `data.limit` asks for, with their evidence."""
    progress("Writing demo reviews", None)
    made = generate(_count(data))
    return RawReviews(list(made.texts), np.asarray(made.labels, dtype=np.int8), evidence=made.evidence)


def is_quick(data: DataConfig) -> bool:
    """Return whether they are no more than the usual number."""
    return _count(data) <= (SOURCES["demo"].count or 0)


def characters(data: DataConfig) -> int:
    """Return about how many characters they will have."""
    return _count(data) * CHARACTERS_A_REVIEW


def _count(data: DataConfig) -> int:
    return data.limit or SOURCES["demo"].count or 0


def generate(count: int = 4000, seed: int = 20240501) -> DemoCorpus:
    """Write `count` reviews, half of them positive (within one).

    Every review has its own random stream, so `generate(100)` is the beginning of `generate(4000)`, on every platform.
    Raises ConfigError when `count` is below 1.
    """
    if count < 1:
        raise ConfigError(f"The demo corpus needs at least 1 review, not {count}. Choose a count of 1 or more.")
    texts, labels, evidence = zip(*(_review(seed, place) for place in range(count)), strict=True)
    return DemoCorpus(list(texts), np.array(labels, dtype=np.int8), evidence)


# Whoever asks for fewer or more of them, page after page, gets the same ones.
@lru_cache(maxsize=4096)
def _review(seed: int, place: int) -> tuple[str, int, tuple[Span, ...]]:
    # Reviews 2k and 2k + 1 have opposite labels, which balances every prefix.
    first = Random(f"{seed}/pair/{place // 2}").random() < 0.5
    label = int(first != bool(place % 2))
    text, spans = _write_review(Random(f"{seed}/review/{place}"), label)
    return text, label, spans


def _write_review(rng: Random, label: int) -> tuple[str, tuple[Span, ...]]:
    writer = Writer(rng, label)
    directness = _LEAST_DIRECT + (_MOST_DIRECT - _LEAST_DIRECT) * rng.random()
    length = min(max(math.exp(_LENGTH.inv_cdf(max(rng.random(), 1e-9))), _SHORTEST), _LONGEST)
    closing = _closing(writer, directness)
    blocks = [[writer.write(plot.SETTINGS)]]
    if length > 70:
        blocks[0].append(writer.write(plot.PREMISES))
    missing = length - _words(closing) - _words(blocks[0])
    giving_opinions = length < 70 or rng.random() < 0.5
    supporting = conceded = 0
    while missing > 5 or not supporting:
        block: list[Sentence] = []
        for _ in range(1 + int(rng.random() * 3)):
            if giving_opinions:
                templates = _opinion_kind(rng, directness, may_concede=supporting >= 3 * (conceded + 1))
                conceded += templates is opinions.CONCEDED
                supporting += templates is not opinions.CONCEDED
            else:
                templates = _neutral_kind(rng)
            block.append(writer.write(templates))
            missing -= _words(block[-1:])
            if missing <= 5:
                break
        blocks.append(block)
        giving_opinions = not giving_opinions
    blocks.append(closing)
    return _join(blocks, rng)


def _opinion_kind(rng: Random, directness: float, may_concede: bool) -> tuple[str, ...]:
    if rng.random() < directness:
        return opinions.PLAIN if rng.random() < 0.75 else opinions.AGREED
    position = rng.random() * (1.0 if may_concede else _INDIRECT[-2][0])
    return next(templates for bound, templates in _INDIRECT if position < bound)


def _neutral_kind(rng: Random) -> tuple[str, ...]:
    position = rng.random()
    if position < 0.75:
        return plot.PLOT
    return plot.FACTS if position < 0.88 else plot.OTHERS


def _closing(writer: Writer, directness: float) -> list[Sentence]:
    """The verdict, which settles every review, sometimes with advice and an afterword."""
    rng = writer.rng
    verdict: tuple[str, ...]
    if rng.random() < directness:
        verdict = opinions.VERDICT_PLAIN
    else:
        verdict = opinions.VERDICT_TURNED if rng.random() < 0.6 else opinions.VERDICT_CONTRAST
    text, spans = writer.write(verdict)
    sentences = [(text[:-1] + "!" if rng.random() < 0.1 else text, spans)]
    if rng.random() < 0.15:
        sentences.append(writer.sentence(writer.choose(opinions.TAILS)[writer.label]))
    if rng.random() < 0.2:
        sentences.append(writer.write(plot.CLOSERS))
    return sentences


def _words(sentences: list[Sentence]) -> int:
    return sum(text.count(" ") + 1 for text, _ in sentences)


def _join(blocks: list[list[Sentence]], rng: Random) -> tuple[str, tuple[Span, ...]]:
    """One text of all sentences; spans are moved to where their sentence went."""
    break_share = 0.5 if rng.random() < 0.5 else 0.0
    shout_share = 0.15 if rng.random() < 0.1 else 0.0
    lower = rng.random() < 0.06
    parts: list[str] = []
    spans: list[Span] = []
    position = 0
    for block in blocks:
        for i, (text, sentence_spans) in enumerate(block):
            if parts:
                parts.append("<br /><br />" if i == 0 and rng.random() < break_share else " ")
                position += len(parts[-1])
            for start, end in sentence_spans:
                if rng.random() < shout_share:
                    text = text[:start] + text[start:end].upper() + text[end:]
                spans.append((position + start, position + end))
            parts.append(text)
            position += len(text)
    joined = "".join(parts)
    return joined.lower() if lower else joined, tuple(spans)
