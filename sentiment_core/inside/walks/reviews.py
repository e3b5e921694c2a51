"""Walks 1 and 2: from words to a padded matrix, and from a set of reviews to batches (cells 29 to 47)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, Subset

from sentiment_core.embeddings import WordVectors
from sentiment_core.errors import DataError
from sentiment_core.inside.walks.program import Step, Variant, Walk

WORDS = Walk(
    name="words",
    title="1 · Words to a matrix",
    cells="29–35",
    about="Two reviews become numbers. The shorter one is called first.",
    given=("first", "second"),
    steps=(
        Step(
            code="words = first.lower().split()",
            reads=("first",),
            makes=("words",),
            axes=("words",),
            free=(0,),
            says="Lower case, then a cut at every white space. Full stops and brackets stay stuck to their words.",
            why="A list has one length: how many words the review has.",
            cells="28–29",
            wrong=(
                Variant(
                    "not_lowered",
                    "Not lower-cased",
                    "words = first.split()",
                    "GloVe's words are all lower case. Words with a capital are lost in the next line.",
                ),
            ),
        ),
        Step(
            code="known = [word for word in words if word in glove]",
            reads=("words",),
            makes=("known",),
            axes=("known words",),
            free=(0,),
            says="What GloVe does not know is dropped, and nobody hears of it. What stays keeps its order.",
            why="One entry for each word that has a vector.",
            cells="29–30",
        ),
        Step(
            code="matrix = torch.stack([glove[word] for word in known])",
            reads=("known",),
            makes=("matrix",),
            axes=("known words", "components"),
            says="Each word is replaced by its vector; the vectors are put on top of each other, a row a word.",
            why="As many rows as known words, as many columns as a vector has components.",
            cells="31",
            wrong=(
                Variant(
                    "cat",
                    "cat instead of stack",
                    "matrix = torch.cat([glove[word] for word in known])",
                    "cat joins along an axis that is there already: one endless vector. stack makes a new axis.",
                ),
            ),
        ),
        Step(
            code="def as_matrix(text):\n"
            "    known = [word for word in text.lower().split() if word in glove]\n"
            "    return torch.stack([glove[word] for word in known])\n"
            "\n"
            "other = as_matrix(second)",
            reads=("second",),
            makes=("other",),
            axes=("known words", "components"),
            free=(0,),
            says="The same three lines for the second review. It has another length.",
            why="Every review has as many rows as known words: the number of columns alone is always the same.",
            cells="32",
        ),
        Step(
            code="padded = pad_sequence([matrix, other], batch_first=True)",
            reads=("matrix", "other"),
            makes=("padded",),
            axes=("reviews", "words of the longest", "components"),
            says="Matrices of different length do not fit into one tensor. The shorter gets rows of zeros below it.",
            why="A new first axis for the reviews; the second is the longest review's length.",
            cells="33",
            wrong=(
                Variant(
                    "time_first",
                    "Without batch_first",
                    "padded = pad_sequence([matrix, other])",
                    "The default puts time first. Nothing fails: padded[0] is now the first word of both reviews.",
                ),
            ),
        ),
        Step(
            code="is_zero = (padded[0] == 0).all(dim=1)",
            reads=("padded",),
            makes=("is_zero",),
            axes=("words of the longest",),
            says="For each row of the first review: are all of its components zero?",
            why="padded[0] is a matrix of words × components; all(dim=1) answers once for each word.",
            cells="34",
            wrong=(
                Variant(
                    "all_at_once",
                    "all() without dim",
                    "is_zero = (padded[0] == 0).all()",
                    "One answer for the whole matrix: not everything is zero. Where zeros begin is lost.",
                ),
            ),
        ),
        Step(
            code="first_zero = is_zero.int().argmax()",
            reads=("is_zero",),
            makes=("first_zero",),
            axes=(),
            says="argmax finds the first 1 among zeros and ones: the row where padding begins. Counted from 0, it is "
            "the review's length.",
            why="argmax without dim is one number, the place of the largest entry.",
            cells="35",
        ),
    ),
)

BATCHES = Walk(
    name="batches",
    title="2 · Batches",
    cells="36–47",
    about="A data set that can be asked for any review, a split, and a loader that pads batch by batch.",
    given=("texts", "labels"),
    steps=(
        Step(
            code="class Reviews(Dataset):\n"
            "    def __len__(self):\n"
            "        return len(texts)\n"
            "\n"
            "    def __getitem__(self, index):\n"
            "        return as_matrix(texts[index]), labels[index]\n"
            "\n"
            "dataset = Reviews()\n"
            "matrix, label = dataset[0]",
            reads=("texts", "labels"),
            makes=("matrix", "label"),
            axes=("known words", "components"),
            free=(0,),
            says="A data set needs two things: how long it is, and what stands at an index. Vectors are looked up when "
            "asked for, not before: all of them at once would fill the memory.",
            why="The pair at index 0 is a review's matrix and its label.",
            cells="36–38",
        ),
        Step(
            code="train, test = train_test_split(\n    range(len(dataset)), test_size=0.2, random_state=54321)",
            reads=("texts",),
            makes=("train", "test"),
            axes=("training reviews",),
            says="Four fifths to learn from, a fifth to test on, drawn at random. The same seed draws the same ones.",
            why="Four fifths of all reviews, as a list of their places.",
            cells="39–40",
        ),
        Step(
            code="def collate(pairs):\n"
            "    matrices, labels = zip(*pairs)\n"
            "    return pad_sequence(matrices, batch_first=True), torch.tensor(labels)\n"
            "\n"
            "loader = DataLoader(\n"
            "    Subset(dataset, train), batch_size=128, shuffle=True,\n"
            "    collate_fn=collate,\n"
            "    generator=torch.Generator().manual_seed(54321))\n"
            "batches = list(range(len(loader)))",
            reads=("train",),
            makes=("batches",),
            axes=("batches",),
            says="The loader cuts the shuffled reviews into batches; collate says how a list of pairs becomes two "
            "tensors. The batch size is a hyperparameter: a larger batch gives a steadier gradient, and fewer updates "
            "an epoch.",
            why="Training reviews divided by 128, rounded up: the last batch may be smaller.",
            cells="41–43",
            wrong=(
                Variant(
                    "no_collate",
                    "Without a collate function",
                    "loader = DataLoader(\n"
                    "    Subset(dataset, train), batch_size=128, shuffle=True,\n"
                    "    generator=torch.Generator().manual_seed(54321))\n"
                    "batches = list(range(len(loader)))",
                    "The loader's own way to make a batch is to stack. It fails as soon as two reviews differ in "
                    "length, and only when the first batch is asked for.",
                ),
                Variant(
                    "one_by_one",
                    "Batch size 1",
                    "def collate(pairs):\n"
                    "    matrices, labels = zip(*pairs)\n"
                    "    return pad_sequence(matrices, batch_first=True), torch.tensor(labels)\n"
                    "\n"
                    "loader = DataLoader(\n"
                    "    Subset(dataset, train), batch_size=1, shuffle=True,\n"
                    "    collate_fn=collate,\n"
                    "    generator=torch.Generator().manual_seed(54321))\n"
                    "batches = list(range(len(loader)))",
                    "No padding at all, but 128 times as many updates an epoch, each on the gradient of one review.",
                ),
            ),
        ),
        Step(
            code="x, y = next(iter(loader))",
            reads=("batches",),
            makes=("x", "y"),
            axes=("reviews", "words of the longest", "components"),
            free=(1,),
            says="The first batch: 128 matrices under each other, all as long as the longest of them. Grey is padding.",
            why="128 reviews; as long as the longest among them, which the draw decides; a vector's components.",
            cells="44–45",
        ),
        Step(
            code="padding = (x == 0).all(dim=2)",
            reads=("x",),
            makes=("padding",),
            axes=("reviews", "words of the longest"),
            free=(1,),
            says="Where a word's vector is all zeros there is no word.",
            why="all(dim=2) asks about the components of each word, so that axis is gone.",
            cells="46",
        ),
        Step(
            code="share = padding.float().mean()",
            reads=("padding",),
            makes=("share",),
            axes=(),
            says="The share of the batch that is padding: what the network computes for nothing, and what a state that "
            "is read at the very end has to live through.",
            why="The mean of everything is one number.",
            cells="47",
        ),
    ),
)


def scope_of(texts: Sequence[str], labels: Sequence[int], vectors: WordVectors) -> dict[str, Any]:
    """Return what both walks know from the start, from `texts (N)` with their `labels (N)`.

    `first` and `second` are the first two reviews with known words, of different length, the shorter one first. Raises
    `DataError` where there are none.
    """
    glove = Lookup(vectors)
    usable = ((text, glove.count(text)) for text in texts)
    pair = [next(((text, count) for text, count in usable if count), None)]
    pair.append(next(((text, count) for text, count in usable if count and pair[0] and count != pair[0][1]), None))
    chosen = sorted((found for found in pair if found), key=lambda found: found[1])
    if len(chosen) < 2:
        raise DataError("this walk needs two reviews with different numbers of known words; choose other reviews")
    readable = [place for place, text in enumerate(texts) if glove.count(text)]
    return {
        "torch": torch,
        "pad_sequence": pad_sequence,
        "Dataset": Dataset,
        "DataLoader": DataLoader,
        "Subset": Subset,
        "train_test_split": train_test_split,
        "glove": glove,
        "first": chosen[0][0],
        "second": chosen[1][0],
        "texts": [texts[place] for place in readable],
        "labels": [int(labels[place]) for place in readable],
        "as_matrix": glove.as_matrix,
    }


class Lookup:
    """Word vectors as the walks ask for them: `word in glove`, and `glove[word] (E,)`."""

    def __init__(self, vectors: WordVectors) -> None:
        self._vectors = vectors
        self._places = {word: place for place, word in enumerate(vectors.words)}

    def __contains__(self, word: str) -> bool:
        return word in self._places

    def __getitem__(self, word: str) -> torch.Tensor:
        return torch.from_numpy(np.array(self._vectors.matrix[self._places[word]], dtype=np.float32))

    def count(self, text: str) -> int:
        """Return how many words of `text` have a vector."""
        return sum(word in self._places for word in text.lower().split())

    def as_matrix(self, text: str) -> torch.Tensor:
        """Return the vectors of the known words of `text`, `(T, E)`."""
        return torch.stack([self[word] for word in text.lower().split() if word in self])
