"""Fool the model: what counts as a review that was edited until the model changed its mind, and when the room agrees.

The one who edits says nothing about the label: the edited review must still be what the original was. Whether it is,
others say, without seeing what the model said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from sentiment_core.errors import ConfigError

LONGEST = 1_500
CONFIRMATIONS = 2
Change = Literal["same", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Flip:
    """An edited review; `before` and `after` are P(positive) of the original and of the edit by `model`.

    `label` is 1 for a positive review. `votes` are others' answers by their person's id: 1 positive, 0 negative.
    """

    id: str
    person: str
    original: str
    edited: str
    label: int
    model: str
    before: float
    after: float
    made_at: float
    votes: dict[str, int]

    @property
    def confirmations(self) -> int:
        """How many others say that the edited review has still the original's label."""
        return sum(vote == self.label for vote in self.votes.values())

    @property
    def contradictions(self) -> int:
        """How many others say that it has not."""
        return len(self.votes) - self.confirmations

    @property
    def is_confirmed(self) -> bool:
        """Whether `CONFIRMATIONS` others, and more than say the opposite, keep the label: the model is wrong then."""
        return self.confirmations >= CONFIRMATIONS and self.confirmations > self.contradictions


def check_texts(original: str, edited: str) -> None:
    """Raise `ConfigError` for texts that are no review and its edit."""
    for text, name in ((original, "review"), (edited, "edited review")):
        if not text.strip():
            raise ConfigError(f"The {name} is empty. Write something.")
        if len(text) > LONGEST:
            raise ConfigError(f"The {name} may have up to {LONGEST:,} characters; it has {len(text):,}. Shorten it.")
    if original.split() == edited.split():
        raise ConfigError("Nothing is edited yet: change a word, and ask again.")


def check_flip(before: float, after: float, label: int) -> None:
    """Raise `ConfigError` unless the model was right about the original and is wrong about the edit."""
    if not (math.isfinite(before) and math.isfinite(after)):
        raise ConfigError("The model's answer is not a number. Choose another model.")
    # The store imports this file, and who only starts workers should not wait for numpy.
    from sentiment_core.steps.rules import positive

    if bool(positive(before)) != bool(label):
        raise ConfigError("The model is wrong about the original already. Start from a review that it gets right.")
    if bool(positive(after)) == bool(label):
        raise ConfigError("The model has not changed its mind yet. Edit on: the review must keep its meaning.")


def changes(original: str, edited: str) -> list[tuple[Change, str]]:
    """Return both texts as one, word by word: what stayed, what is gone and what is new, white space as one space."""
    old, new = _words(original), _words(edited)
    found: list[tuple[Change, str]] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("same", " ".join(old[i:j])))
            continue
        found += [("gone", " ".join(old[i:j]))] if j > i else []
        found += [("new", " ".join(new[k:m]))] if m > k else []
    return found


def examples(flips: Sequence[Flip]) -> list[tuple[str, int]]:
    """Return the confirmed edits with their labels, each text once."""
    return list({each.edited: each.label for each in flips if each.is_confirmed}.items())


def _words(text: str) -> list[str]:
    return re.findall(r"\S+", text)
