"""Reviews as pairs of neighbouring segments: what a masked language model learns from, and how words are masked.

After Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers": half of the pairs are segments that
follow each other, half a segment with one of another review; a share of the pieces is chosen, and of these most are
masked, some replaced, some kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sentiment_core.datasets import TRAIN, Reviews
from sentiment_core.errors import DataError
from sentiment_core.progress import Progress
from sentiment_core.segments import segmented
from sentiment_core.settings import DataConfig, TrainingConfig
from sentiment_core.wordpiece import (
    CLS_ID,
    MASK_ID,
    PAD_ID,
    SEP_ID,
    SPECIAL,
    WORDPIECE_VERSION,
    WordPieces,
    learn_wordpieces,
)

# [CLS] first [SEP] second [SEP]
SPECIAL_IN_PAIR = 3
FIRST, SECOND = 0, 1


@dataclass(frozen=True)
class Objective:
    """What is asked about a pair: of `share` of the pieces, `masked` become [MASK], `replaced` any other, others stay.

    `whole_words` chooses all pieces of a word together; `shuffled` puts the pieces of each segment in random order.
    """

    share: float = 0.15
    masked: float = 0.8
    replaced: float = 0.1
    whole_words: bool = False
    shuffled: bool = False

    @classmethod
    def of(cls, training: TrainingConfig) -> Objective:
        """Return what `training` says about it."""
        return cls(
            share=training.mask_share,
            masked=training.masked_share,
            replaced=training.replaced_share,
            whole_words=training.whole_words,
            shuffled=training.shuffle_words,
        )


@dataclass(frozen=True, eq=False)
class Pairs:
    """N pairs of segments that follow each other in their review.

    `token_ids` is flat int32; the segments of pair `i` are `token_ids[starts[i]:middles[i]]` and
    `token_ids[middles[i]:ends[i]]`, its review `reviews[i]` (ascending) and its part `parts[i]`; `openings[i]`
    is that of the second segment, see `Segments`. `shares (V,)` is how frequent each piece is in training pairs, at
    least half a count. `seed` decides what is masked, with the pairs.
    """

    token_ids: np.ndarray
    starts: np.ndarray
    middles: np.ndarray
    ends: np.ndarray
    reviews: np.ndarray
    parts: np.ndarray
    openings: np.ndarray
    shares: np.ndarray
    pieces: WordPieces
    objective: Objective
    seed: int

    def __len__(self) -> int:
        return len(self.starts)

    def lengths(self, examples: np.ndarray) -> np.ndarray:
        """Return how long the `examples (B, 2)` are, special pieces counted `(B,)`."""
        first, second = examples.T
        words = self.middles[first] - self.starts[first] + self.ends[second] - self.middles[second]
        return np.asarray(words + SPECIAL_IN_PAIR)

    @cached_property
    def unigram_loss(self) -> float:
        """The cross-entropy (nats) of answering with each piece's share: what is reached without reading."""
        return float(-(self.shares * np.log(self.shares)).sum())


def pair_up(pairs: Pairs, members: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return examples `(M, 2)`: the first segment of a pair beside the second of the same one, or of another review's.

    `members (M,)` are pairs in any order. One half stays together, of any two alike in length one, by lot: who always
    says the same is right in half of them. A stranger is as long as the segment it stands for and begins with as long a
    sentence, or the nearest there is. Were it any segment, lengths would tell: a first segment ends where the next
    sentence has no room, so neighbours are never short together.

    Raises `DataError` when all are of one review.
    """
    opening = pairs.openings[members]
    length = (pairs.ends - pairs.middles)[members]
    # Those alike stand together, in an order by lot; a stranger is the next one, up or down, of another review.
    order = np.lexsort((generator.random(len(members)), np.abs(opening), length, opening < 0))
    step = generator.choice([-1, 1], len(members))
    reviews = pairs.reviews[members[order]]
    if (reviews == reviews[0]).all():
        raise DataError("all pairs of segments are of one review; the next sentence needs two at least")
    at = np.arange(len(members))
    while (own := reviews[at] == reviews).any():
        at[own] = (at[own] + step[own]) % len(members)
    lots = generator.random(-(-len(members) // 2)) < 0.5
    together = np.column_stack([lots, ~lots]).ravel()[: len(members)]
    seconds = np.empty_like(members)
    seconds[order] = members[np.where(together, order, order[at])]
    return np.column_stack([members, seconds])


@dataclass(frozen=True)
class MaskedPairs:
    """B pairs as a model reads them, `(B, T)` each: `token_ids`, `segments` (0 or 1), `chosen` and `original` ids.

    `lengths (B,)` count the special pieces too; `follows (B,)` is whether the second segment follows the first.
    """

    token_ids: np.ndarray
    segments: np.ndarray
    chosen: np.ndarray
    original: np.ndarray
    lengths: np.ndarray
    follows: np.ndarray


def masked_pairs(pairs: Pairs, examples: np.ndarray) -> MaskedPairs:
    """Return the examples `(B, 2)` padded to the longest of them and masked.

    What is masked follows from `pairs.seed` and the examples alone. Random numbers are the same for every objective, so
    that one which chooses more chooses all that another does, and more.
    """
    generator = np.random.default_rng([pairs.seed, *examples.ravel()])
    original, segments, lengths = _laid_out(pairs, examples)
    shape = original.shape
    keys, kinds, orders = generator.random((3, *shape), dtype=np.float32)
    strangers = generator.integers(len(SPECIAL), len(pairs.pieces), shape)
    asked = pairs.objective
    real = original >= len(SPECIAL)
    keys[~real] = np.inf
    if asked.whole_words:
        keys = _of_their_word(keys, original, pairs.pieces)
    # At least one of the batch, or there would be nothing to learn from.
    chosen = real & (keys <= max(asked.share, keys.min()))
    token_ids = original.copy()
    token_ids[chosen & (kinds < asked.masked)] = MASK_ID
    random = chosen & (kinds >= asked.masked) & (kinds < asked.masked + asked.replaced)
    token_ids[random] = strangers[random]
    if asked.shuffled:
        places = _mixed(original, orders)
        token_ids, original, chosen = (np.take_along_axis(a, places, 1) for a in (token_ids, original, chosen))
    return MaskedPairs(token_ids, segments, chosen, original, lengths, examples[:, 0] == examples[:, 1])


def laid_out(first: Sequence[int], second: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and segments `(T,)` of [CLS] first [SEP] second [SEP], or of [CLS] first [SEP] without a second."""
    token_ids = [CLS_ID, *first, SEP_ID, *([*second, SEP_ID] if len(second) else [])]
    segments = np.full(len(token_ids), SECOND)
    segments[: len(first) + 2] = FIRST
    return np.array(token_ids, dtype=np.int64), segments


def _laid_out(pairs: Pairs, examples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first, second = examples.T
    lengths = pairs.lengths(examples)
    steps = np.arange(int(lengths.max()))
    middle = (pairs.middles[first] - pairs.starts[first] + 1)[:, None]  # of the first [SEP]
    end = (lengths - 1)[:, None]
    in_first, in_second = (steps > 0) & (steps < middle), (steps > middle) & (steps < end)
    token_ids = np.full((len(examples), len(steps)), PAD_ID, dtype=np.int64)
    token_ids[:, 0] = CLS_ID
    token_ids[(steps == middle) | (steps == end)] = SEP_ID
    places = np.where(
        in_first, pairs.starts[first][:, None] + steps - 1, pairs.middles[second][:, None] + steps - middle - 1
    )
    inside = in_first | in_second
    token_ids[inside] = pairs.token_ids[places[inside]]
    return token_ids, np.where((steps > middle) & (steps <= end), SECOND, FIRST), lengths


def _of_their_word(keys: np.ndarray, original: np.ndarray, pieces: WordPieces) -> np.ndarray:
    """Return for each piece `(B, T)` the key of the piece that its word begins with."""
    special = original < len(SPECIAL)
    begins = special | pieces.begins_word[original]
    # A long sentence may have been cut within a word.
    begins[:, 1:] |= special[:, :-1]
    latest = np.maximum.accumulate(np.where(begins, np.arange(keys.shape[1]), 0), axis=1)
    return np.take_along_axis(keys, latest, axis=1)


def _mixed(original: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Return places `(B, T)` that mix the pieces between two special ones by `orders (B, T)`."""
    special = original < len(SPECIAL)
    runs = 2 * np.cumsum(special, axis=1) - special
    return np.lexsort((orders, runs), axis=1)


def prepare_pairs(
    data: DataConfig, reviews: Reviews, objectives: Sequence[Objective], seed: int, show: Progress
) -> list[Pairs]:
    """Return the pairs of `reviews`, once for each objective; runs with the same one share one object.

    Raises `DataError` where no training review has two segments.
    """
    content = f"{reviews.fingerprint()}|{data.vocabulary_size}|{WORDPIECE_VERSION}"
    show("Learning word pieces", None)
    training = [reviews.texts[row] for row in reviews.select(TRAIN)]
    pieces = learn_wordpieces(training, data.vocabulary_size, content)
    token_ids, (ends, of_review, openings) = segmented(
        pieces, reviews, content, (data.pair_tokens - SPECIAL_IN_PAIR) // 2, show
    )
    bounds = np.concatenate([[0], ends])
    # Two segments that follow each other in a review are a pair; none is in two pairs.
    place = np.arange(len(ends)) - np.searchsorted(of_review, of_review)
    first = np.flatnonzero((place[:-1] % 2 == 0) & (of_review[:-1] == of_review[1:]))
    parts = reviews.parts[of_review[first]]
    if not (parts == TRAIN).any():
        raise DataError("no training review has two segments; choose shorter pairs (data.pair_tokens) or more reviews")
    learned = np.repeat(reviews.parts[of_review] == TRAIN, np.diff(bounds))
    counts = np.bincount(token_ids[learned], minlength=len(pieces)).clip(min=0.5)
    starts, middles, ends = bounds[first], bounds[first + 1], bounds[first + 2]
    shares = counts / counts.sum()
    made = {
        objective: Pairs(
            token_ids,
            starts,
            middles,
            ends,
            of_review[first],
            parts,
            openings[first + 1],
            shares,
            pieces,
            objective,
            seed,
        )
        for objective in objectives
    }
    return [made[objective] for objective in objectives]
