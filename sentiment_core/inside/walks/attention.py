"""Walk 4: the attention mock-up and its mask (cells 76 to 94)."""

from __future__ import annotations

from typing import Any

import torch

from sentiment_core.inside.walks.dummy import COMPONENTS, REVIEWS, WORDS, dummy_rnn
from sentiment_core.inside.walks.program import Step, Variant, Walk

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


def attention_scope() -> dict[str, Any]:
    """Return states as a dummy RNN made them: `output (2, 5, 6)`, `h_n (1, 2, 6)`, and `lengths (2,)` = 1 and 2."""
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        x = torch.randn(REVIEWS, WORDS, COMPONENTS, generator=generator)
        output, h_n = dummy_rnn(generator)(x)
    return {"torch": torch, "output": output, "h_n": h_n, "lengths": torch.tensor([1, 2])}
