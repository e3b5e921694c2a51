"""Walk 3: the state at the last real word (cells 51 to 60)."""

from __future__ import annotations

from typing import Any

import torch

from sentiment_core.inside.walks.dummy import COMPONENTS, REVIEWS, WORDS, dummy_rnn
from sentiment_core.inside.walks.program import Step, Variant, Walk

LAST_STATE = Walk(
    name="last-state",
    title="3 · The true last state",
    cells="51–60",
    about="Two reviews of 3 and 5 words, padded to 5, through a dummy RNN with random weights.",
    given=("x", "lengths"),
    steps=(
        Step(
            code="output, h_n = rnn(x)",
            reads=("x",),
            makes=("output", "h_n"),
            axes=("reviews", "words", "units"),
            says="A state for every word, each computed from its word and the state before. Point at a state: all "
            "earlier words of its own review light up, and none of the other's. Padding is read like any word.",
            why="For each of 2 reviews and 5 words a state of 6 units. h_n is [1, 2, 6]: layer, reviews, units.",
            cells="53–54",
        ),
        Step(
            code="last = output[:, -1]",
            reads=("output",),
            makes=("last",),
            axes=("reviews", "units"),
            says="All reviews, last position. For the short review that is the state after two empty words.",
            why="An index in place of the word axis takes that axis away.",
            cells="55",
            wrong=(
                Variant(
                    "last_review",
                    "output[-1]",
                    "last = output[-1]",
                    "The last review instead of the last word: one review with all its states.",
                ),
            ),
        ),
        Step(
            code="both = torch.cat([last, h_n.squeeze(0)])",
            reads=("last", "h_n"),
            makes=("both",),
            axes=("rows of both", "units"),
            says="One under the other, to compare by eye: rows 0 and 2 are alike, and so are 1 and 3.",
            why="h_n without its layer axis is [2, 6]; cat joins along the first axis, 2 + 2.",
            cells="56–57",
        ),
        Step(
            code="same = torch.equal(last, h_n.squeeze(0))",
            reads=("last", "h_n"),
            makes=("same",),
            axes=(),
            says="h_n is the state at the end of the padded row, nothing else. So is what the first network read.",
            why="equal answers once for all.",
            cells="58",
        ),
        Step(
            code="positions = lengths - 1",
            reads=("lengths",),
            makes=("positions",),
            axes=("reviews",),
            says="The first word is at 0, so the last of n is at n − 1.",
            why="One position a review.",
            cells="59",
            wrong=(
                Variant(
                    "off_by_one",
                    "Without − 1",
                    "positions = lengths",
                    "One too far. The short review's state comes from padding, silently; the longest has no such "
                    "position, and the program stops.",
                ),
            ),
        ),
        Step(
            code="true_last = output[torch.arange(len(output)), positions]",
            reads=("output", "positions"),
            makes=("true_last",),
            axes=("reviews", "units"),
            says="Two lists of indices are read in pairs: review 0 at its position, review 1 at its own.",
            why="A pair of indices for each review takes review and word axis away and puts one back.",
            cells="59",
            wrong=(
                Variant(
                    "all_pairs",
                    "output[:, positions]",
                    "true_last = output[:, positions]",
                    "A colon is not arange: every review is read at every position, the others' too.",
                ),
            ),
        ),
        Step(
            code="index = positions.view(-1, 1, 1).expand(-1, 1, output.shape[2])",
            reads=("positions",),
            makes=("index",),
            axes=("reviews", "words to take", "units"),
            says="The same by gather, which wants an index for every number it is to return: each position once for "
            "each unit.",
            why="gather needs as many axes as output has: 2 reviews, 1 word each, 6 units.",
            cells="59",
        ),
        Step(
            code="gathered = output.gather(1, index).squeeze(1)",
            reads=("output", "index"),
            makes=("gathered",),
            axes=("reviews", "units"),
            says="Along axis 1, the words, gather reads the place that the index names. Point at a number to see where "
            "it came from.",
            why="gather has its index's shape, [2, 1, 6]; squeeze drops the word axis, which is 1 long.",
            cells="59–60",
            wrong=(
                Variant(
                    "wrong_axis",
                    "gather along axis 2",
                    "gathered = output.gather(2, index).squeeze(1)",
                    "The right shape and the wrong numbers: unit 2 or 4 of the first word, six times over. Nothing "
                    "fails.",
                ),
            ),
        ),
        Step(
            code="same = torch.equal(true_last, gathered)",
            reads=("true_last", "gathered"),
            makes=("same",),
            axes=(),
            says="Both ways read the same numbers. They differ from h_n where a review is shorter than the longest.",
            why="equal answers once for all.",
            cells="60",
        ),
    ),
)


def last_state_scope() -> dict[str, Any]:
    """Return a dummy RNN with drawn weights and two padded reviews: `x (2, 5, 4)`, `lengths (2,)` = 3 and 5."""
    generator = torch.Generator().manual_seed(6)
    lengths = torch.tensor([3, WORDS])
    x = torch.randn(REVIEWS, WORDS, COMPONENTS, generator=generator)
    x[torch.arange(WORDS) >= lengths.unsqueeze(1)] = 0
    return {"torch": torch, "rnn": dummy_rnn(generator), "x": x, "lengths": lengths}
