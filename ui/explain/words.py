"""Sentences computed from what was measured about one review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sentiment_core.explain import METHODS, Explanation, ReadingAlong
from sentiment_core.explain.agreement import Agreement, chance, chance_shared
from sentiment_core.explain.faithfulness import RANDOM
from sentiment_core.number_words import probability

CHANGES = 3
# A step smaller than this is no change of mind.
LEAST_CHANGE = 0.02
CONTEXT = 4
ONE_REVIEW = "One review proves little: “Over a test set” asks many."


@dataclass(frozen=True)
class Change:
    """A step of P(positive) from `before` to `after` where the model read `words`, the `token`-th used one."""

    token: int
    words: str
    before: float
    after: float


def agreement_sentence(found: Sequence[Agreement], tokens: int) -> str:
    """Say how much the methods agree on `tokens` words, from the pair that agrees most to the one that agrees least."""
    ranked = sorted((item for item in found if item.tau is not None), key=lambda item: -(item.tau or 0.0))
    if not ranked:
        return "At least one method of each pair scores all tokens alike, so there is no order to compare."
    top, ends = ranked[0].k, (ranked[0], ranked[-1])
    limit, most = chance(tokens), chance_shared(tokens, top)
    best, worst = (f"{_pair(item)} {_how(item, limit, most)}: {_measured(item)}." for item in ends)
    sentence = best if len(ranked) == 1 else f"Most alike: {best} Least alike: {worst}"
    return (
        f"{sentence} Of two random rankings of {tokens:,} words, |τ| stays below {limit:.2f} in 19 of 20 cases, and at "
        f"most {most} of the top {top} are the same in as many."
    )


def faithfulness_sentence(found: Mapping[str, Any]) -> str:
    """Say which ranking breaks this answer soonest, and whether that is sooner than at random."""
    random = found[RANDOM].comprehensiveness
    methods = sorted((item for name, item in found.items() if name != RANDOM), key=lambda item: -item.comprehensiveness)
    if not methods:
        return f"Taking away words at random costs {decimal(random)} of the probability on average."
    best = methods[0]
    worse = [METHODS[item.method].title for item in methods if item.comprehensiveness <= random]
    if len(worse) == len(methods):
        return (
            f"No method's first words matter more here than words at random: taking those away costs the model "
            f"{decimal(random)} of its probability on average, {METHODS[best.method].title}'s "
            f"{decimal(best.comprehensiveness)}. {ONE_REVIEW}"
        )
    sentence = (
        f"Taking away the words that {METHODS[best.method].title} ranks first costs the model "
        f"{decimal(best.comprehensiveness)} of its probability on average, words at random {decimal(random)}."
    )
    if worse:
        sentence += f" No better than random here: {', '.join(worse)}."
    return f"{sentence} {ONE_REVIEW}"


def changes_of_mind(along: ReadingAlong, found: Explanation) -> list[Change]:
    """Return the largest steps of P(positive), largest first."""
    steps = np.diff(along.probabilities)
    order = np.argsort(-np.abs(steps), kind="stable")[:CHANGES]
    return [
        Change(
            int(along.after[place + 1]),
            words_read(found, int(along.after[place]), int(along.after[place + 1])),
            float(along.probabilities[place]),
            float(along.probabilities[place + 1]),
        )
        for place in order
        if abs(steps[place]) >= LEAST_CHANGE
    ]


def changes_sentence(changes: Sequence[Change]) -> str:
    """Name the changes of mind."""
    if not changes:
        return "No single step changes its mind: P(positive) never moves by more than 0.02 at once."
    parts = [f"“{item.words}” (from {probability(item.before, 2)} to {probability(item.after, 2)})" for item in changes]
    return f"It changes its mind most at {', '.join(parts)}."


def words_read(found: Explanation, first: int, last: int) -> str:
    """Return the used tokens after the first `first` up to the `last`-th, the last few of them."""
    used = [token.text for token in found.tokens if token.used][first:last]
    return ("… " if len(used) > CONTEXT else "") + " ".join(used[-CONTEXT:])


def signed(value: float) -> str:
    """Return a change of a probability with its sign, to three places or to its first digit."""
    return decimal(value, "+.3f" if abs(value) >= 0.0005 or not value else "+.0e" if abs(value) < 1e-6 else "+.1g")


def _pair(item: Agreement) -> str:
    return f"{METHODS[item.first].title} and {METHODS[item.second].title}"


def _how(item: Agreement, limit: float, most: int) -> str:
    tau = item.tau or 0.0
    if abs(tau) < limit:
        more = ", but put more of the same on top" if _shared(item) > most else ""
        return f"rank all words no more alike than chance may{more}"
    for least, words in ((0.6, "rank the words much alike"), (0.3, "agree in part"), (0.0, "agree a little")):
        if tau >= least:
            return words
    return "rather rank the words the other way round"


def _measured(item: Agreement) -> str:
    return f"τ = {decimal(item.tau)}, {_shared(item)} of the top {item.k} words in common"


def _shared(item: Agreement) -> int:
    return round((item.overlap or 0.0) * item.k)


def decimal(value: float | None, form: str = "z.2f") -> str:
    """Return a number with a true minus sign, none on a zero; a dash for None."""
    return "–" if value is None else format(value, form).replace("-", "−")
