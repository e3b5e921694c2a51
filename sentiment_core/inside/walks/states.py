"""Walks 3 and 4: the state at the last real word (cells 51 to 60), and the attention mock-up (cells 76 to 94)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from sentiment_core.inside.walks.program import Step, Variant, Walk

REVIEWS, WORDS, COMPONENTS, UNITS = 2, 5, 4, 6

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

ATTENTION = Walk(
    name="attention",
    title="4 · Attention and its mask",
    cells="76–94",
    about="Two reviews, five words, six units: the last state asks all states. Then padding is masked; the reviews "
    "have 1 and 2 words.",
    given=("output", "h_n", "lengths"),
    steps=(
        Step(
            code="h_n = h_n.squeeze(0).unsqueeze(1)",
            reads=("h_n",),
            makes=("h_n",),
            axes=("reviews", "one", "units"),
            says="The layer axis goes, an axis in place of the words comes: one question for each review.",
            why="[1, 2, 6] without its first axis is [2, 6]; unsqueeze(1) puts a 1 between.",
            cells="77–79",
            wrong=(
                Variant(
                    "squeeze_twice",
                    "The cell run twice",
                    "h_n = h_n.squeeze(0).unsqueeze(1)\nh_n = h_n.squeeze(0).unsqueeze(1)",
                    "The second time squeeze finds no axis of length 1 in front and does nothing; unsqueeze adds one. "
                    "From [2, 1, 1, 6] on, broadcasting pairs every review with every other. Point at a product: it "
                    "reads two different reviews. What was the units' axis in the next lines is now the words'.",
                ),
            ),
        ),
        Step(
            code="product = output * h_n",
            reads=("output", "h_n"),
            makes=("product",),
            axes=("reviews", "words", "units"),
            says="Broadcasting repeats the question for every word. Each unit of a state is multiplied by the same "
            "unit of the question.",
            why="[2, 5, 6] and [2, 1, 6] agree on every axis but one, and there the 1 is stretched to 5.",
            cells="80–81",
        ),
        Step(
            code="scores = product.sum(2)",
            reads=("product",),
            makes=("scores",),
            axes=("reviews", "words"),
            says="The six products of a word are added up: the dot product of its state and the question.",
            why="The axis that is summed over is gone: units.",
            cells="82–83",
        ),
        Step(
            code="weights = scores.softmax(1)",
            reads=("scores",),
            makes=("weights",),
            axes=("reviews", "words"),
            says="Scores become positive numbers that share out 1 among the words of a review.",
            why="softmax changes numbers, never shapes.",
            cells="84–85",
            wrong=(
                Variant(
                    "softmax_0",
                    "softmax over axis 0",
                    "weights = scores.softmax(0)",
                    "The same shape, but 1 is shared out among reviews: how much a word gets depends on the other "
                    "review.",
                ),
            ),
        ),
        Step(
            code="total = weights.sum(1)",
            reads=("weights",),
            makes=("total",),
            axes=("reviews",),
            says="The check that the notebook makes: the weights of each review add up to 1.",
            why="Summing over words leaves one number a review.",
            cells="86–87",
        ),
        Step(
            code="context = (weights.unsqueeze(2) * output).sum(1)",
            reads=("weights", "output"),
            makes=("context",),
            axes=("reviews", "units"),
            says="Each state times its weight, added up over the words: what the head will read.",
            why="[2, 5, 1] × [2, 5, 6] is [2, 5, 6]; the sum over words leaves [2, 6].",
            cells="88–89",
        ),
        Step(
            code="mask = torch.arange(output.shape[1]) < lengths.unsqueeze(1)",
            reads=("lengths",),
            makes=("mask",),
            axes=("reviews", "words"),
            says="Positions 0 to 4 against a column of lengths: true where there is a word. Comparison broadcasts like "
            "multiplication.",
            why="[5] against [2, 1] is [2, 5].",
            cells="90–92",
            wrong=(
                Variant(
                    "mask_off_by_one",
                    "Against length − 1",
                    "mask = torch.arange(output.shape[1]) < lengths.unsqueeze(1) - 1",
                    "The notebook's mistake. The last real word never counts, and a review of one word has none left: "
                    "see what softmax makes of a row that is masked throughout.",
                ),
                Variant(
                    "no_unsqueeze",
                    "Without unsqueeze",
                    "mask = torch.arange(output.shape[1]) < lengths",
                    "Five positions against two lengths: neither is 1, so they cannot be broadcast. Had the reviews "
                    "been as many as the words, nothing would have failed.",
                ),
            ),
        ),
        Step(
            code="masked = scores.masked_fill(~mask, -9999)",
            reads=("scores", "mask"),
            makes=("masked",),
            axes=("reviews", "words"),
            says="Where there is no word the score becomes so low that nothing is left of it after softmax.",
            why="Filling changes numbers, never shapes.",
            cells="93",
            wrong=(
                Variant(
                    "minus_infinity",
                    "−∞ instead of −9999",
                    'masked = scores.masked_fill(~mask, float("-inf"))',
                    "The same weights, as long as one word is left. In a row without any, −9999 shares out 1 equally, "
                    "padding included, and −∞ makes 0 / 0: not a number. One hides the mistake, the other ends the "
                    "training.",
                ),
                Variant(
                    "zero",
                    "0 instead of −9999",
                    "masked = scores.masked_fill(~mask, 0)",
                    "A score of 0 is a score like any other: e⁰ = 1, so padding keeps its share of the weights.",
                ),
            ),
        ),
        Step(
            code="weights = masked.softmax(1)",
            reads=("masked",),
            makes=("weights",),
            axes=("reviews", "words"),
            says="A review of one word gives it all its weight, one of two words shares it between them, padding has "
            "exactly 0.",
            why="softmax changes numbers, never shapes.",
            cells="94",
        ),
        Step(
            code="context = (weights.unsqueeze(2) * output).sum(1)",
            reads=("weights", "output"),
            makes=("context",),
            axes=("reviews", "units"),
            says="The weighted sum again. For the review of one word it is that word's state, number for number.",
            why="As before: the word axis is summed over.",
            cells="94",
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


def attention_scope() -> dict[str, Any]:
    """Return states as a dummy RNN made them: `output (2, 5, 6)`, `h_n (1, 2, 6)`, and `lengths (2,)` = 1 and 2."""
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        x = torch.randn(REVIEWS, WORDS, COMPONENTS, generator=generator)
        output, h_n = dummy_rnn(generator)(x)
    return {"torch": torch, "output": output, "h_n": h_n, "lengths": torch.tensor([1, 2])}


def dummy_rnn(generator: torch.Generator) -> nn.RNN:
    """Return a tanh RNN, 4 components to 6 units, whose weights come from `generator` alone and are not trained."""
    rnn = nn.RNN(COMPONENTS, UNITS, batch_first=True, device="meta").to_empty(device="cpu")
    for weight in rnn.parameters():
        weight.requires_grad_(False)
        weight.copy_(torch.rand(weight.shape, generator=generator) - 0.5)
    return rnn
