"""What the reviews lend their sentences to: edits by rule, opinions written by rule, spliced and mixed reviews, crops.

For `benchmarks.distilled`. `set_phrases.txt`, of our own, has what people say of a film in praise and, behind the
stroke, in blame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from benchmarks.edits import Editor, Tokens, sentences
from benchmarks.lexicon import Word, learn_lexicon
from benchmarks.verdicts import verdict
from sentiment_core.explain.predictor import Predictor

PHRASES = Path(__file__).with_name("set_phrases.txt")
LONGEST_EDITED, LONGEST_SPAN, LONGEST = 330, 230, 400
SURE = 0.95


class Kind(IntEnum):
    """Which of the texts an example is; an edited one stands just behind what it was made of."""

    WHOLE = 0
    OWN = 1
    EDITED = 2
    OWN_SPAN = 3
    EDITED_SPAN = 4
    VERDICT = 5
    BEHIND = 6
    SPLICED = 7
    MIXED = 8
    CROP = 9
    PHRASES = 10


# How many of each kind are written beside the whole reviews; of an edited kind, how many pairs.
COUNTS = {
    Kind.EDITED: 39_200,
    Kind.EDITED_SPAN: 58_800,
    Kind.VERDICT: 39_200,
    Kind.BEHIND: 19_600,
    Kind.SPLICED: 40_000,
    Kind.MIXED: 40_000,
    Kind.CROP: 30_000,
    Kind.PHRASES: 24_000,
}


class Example(NamedTuple):
    """Token ids `(T,)`, the target P(positive) by rule, its kind, the review it was made of (−1: none)."""

    ids: np.ndarray
    target: float
    kind: Kind
    review: int


class Examples(NamedTuple):
    """Examples as stretches `[start, start + length)` of one array of token ids; the whole reviews stand first."""

    ids: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    targets: np.ndarray
    kinds: np.ndarray
    reviews: np.ndarray


class Writer:
    """Writes examples of training reviews given as source ids `(T,)` with their labels."""

    def __init__(self, predictor: Predictor, rows: list[np.ndarray], labels: np.ndarray, seed: int = 100) -> None:
        self.words = predictor.vectors.words
        self.places = {word: place for place, word in enumerate(self.words, start=1)}
        self.rows, self.labels, self.rng = rows, labels, Random(seed)
        self.editor = Editor(self._lexicon(predictor))
        self.sentences = [list(sentences([self.words[token - 1] for token in row])) for row in rows]
        self.encoder = predictor.encoder
        self.phrases = self.encoded(PHRASES)
        self.plain: list[Tokens] = []
        self.telling: tuple[list[Tokens], list[Tokens]] = ([], [])
        for label, parts in zip(labels, self.sentences, strict=True):
            for part in parts:
                own = self.own(part, label)
                if abs(own) < 0.3 and 5 <= len(part) <= 40:
                    self.plain.append(part)
                elif own >= 1.0 and 4 <= len(part) <= 45:
                    self.telling[label].append(part)

    def write(self, share: float = 1.0) -> Examples:
        """Return the whole reviews and `share` of what is written beside them."""
        found = [
            Example(row, float(label), Kind.WHOLE, place)
            for place, (row, label) in enumerate(zip(self.rows, self.labels, strict=True))
        ]
        for kind, count in COUNTS.items():
            missing = int(count * share)
            for number in range(100 * missing):
                if not missing:
                    break
                made = [item for item in self._made(kind, number % 2) if len(item.ids)]
                found += made
                missing -= bool(made)
        lengths = np.array([len(item.ids) for item in found])
        columns = zip(*((item.target, item.kind, item.review) for item in found), strict=True)
        return Examples(
            np.concatenate([item.ids for item in found]).astype(np.int32),
            np.concatenate([[0], np.cumsum(lengths)[:-1]]),
            lengths,
            *(np.array(column, dtype) for column, dtype in zip(columns, (np.float32, np.int8, np.int32), strict=True)),
        )

    def encoded(self, file: Path) -> list[list[Tokens]]:
        """Return the tokens of the set phrases of a file: what blames, what praises."""
        lines = [line.split(" / ") for line in file.read_text(encoding="utf-8").strip().splitlines()]
        return [
            [[self.words[token - 1] for token in ids] for chunk in self.encoder.encode_known(said) for ids in chunk]
            for said in ([line[1] for line in lines], [line[0] for line in lines])
        ]

    def _made(self, kind: Kind, label: int) -> Iterator[Example]:
        rng = self.rng
        place = rng.randrange(len(self.rows))
        match kind:
            case Kind.EDITED:
                yield from self._both_sides(place, 6, 40, LONGEST_EDITED, (Kind.OWN, kind))
            case Kind.EDITED_SPAN:
                yield from self._both_sides(place, 1, 4, LONGEST_SPAN, (Kind.OWN_SPAN, kind))
            case Kind.VERDICT:
                said = [verdict(label, rng) for _ in range(rng.choice((1, 1, 2, 3)))]
                yield self._example(said, 0.97 if label else 0.03, kind)
            case Kind.BEHIND:
                before = rng.choices(self.plain, k=rng.randint(1, 6))
                yield self._example([*before, verdict(label, rng)], 0.93 if label else 0.07, kind)
            case Kind.SPLICED:
                yield from self._spliced(place)
            case Kind.MIXED:
                other = rng.randrange(len(self.rows))
                # Which label it has nobody knows: teachers say.
                yield self._example([*self.stretch(place, 12), *self.stretch(other, 12)], 0.5, kind, place)
            case Kind.CROP:
                parts = self.stretch(place, 10)
                sure = min(SURE, 0.6 + 0.05 * len(parts))
                yield self._example(parts, sure if self.labels[place] else 1 - sure, kind, place)
            case Kind.PHRASES:
                yield self._example(self._said(label), SURE if label else 1 - SURE, kind)

    def _both_sides(
        self, place: int, fewest: int, most: int, longest: int, kinds: tuple[Kind, Kind]
    ) -> Iterator[Example]:
        """Yield a run of sentences of a review that speaks for its label, and the same edited; nothing if none does."""
        label = int(self.labels[place])
        span: Tokens = []
        for part in self.stretch(place, most, fewest):
            if len(span) + len(part) > longest:
                break
            span += part
        praise, blame = self.editor.polarity(span)
        own, other = (praise, blame) if label else (blame, praise)
        if own < 1.0 or own < 1.5 * other:
            return
        edited = self.editor.flip(span, label, self.rng.uniform(0.6, 1.0), self.rng)
        if edited.share < 0.5:
            return
        certain = SURE if own > 2.0 else 0.88
        yield self._example([span], certain if label else 1 - certain, kinds[0], place)
        trust = certain * min(1.0, 0.72 + 0.7 * (edited.share - 0.5))
        yield self._example([edited.tokens], 1 - trust if label else trust, kinds[1], place)

    def _spliced(self, place: int) -> Iterator[Example]:
        """Yield sentences of a review, those with an opinion exchanged for ones that speak for the other label."""
        label, rng = int(self.labels[place]), self.rng
        parts = self.stretch(place, 30, 3)
        telling = [abs(self.own(part, label)) >= 0.5 for part in parts]
        share = 1.0 if rng.random() < 0.7 else rng.uniform(0.4, 0.9)
        swapped = [tells and rng.random() < share for tells in telling]
        row = [rng.choice(self.telling[1 - label]) if swap else part for part, swap in zip(parts, swapped, strict=True)]
        if sum(telling) < 2 or not any(swapped) or sum(map(len, row)) > LONGEST:
            return
        sure = SURE if share == 1.0 else 0.5 + 0.4 * max(0.0, 2 * sum(swapped) / sum(telling) - 1)
        yield self._example(row, 1 - sure if label else sure, Kind.SPLICED, place)

    def _said(self, label: int) -> list[Tokens]:
        """Return one to four set phrases, often behind or among sentences without an opinion."""
        rng = self.rng
        said = rng.choices(self.phrases[label], k=rng.choice((1, 1, 2, 3, 4)))
        film = rng.choice(("film", "movie", "movie", "picture", "show"))
        said = [[film if word in {"film", "movie"} else word for word in phrase] for phrase in said]
        if rng.random() < 0.4:
            said.append(rng.choice(self.telling[label]))
        place = rng.random()
        said = ([] if place < 0.35 else rng.choices(self.plain, k=rng.randint(1, 6))) + said
        if place > 0.6:
            rng.shuffle(said)
        return said

    def stretch(self, place: int, most: int, fewest: int = 1) -> list[Tokens]:
        """Return `fewest` to `most` sentences of a review that follow one another."""
        parts = self.sentences[place]
        size = self.rng.randint(fewest, most)
        first = self.rng.randrange(max(len(parts) - size, 0) + 1)
        return parts[first : first + size]

    def own(self, part: Tokens, label: int) -> float:
        """Return how much more strongly a sentence speaks for `label` than against it."""
        praise, blame = self.editor.polarity(part)
        return praise - blame if label else blame - praise

    def _example(self, parts: Sequence[Tokens], target: float, kind: Kind, review: int = -1) -> Example:
        known = [self.places[token] for part in parts for token in part if token in self.places]
        return Example(np.array(known[: 2 * LONGEST], dtype=np.int32), target, kind, review)

    def _lexicon(self, predictor: Predictor) -> dict[str, Word]:
        present = np.zeros((2, len(self.words) + 1))
        for row, label in zip(self.rows, self.labels, strict=True):
            present[label, np.unique(row)] += 1
        per_class = np.array([[(self.labels == side).sum() + 2] for side in (0, 1)])
        negative, positive = np.log((present[:, 1:] + 1) / per_class)
        vectors = predictor.vectors.rows(np.arange(1, len(self.words) + 1))
        return learn_lexicon(self.words, vectors, positive - negative, present[:, 1:].sum(axis=0))
