"""What is odd about reviews and about reading them, counted and said in the same words at every entrance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sentiment_core.datasets import TEST, Reviews
from sentiment_core.excerpt import in_words, part_read
from sentiment_core.number_words import by_number, counted, percent, probability
from sentiment_core.settings import Keep

# From this share of unknown words on, and two of them, an answer rests on too little. Of 3,000 film reviews in English
# the shipped model knows 87 % of the words at least, of reviews in other European languages 20 to 50 %.
UNFAMILIAR = 0.25
# One in fewer than so many reviews: naming the other class every time is right more than nine times in ten.
RARE = 10


def remarks(reviews: Reviews) -> tuple[str, ...]:
    """Return a sentence for each oddity; a copy is the same text but for case, white space and `<br />`."""
    said = []
    _, group, sizes = np.unique(reviews.hashes, return_inverse=True, return_counts=True)
    if repeated := int(np.sum(sizes > 1)):
        members = int(sizes[sizes > 1].sum())
        together = reviews.are_labelled and len(np.unique(np.column_stack([group, reviews.parts]), axis=0)) == len(
            sizes
        )
        said.append(
            f"{members:,} of the {len(reviews):,} reviews are copies of one another, "
            f"{counted(repeated, 'text')} in all"
            f"{'; all copies of a text are in one part' if together else ''}."
        )
        test = reviews.parts == TEST
        learned = np.bincount(group[~test], minlength=len(sizes)) > 0
        if leaked := int(np.sum(learned[group[test]])):
            said.append(
                f"{leaked:,} of the {int(test.sum()):,} test reviews {by_number(leaked, 'has', 'have')} a copy in "
                f"training or validation: the test accuracy rewards remembering {by_number(leaked, 'it', 'them')}."
            )
        positive = np.bincount(group, weights=reviews.labels == 1, minlength=len(sizes))
        if both := int(np.sum((positive > 0) & (positive < sizes))):
            said.append(
                f"{counted(both, 'text has', 'texts have')} both labels: no model can be right about all "
                f"{by_number(both, 'its', 'their')} copies."
            )
    return (*said, *rare_class(reviews.labels)) if reviews.are_labelled else tuple(said)


def rare_class(labels: np.ndarray) -> tuple[str, ...]:
    """Return what one class that is rare, or missing, makes of an accuracy over `labels (N,)` of 0 and 1."""
    counts = np.bincount(labels, minlength=2)
    if not len(labels) or RARE * counts.min() >= len(labels):
        return ()
    name = ("negative", "positive")[counts.argmax()]
    if not counts.min():
        return (f"All {len(labels):,} labels are {name}: an accuracy over them says nothing about the other class.",)
    share = counts.max() / len(labels)
    return (
        f"{percent(share, 1)} of the reviews are {name}: always saying so reaches an accuracy of {probability(share)}.",
    )


@dataclass(frozen=True)
class Reader:
    """Who looks for words in reviews, and what follows where there are none, or too few: of one review, of several.

    `knows`, `knows_not`: as they end a clause about words, such as `the model knows`.
    """

    knows: str
    knows_not: str
    without: tuple[str, str]
    with_few: tuple[str, str]


MODEL = Reader(
    "the model knows",
    "the model does not know",
    (
        "its answer to it means nothing, and it counts for no accuracy and no calibration",
        "its answer to them means nothing, and they count for no accuracy and no calibration",
    ),
    (
        "its answer to it rests on the few others and may mean nothing",
        "its answers to them rest on the few others and may mean nothing",
    ),
)
_UNLEARNED = (
    "nothing is learned from it, and it counts for no accuracy and no loss",
    "nothing is learned from them, and they count for no accuracy and no loss",
)
_HALF_LEARNED = (
    "what is learned from it rests on the few others",
    "what is learned from them rests on the few others",
)
VECTORS = Reader("the word vectors know", "the word vectors do not know", _UNLEARNED, _HALF_LEARNED)
PIECES = Reader("the word pieces can write", "the word pieces cannot write", _UNLEARNED, _HALF_LEARNED)
# A study of methods, which ranks words, and the linear model of mean word vectors.
STUDY = Reader(MODEL.knows, MODEL.knows_not, ("it is left out", "they are left out"), MODEL.with_few)
MEANS = Reader(
    "the word vectors know",
    "the word vectors do not know",
    ("the elastic net sees nothing of it", "the elastic net sees nothing of them"),
    ("of it the elastic net sees only the few others", "of them the elastic net sees only the few others"),
)


def about_words(
    words: np.ndarray,
    unknown: np.ndarray | None,
    reader: Reader,
    of: str = "",
    blank: np.ndarray | None = None,
) -> tuple[str, ...]:
    """Return what `reader` finds too little in, of N reviews: no word, or too few among those that it does not know.

    `words (N,)`: words that it knows, punctuation not counted; `unknown (N,)`: tokens that it does not know, None where
    there is nothing to be said about them. `of`: what was counted, where that is not all N reviews. Those that are
    `blank (N,)` bool are said elsewhere.
    """
    of = of or f"{len(words):,} reviews"
    said = []
    without = words == 0 if blank is None else (words == 0) & ~blank
    if nothing := int(without.sum()):
        said.append(
            f"{nothing:,} of {of} {by_number(nothing, 'has', 'have')} no word that {reader.knows}: "
            f"{by_number(nothing, *reader.without)}."
        )
    if few := 0 if unknown is None else int(unfamiliar(words, unknown).sum()):
        said.append(
            f"{few:,} of {of} {by_number(few, 'is', 'are')} full of words that {reader.knows_not}, as in another "
            f"language: {by_number(few, *reader.with_few)}."
        )
    return tuple(said)


def unfamiliar(words: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Return which reviews `(N,)` bool have some words that are known, and too many that are not."""
    few = unknown >= np.maximum(2, UNFAMILIAR * (words + unknown))
    return np.asarray((words > 0) & few)


@dataclass(frozen=True, eq=False)
class WordsRead:
    """What a model found in N reviews: tokens it knows, words among those, tokens it does not know; each `(N,)` int64.

    Punctuation is no word: many scripts share it. The model reads at most `longest` known tokens of a
    review, those that `keep` says.
    """

    known: np.ndarray
    words: np.ndarray
    unknown: np.ndarray
    longest: int
    keep: Keep = "head"


def about_answers(found: WordsRead, blank: np.ndarray) -> tuple[str, ...]:
    """Return what a model could not read of many reviews; those that are `blank (N,)` bool are said elsewhere."""
    said = list(about_words(found.words, found.unknown, MODEL, blank=blank))
    if cut := int(np.sum(found.known > found.longest)):
        said.append(
            f"{cut:,} of {len(found.known):,} reviews {by_number(cut, 'is', 'are')} longer than the model reads: of "
            f"{by_number(cut, 'that', 'those')} it has read {part_read(found.longest, found.keep)} tokens."
        )
    return tuple(said)


def about_answer(found: WordsRead) -> tuple[str, ...]:
    """Return what a model could not read of one review, which is not blank."""
    known, words, unknown = int(found.known[0]), int(found.words[0]), int(found.unknown[0])
    said = []
    if not words:
        said.append("No word of this review is one that the model knows: its answer means nothing.")
    elif unfamiliar(found.words, found.unknown)[0]:
        said.append(
            f"The model does not know {unknown:,} of the {words + unknown:,} words of this review, as in another "
            "language: its answer rests on the others and may mean nothing."
        )
    if known > found.longest:
        said.append(f"The model has read {in_words(found.longest, known, found.keep)} of this review.")
    return tuple(said)
