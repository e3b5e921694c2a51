"""What an explanation consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TokenScore:
    """One token: `start` and `end` are character offsets into the original text, `text` is that part of it.

    `known`: the vectors have it. `used`: the model saw it (known, and not beyond its longest review). `attention`:
    its weight, 0 where the model did not see it, None when the model does not attend.
    """

    text: str
    start: int
    end: int
    known: bool
    used: bool
    attention: float | None


@dataclass(frozen=True)
class Explanation:
    """One model's answer to one text: `probability` is P(positive), `label` 1 from 0.5 on, `seconds` the wall time."""

    model_id: str
    probability: float
    label: int
    tokens: tuple[TokenScore, ...]
    truncated: bool
    known_tokens: int
    used_tokens: int
    seconds: float
