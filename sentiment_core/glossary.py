"""What the words of the field mean: the one place for it. Pages explain a term where it stands with what is here.

What a quantity, a setting or a method says about itself is not said again: its sentence is taken from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sentiment_core.config import field_info
from sentiment_core.explain.methods.registry import METHODS
from sentiment_core.steps.quantities import CORE, DIAGNOSTICS


@dataclass(frozen=True)
class Term:
    """A word of the field, its meaning in a sentence or two, and the other `forms` in which it stands on pages."""

    name: str
    meaning: str
    forms: tuple[str, ...] = ()


def _quantity(name: str) -> str:
    return {**CORE, **DIAGNOSTICS}[name].help


def _setting(name: str) -> str:
    return field_info(name).description or ""


def _method(name: str) -> str:
    return METHODS[name].description


TERMS: tuple[Term, ...] = tuple(
    sorted(
        (
            # Text and batches.
            Term("token", "What a text is cut into: a word, a sign of punctuation or a piece of a word.", ("tokens",)),
            Term(
                "padding",
                "Zero vectors behind the shorter reviews of a batch: a tensor has no ragged edge.",
                ("padded",),
            ),
            Term("bucketed", "Batches of reviews of similar length, which need hardly any padding.", ("bucketing",)),
            Term("word vectors", _setting("data.embeddings"), ("word vector", "embeddings", "embedding")),
            Term("word pieces", "Parts of words: a few thousand of them make up all words.", ("pieces",)),
            Term("[CLS]", "A sign before the first word; its last vector is what a Transformer answers from."),
            # The network.
            Term("hidden state", "The vector that a recurrent network carries from word to word.", ("hidden states",)),
            Term("pooling", _setting("model.pooling"), ("pools",)),
            Term("attention", _method("attention")),
            Term("dropout", "Values set to zero at random while training, so that no unit relies on one other."),
            Term("initialisation", _setting("model.initialisation")),
            Term(
                "batch norm",
                "Brings each component to mean 0 and variance 1 over the batch, padding left out.",
                ("batch norms", "batch normalisation"),
            ),
            Term(
                "layer norm",
                "Brings the components of one vector to mean 0 and variance 1 over themselves.",
                ("layer norms",),
            ),
            Term("tanh", "Squashes any number into −1 to 1; far from zero it is flat, and lets no gradient through."),
            Term("ReLU", "max(0, x): a unit that is negative is silent, and lets no gradient through."),
            Term("saturated", _quantity("saturated_share"), ("saturation", "saturates")),
            Term("spectral radius", _quantity("recurrent_radius")),
            # Training.
            Term("epoch", _quantity("epoch"), ("epochs",)),
            Term("update", _quantity("step"), ("updates",)),
            Term(
                "cross-entropy",
                "The loss: −ln of the probability that the model gave to the right answer; ln 2 = 0.693 for guessing "
                "between two.",
            ),
            Term("nats", "The unit of a loss taken with the natural logarithm."),
            Term("learning rate", _setting("training.learning_rate"), ("learning rates",)),
            Term("gradient norm", _quantity("grad_norm"), ("gradient norms", "gradient's length")),
            Term("clipping", _setting("training.clipping"), ("clipped", "clips")),
            Term("threshold", _quantity("threshold"), ("thresholds",)),
            Term("cosine", "Of the angle between two vectors: 1 for the same direction, 0 at right angles."),
            Term("SGD", "Gradient descent on batches: the weights move against the gradient, times the learning rate."),
            Term("Adam", "Divides each component of the gradient by its usual size before the step."),
            Term("seed", _setting("seed"), ("seeds",)),
            Term("twin", "One of two runs that start alike and see the same batches: one setting differs.", ("twins",)),
            Term("diverged", "A run whose loss is no longer a finite number."),
            Term("unigram line", _quantity("word_guess")),
            # Judging.
            Term(
                "validation",
                "Reviews that are not trained on: they decide between settings and between epochs.",
                ("validated",),
            ),
            Term("chance", "What always naming the more frequent class gets right."),
            Term(
                "interval",
                "Where a figure would lie, at the confidence that is named, had other reviews or seeds been drawn.",
                ("intervals",),
            ),
            Term(
                "calibration error",
                "How far the probabilities are from how often they are right, on average over ten bins; 0 is perfect "
                "(Guo et al. 2017).",
                ("ECE",),
            ),
            Term("Brier score", "Mean squared distance of P(positive) from the label, 1 or 0; 0.25 for always 0.5."),
            Term("temperature", "Divides log-odds, so that 0.9 is right nine times in ten.", ("calibrated",)),
            Term("P(positive)", "The probability, by the model, that a review is positive; it says so from 0.5 on."),
            Term(
                "log-odds",
                "ln(p / (1 − p)) of a probability p: 0 at one half, +2.2 at 0.9, −2.2 at 0.1. What words add to it "
                "adds up; what they add to a probability does not.",
                ("log odds", "logit", "logits"),
            ),
            # Explaining.
            Term(
                "attribution",
                "How much a word speaks for or against an answer, by one of several methods that need not agree.",
                ("attributions",),
            ),
            Term("integrated gradients", _method("integrated_gradients")),
            Term("gradient × input", _method("gradient_x_input")),
            Term("occlusion", _method("occlusion_delete")),
            Term(
                "Kendall's τ",
                "Compares two rankings: of all pairs of words, those in the same order less those in the other, as a "
                "share; 1 the same order, 0 unrelated, −1 reversed.",
                ("τ",),
            ),
            Term(
                "faithful",
                "A ranking of words is faithful where taking away its first words changes the answer soonest.",
                ("faithfulness",),
            ),
            Term(
                "comprehensiveness",
                "What the probability of the predicted class loses without the top 1, 5, 10, 20 and 50 % of the words, "
                "on average; high is good (DeYoung et al. 2020).",
            ),
            Term(
                "sufficiency",
                "What it loses with only those words; low is good (DeYoung et al. 2020).",
            ),
            Term("baseline", "What stands for “no word”: attributions are compared with an answer to that."),
            Term("unknown words", "Words without a vector: the model does not see them.", ("unknown word",)),
        ),
        key=lambda term: term.name.casefold().lstrip("["),
    )
)


def terms_in(text: str) -> list[Term]:
    """Return the terms that stand in `text`, each once, in their order; the longer one where two overlap."""
    found = (_by_form()[match[0].casefold()] for match in _any_form().finditer(text))
    return list(dict.fromkeys(found))


@cache
def _by_form() -> dict[str, Term]:
    return {form.casefold(): term for term in TERMS for form in (term.name, *term.forms)}


@cache
def _any_form() -> re.Pattern[str]:
    forms = sorted(_by_form(), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, forms))})(?![\w-])", re.IGNORECASE)
