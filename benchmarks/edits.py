"""Reviews edited by rule so that they say the opposite: words, negations, phrases and ratings exchanged.

After Wang & Culotta 2021, *Robustness to spurious correlations in text classification via automatically generated
counterfactuals*. What an editor leaves alone (names, plot, genre) then stands under both labels, so a model that has
learned from both sides can no longer judge by it. Works on tokens as `sentiment_core.text` splits them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from benchmarks.lexicon import Word
from benchmarks.opposites import DEGREES, EXACT, KINDS, NEGATORS, PHRASES

Tokens = list[str]

SENTENCE_ENDS = frozenset(".!?")
_CLAUSE_ENDS = frozenset('.,;:!?()"') | {"but", "--"}
_COPULAS = frozenset(("is", "was", "are", "were", "'s", "'re", "be", "been"))
_BEFORE_WORDS = frozenset((*DEGREES, "a", "an", "the"))
_REACH = 4  # tokens that a negator reaches over
_DENIALS = ("not", "not", "not", "n't", "n't", "never", "hardly", "far from", "anything but", "not at all")
# Praise that is only hoped for is blame.
_HOPES = ("could have been", "should have been", "was supposed to be", "tries to be", "was meant to be", "wants to be")
_BEFORE_VERBS = frozenset(
    (
        "i",
        "you",
        "we",
        "they",
        "to",
        "really",
        "n't",
        "not",
        "never",
        "do",
        "did",
        "would",
        "will",
        "can",
        "could",
        "must",
        "people",
        "also",
        "still",
        "just",
        "absolutely",
    )
)
_IDIOMS = frozenset((("as", "well"), ("too", "bad"), ("oh", "well")))
_SHARE_NEGATED, _SHARE_CONCESSIONS = 0.28, 0.25


@dataclass(frozen=True)
class Edited:
    """An edited text, and how much of what spoke for its old label was exchanged, 0..1."""

    tokens: Tokens
    share: float


class Editor:
    """Knows polar words with their opposites."""

    def __init__(self, lexicon: dict[str, Word]) -> None:
        self.lexicon = lexicon
        self._exact: dict[str, list[str]] = {}
        for pair in EXACT:
            for word, other in (pair, pair[::-1]):
                self._exact.setdefault(word, []).append(other)
        self._kinds: dict[tuple[str, int], tuple[list[str], list[float]]] = {}
        for word, known in lexicon.items():
            listed, odds = self._kinds.setdefault((known.kind, known.side), ([], []))
            listed.append(word)
            # Common words more often, rare ones still.
            odds.append((odds[-1] if odds else 0.0) + known.count**0.5)
        self._phrases: dict[str, list[tuple[Tokens, int, Sequence[str]]]] = {}
        for praise, blame in PHRASES:
            for side, own, others in ((1, praise, blame), (0, blame, praise)):
                for phrase in own:
                    tokens = phrase.split()
                    self._phrases.setdefault(tokens[0], []).append((tokens, side, others))
        for found in self._phrases.values():
            found.sort(key=lambda item: -len(item[0]))

    def known(self, tokens: Sequence[str], place: int) -> Word | None:
        """Return what the lexicon knows of the token at `place`, None where it says something else there."""
        word = tokens[place]
        found = self.lexicon.get(word)
        before = tokens[place - 1] if place else ""
        if found and found.kind == "like" and before not in _BEFORE_VERBS:
            return None  # "a film like this", "a love story"
        return None if (before, word) in _IDIOMS else found

    def opposite(self, word: str, rng: Random) -> str:
        """Return a word of the other side that fits where `word` stood."""
        exact = self._exact.get(word)
        if exact and rng.random() < 0.5:
            return rng.choice(exact)
        known = self.lexicon[word]
        listed, odds = self._kinds[known.kind, 1 - known.side]
        return rng.choices(listed, cum_weights=odds)[0]

    def polarity(self, tokens: Sequence[str]) -> tuple[float, float]:
        """Return how strongly praise and blame speak in `tokens`: sums of log-odds, negation counted."""
        sums = [0.0, 0.0]
        for place in range(len(tokens)):
            known = self.known(tokens, place)
            if known:
                sums[known.side ^ (_negator(tokens, place) is not None)] += known.weight
        return sums[1], sums[0]

    def flip(self, tokens: Sequence[str], label: int, strength: float, rng: Random) -> Edited:
        """Return `tokens` of a review with `label`, edited to say the opposite.

        `strength`: the chance of each telling word but those of the last sentence, which is always edited.
        """
        out: Tokens = []
        total = done = 0.0
        close = _last_sentence(tokens)
        place = 0
        dropped: set[int] = set()
        while place < len(tokens):
            word = tokens[place]
            acts = place >= close or rng.random() < strength
            rating = _rating(tokens, place, label, rng)
            phrase = None if rating else self._phrase(tokens, place, label)
            if rating or phrase:
                total += 2.0
                length, instead = rating or phrase  # type: ignore[misc]
                done += 2.0 * acts
                out += rng.choice(instead).split() if acts else tokens[place : place + length]
                place += length
                continue
            known = self.known(tokens, place)
            if known is None:
                out.append(word)
                place += 1
                continue
            negator = _negator(tokens, place)
            negated = negator is not None and negator not in dropped
            if known.side ^ negated != label:
                swaps = rng.random() < _SHARE_CONCESSIONS * strength
                _put(out, self.opposite(word, rng) if swaps else word)
            else:
                total += known.weight
                done += known.weight * acts
                if not acts:
                    out.append(word)
                elif negated and rng.random() < 0.5 and _drop(out, place - negator):  # type: ignore[operator]
                    dropped.add(negator)  # type: ignore[arg-type]
                    out.append(word)
                elif not negated and rng.random() < _SHARE_NEGATED and self._deny(out, word, known, rng):
                    pass
                else:
                    _put(out, self.opposite(word, rng))
            place += 1
        return Edited(out, done / total if total else 0.0)

    def _phrase(self, tokens: Sequence[str], place: int, label: int) -> tuple[int, Sequence[str]] | None:
        for phrase, side, others in self._phrases.get(tokens[place], ()):
            if tokens[place : place + len(phrase)] == phrase:
                return (len(phrase), others) if side == label else None
        return None

    def _deny(self, out: Tokens, word: str, known: Word, rng: Random) -> bool:
        """Write `word` with a negation before it; False where grammar offers no place."""
        if known.kind == "liked" and word in _BASES:
            out += [*rng.choice(("did n't", "did not", "never")).split(), _BASES[word]]
            return True
        if known.kind == "like" and out and out[-1] in {"i", "you", "we", "they", "really"}:
            out += [*rng.choice(("do n't", "do not", "ca n't", "did n't")).split(), word]
            return True
        if known.kind not in {"adjective", "moved", "superlative", "noun"}:
            return False
        back = len(out)
        while back and len(out) - back < 3 and out[back - 1] in _BEFORE_WORDS:
            back -= 1
        if not back or out[back - 1] not in _COPULAS:
            return False
        if known.side == 1 and out[back - 1] in {"is", "was", "'s"} and rng.random() < 0.25:
            out[back - 1 : back] = rng.choice(_HOPES).split()
        else:
            out[back:back] = rng.choice(_DENIALS).split()
        out.append(word)
        return True


# "loved" is written "did n't love".
_BASES = {
    past: base
    for pasts, bases in zip(KINDS["liked"], KINDS["like"], strict=True)
    for past, base in zip(pasts, bases, strict=False)
}


def sentences(tokens: Sequence[str]) -> Iterator[Tokens]:
    """Yield the sentences of a review, their full stops with them."""
    ends = [place + 1 for place, word in enumerate(tokens) if word in SENTENCE_ENDS]
    for start, end in pairwise([0, *ends, len(tokens)]):
        if end > start:
            yield list(tokens[start:end])


def _negator(tokens: Sequence[str], place: int) -> int | None:
    """Return where the negator stands that reaches the token at `place`, None where none does."""
    for back in range(place - 1, max(place - 1 - _REACH, -1), -1):
        if tokens[back] in _CLAUSE_ENDS:
            return None
        if tokens[back] in NEGATORS:
            # "not only" denies nothing.
            return None if tokens[back + 1] == "only" else back
    return None


def _last_sentence(tokens: Sequence[str]) -> int:
    for place in range(len(tokens) - 4, 0, -1):
        if tokens[place - 1] in SENTENCE_ENDS:
            return place
    return 0


def _drop(out: Tokens, distance: int) -> bool:
    """Take the negator `distance` tokens back out again, with the verb that only carried it; False where it is gone."""
    place = len(out) - distance
    if place < 0 or out[place] not in NEGATORS or out[place] in {"no", "nothing", "nor", "neither"}:
        return False
    del out[place]
    if place and out[place - 1] == "ca":
        out[place - 1] = "can"
    elif place and out[place - 1] == "wo":
        out[place - 1] = "will"
    elif place and out[place - 1] in {"do", "did", "does"} and place < len(out):
        out[place - 1] = "really"
    return True


def _put(out: Tokens, word: str) -> None:
    if out and out[-1] in {"a", "an"}:
        out[-1] = "an" if word[0] in "aeiou" else "a"
    out.append(word)


def _rating(tokens: Sequence[str], place: int, label: int, rng: Random) -> tuple[int, Sequence[str]] | None:
    """Return how many tokens a rating at `place` has that fits `label`, and one that fits the other label."""
    if not tokens[place].isdigit() or place + 1 >= len(tokens):
        return None
    value = int(tokens[place])
    if tokens[place + 1] in {"star", "stars"}:
        most, length, tail = (5 if value <= 5 else 10), 2, "stars"
    else:
        middle = next((m for m in (["/"], ["out", "of"]) if list(tokens[place + 1 : place + 1 + len(m)]) == m), None)
        after = place + 1 + len(middle or ())
        if middle is None or after >= len(tokens) or tokens[after] not in {"5", "10", "ten", "five"}:
            return None
        most = 10 if tokens[after] in {"10", "ten"} else 5
        length, tail = 2 + len(middle), " ".join([*middle, tokens[after]])
    if value > most or int(2 * value > most) != label:
        return None
    low, high = ((7, 10) if most == 10 else (4, 5)) if label == 0 else ((1, 4) if most == 10 else (1, 2))
    return length, (f"{rng.randint(low, high)} {tail}",)
