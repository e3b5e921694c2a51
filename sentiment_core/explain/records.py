"""What an explanation consists of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sentiment_core.excerpt import in_words
from sentiment_core.number_words import percent
from sentiment_core.settings import Keep

# Less than this is missing from weights that add up to 1 by rounding alone.
LEAST_SPECIAL = 1e-3


# A long review has tens of thousands of these.
@dataclass(frozen=True, slots=True)
class TokenScore:
    """One token: `start` and `end` are character offsets into the original text, `text` is that part of it.

    `known`: the vectors have it. `used`: the model saw it (known, and in the part of a long review that it reads).
    `attention`: its weight, 0 where the model did not see it, None when the model does not attend.
    """

    text: str
    start: int
    end: int
    known: bool
    used: bool
    attention: float | None


@dataclass(frozen=True)
class Explanation:
    """One model's answer to one text: `probability` is P(positive), `label` 1 from 0.5 on, `seconds` the wall time.

    `truncated`: it did not read every word it knows, but the part that `keep` names. `remarks`: what
    that and the words it does not know make of the answer, a sentence each. `step`: the update after which the weights
    were kept, None where that is not known.
    """

    model_id: str
    probability: float
    label: int
    tokens: tuple[TokenScore, ...]
    truncated: bool
    known_tokens: int
    used_tokens: int
    seconds: float
    keep: Keep = "head"
    remarks: tuple[str, ...] = ()
    step: int | None = None

    @property
    def read(self) -> str:
        """Which part of the known tokens the model read, in words."""
        return in_words(self.used_tokens, self.known_tokens, self.keep)


@dataclass(frozen=True)
class Completeness:
    """Do attributions add up? `total` is their sum, `difference` the log-odds of the review minus the baseline's.

    `relative_error` is |total − difference| / max(|difference|, 1) (Sundararajan et al. 2017 call the equality
    completeness). Below one log-odd it counts log-odds: where words speak for and against by several of them and
    cancel, a share of what is left over says nothing.
    """

    total: float
    difference: float
    relative_error: float


@dataclass(frozen=True)
class Attribution:
    """One method's answer for one text: `scores (N,)` float64 parallel to `Explanation.tokens`, 0 where unused.

    Positive speaks for `target` (1 positive, 0 negative) where the method is `signed`; the unit is then its log-odds.
    `passes`: reviews sent through the network. `window`: tokens that shared a score because the review was long.
    `baseline`: what stood for "no word", None where the method has none. `completeness`: integrated gradients only.
    `parts`: how many vectors side by side the decision is made from, for attention, which weighs the tokens of one.
    """

    method: str
    title: str
    signed: bool
    target: int
    scores: np.ndarray
    passes: int
    seconds: float
    baseline: str | None = None
    window: int = 1
    completeness: Completeness | None = None
    parts: int = 1

    @property
    def towards_positive(self) -> np.ndarray:
        """Scores `(N,)` in log-odds of *positive*, whichever class was explained; as they are where not `signed`.

        The log-odds of the two classes are each other's negative, and so is every share in them.
        """
        return -self.scores if self.signed and not self.target else self.scores

    @property
    def parts_note(self) -> str:
        """What these scores leave out: other poolings, or what a Transformer's [CLS] gives to no word; else empty."""
        if self.parts > 1:
            return f"weights in 1 of the {self.parts} parts that the decision is made from; the others have no weights"
        special = 1.0 - float(self.scores.sum()) if self.method == "attention" and self.scores.any() else 0.0
        if special < LEAST_SPECIAL:
            return ""
        return f"of [CLS] in the last layer, mean of the heads; {percent(special)} of it rests on [CLS] and [SEP]"


@dataclass(frozen=True)
class ReadingAlong:
    """P(positive) `probabilities (P,)` after the first `after (P,)` used tokens, ascending to the whole text."""

    after: np.ndarray
    probabilities: np.ndarray
