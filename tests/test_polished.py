"""The polish of the model that ships: what it writes holds nothing of what is asked, and its teacher stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.learner import Network
from benchmarks.polished import SHARES, Opinions, Stage, anchors, polish
from benchmarks.variants import Examples, Writer
from sentiment_core.datasets.demo import generate
from sentiment_core.explain.predictor import Predictor
from ui.kit.examples import EXAMPLES


@pytest.fixture(scope="module")
def opinions(pretrained: Predictor) -> Opinions:
    reviews = generate(60, seed=4)
    rows = [ids for chunk in pretrained.encoder.encode_known(reviews.texts) for ids in chunk]
    return Opinions(pretrained, Writer(pretrained, rows, np.asarray(reviews.labels).astype(int)), seed=1)


@pytest.fixture(scope="module")
def examples() -> Examples:
    """Forty texts of each kind, of lengths from none to more than is read."""
    rng = np.random.default_rng(0)
    lengths = np.tile([0, 3, 40, 500], 10 * len(SHARES))
    kinds = np.repeat([int(kind) for kind in SHARES], 40).astype(np.int8)
    ids = rng.integers(1, 900, lengths.sum()).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return Examples(ids, starts, lengths, np.zeros(len(kinds), np.float32), kinds, np.zeros(len(kinds), np.int32))


def runs_of(text: list[int]) -> set[tuple[int, ...]]:
    return {tuple(text[place : place + 4]) for place in range(len(text) - 3)}


def test_no_opinion_holds_four_words_of_an_example(pretrained: Predictor, opinions: Opinions) -> None:
    asked = [list(ids) for chunk in pretrained.encoder.encode_known(list(EXAMPLES.values())) for ids in chunk]
    forbidden = set().union(*map(runs_of, asked))
    for label in (0, 1):
        for irony in (0.0, 1.0):
            written = [opinions.write(label, irony) for _ in range(150)]
            assert all((target > 0.5) == label for _, target in written)
            assert not any(runs_of(ids) & forbidden for ids, _ in written)
    # Nothing of it is left out by chance: what is written does hold runs.
    assert sum(len(runs_of(ids)) for ids, _ in written) > 1_000


def test_reviews_come_about_as_long_as_one_another(examples: Examples) -> None:
    batches = anchors(examples, 400, np.random.default_rng(0))
    for _ in range(30):
        ids, lengths = next(batches)
        assert ids.shape == (len(lengths), lengths.max()) and lengths.min() >= 1 and lengths.max() <= 350
        assert ((ids > 0).sum(1) == lengths).all()


def test_a_polish_learns_opinions_and_keeps_the_teacher(
    pretrained: Predictor, opinions: Opinions, examples: Examples
) -> None:
    network, teacher = (Network(pretrained, 0, trained=True) for _ in range(2))
    before = {name: value.clone() for name, value in teacher.model.state_dict().items()}
    sources = [opinions.source(8, 1.0, 0.3), opinions.source(4, 0.5, 0.0)]
    polish(network, sources, examples, Stage(6, 1e-3, 400, 0.5, 0.02), teacher, seed=0)
    after = network.model.state_dict()
    assert all(torch.equal(value, before[name]) for name, value in teacher.model.state_dict().items())
    assert any(not torch.equal(value, before[name]) for name, value in after.items())
    assert all(torch.equal(value, value.half().float()) for value in after.values())
