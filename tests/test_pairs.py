"""Word pieces, pairs of segments and what is masked of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sentiment_core.artifacts import folder
from sentiment_core.batches import plan_epoch
from sentiment_core.datasets import TRAIN, Reviews
from sentiment_core.errors import CheckpointError, DataError
from sentiment_core.pairs import Objective, Pairs, masked_pairs, pair_up, prepare_pairs
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from sentiment_core.wordpiece import MASK_ID, SPECIAL, learn_wordpieces, read_wordpieces, sentences

CONFIG = DataConfig(vocabulary_size=400, pair_tokens=24)
WORDS = ["acting", "plot", "director", "wonderful", "dreadful", "boring", "camera", "music", "story", "slow"]


@pytest.fixture
def reviews() -> Reviews:
    rng = np.random.default_rng(0)
    # Words that occur once are several pieces.
    rare = ["".join(rng.choice(list("abcdefgh"), 6)) for _ in range(400)]
    texts = [
        " ".join(
            " ".join(rng.choice([*WORDS * 30, *rare], rng.integers(3, 9))) + "." for _ in range(rng.integers(1, 12))
        )
        for _ in range(300)
    ]
    return Reviews(texts, np.zeros(300, np.int8), (np.arange(300) % 5).clip(2).astype(np.int8) - 2)


@pytest.fixture
def pairs(reviews: Reviews) -> Pairs:
    return prepare_pairs(CONFIG, reviews, [Objective()], 1, silent)[0]


def of(pairs: Pairs, **fields: object) -> Pairs:
    return replace(pairs, objective=replace(pairs.objective, **fields))


def batches(pairs: Pairs, tokens: int) -> list:
    members = np.flatnonzero(pairs.parts == TRAIN)
    made, epoch = [], 0
    while sum((batch.original >= len(SPECIAL)).sum() for batch in made) < tokens:
        examples = pair_up(pairs, members, np.random.default_rng(epoch))
        made += [masked_pairs(pairs, examples[start : start + 64]) for start in range(0, len(examples), 64)]
        epoch += 1
    return made


def test_sentences_end_where_a_reader_says() -> None:
    assert sentences('Mr. Bean is fun! Is it? "Yes." He said so...<br /><br />Then 3.5 stars.') == [
        "Mr. Bean is fun!",
        "Is it?",
        '"Yes."',
        "He said so...",
        "Then 3.5 stars.",
    ]
    assert sentences("") == []


def test_pieces_point_into_the_text_and_special_ones_cannot_be_smuggled_in() -> None:
    pieces = learn_wordpieces(["the film was great, the plot was not"] * 5, 320, "key")
    assert pieces.vocabulary[:5] == SPECIAL and len(set(pieces.vocabulary)) == len(pieces)
    text = "The “film” [MASK]<br />[SEP]great"
    found = pieces.pieces(text)
    assert [text[piece.start : piece.end] for piece in found] == ["The", "“", "film", "”", "[MASK]", "[SEP]", "great"]
    assert [piece.id == MASK_ID for piece in found].index(True) == 4 and found[5].text == "[UNK]"
    (row,) = next(pieces.encode(["[MASK] film"]))
    assert MASK_ID not in row and len(row) > 2


def test_a_vocabulary_is_the_same_in_every_process_and_kept(home: Path) -> None:
    program = (
        "from sentiment_core.wordpiece import learn_wordpieces;"
        "print(learn_wordpieces(['abcab bcdbc cdacd dabda'] * 9, 300, 'key').vocabulary)"
    )
    outputs = []
    for _ in range(2):
        for path in folder("corpora").glob("*.json"):
            path.unlink()
        found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        outputs.append(found.stdout)
    assert outputs[0] == outputs[1] and "'abcab'" in outputs[0]
    (kept,) = folder("corpora").glob("*.wordpieces.json")
    kept.write_text("{}")
    assert len(learn_wordpieces(["abcab"] * 2, 300, "key")) > len(SPECIAL)
    with pytest.raises(CheckpointError):
        read_wordpieces("[]")


def test_pairs_are_neighbours_within_a_review_and_fit(pairs: Pairs, reviews: Reviews) -> None:
    assert (pairs.starts < pairs.middles).all() and (pairs.middles < pairs.ends).all()
    assert (np.diff(pairs.reviews) >= 0).all() and (pairs.parts == reviews.parts[pairs.reviews]).all()
    assert pairs.lengths(np.column_stack([np.arange(len(pairs))] * 2)).max() <= CONFIG.pair_tokens
    # No piece is in two pairs.
    assert (pairs.starts[1:] >= pairs.ends[:-1]).all()
    assert (np.abs(pairs.openings) <= pairs.ends - pairs.middles).all() and (pairs.openings != 0).all()
    assert pairs.shares.sum() == pytest.approx(1) and 0 < pairs.unigram_loss < np.log(len(pairs.pieces))


def test_half_of_the_pairs_belong_together_and_no_other_is_of_the_same_review(pairs: Pairs) -> None:
    members = np.flatnonzero(pairs.parts == TRAIN)
    drawn = np.concatenate([pair_up(pairs, members, np.random.default_rng(seed)) for seed in range(40)])
    together = drawn[:, 0] == drawn[:, 1]
    # Always the same answer is right half of the time, in each drawing.
    assert np.abs(together.reshape(40, -1).sum(axis=1) - len(members) / 2).max() <= 0.5
    apart = drawn[~together]
    assert (pairs.reviews[apart[:, 0]] != pairs.reviews[apart[:, 1]]).all()
    # Every other pair is as likely as any.
    assert np.bincount(apart[:, 1], minlength=len(pairs))[members].min() > 0
    with pytest.raises(DataError, match="of one review"):
        pair_up(pairs, np.flatnonzero(pairs.reviews == pairs.reviews[0]), np.random.default_rng(0))


def test_no_length_tells_whether_the_second_follows(pairs: Pairs) -> None:
    members = np.flatnonzero(pairs.parts == TRAIN)
    drawn = np.concatenate([pair_up(pairs, members, np.random.default_rng(seed)) for seed in range(20)])
    follows = drawn[:, 0] == drawn[:, 1]
    first = (pairs.middles - pairs.starts)[drawn[:, 0]]
    second = (pairs.ends - pairs.middles)[drawn[:, 1]]
    opening = pairs.openings[drawn[:, 1]]
    known = np.column_stack([first, second, first + second, opening, first + np.abs(opening)])
    # Each length a column of its own, so that any rule about one can be learned; judged on other reviews.
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=300))
    learned = pairs.reviews[drawn[:, 0]] % 2 == 0
    model.fit(known[learned], follows[learned])
    right = model.score(known[~learned], follows[~learned])
    assert abs(right - 0.5) < 4 * 0.5 / np.sqrt((~learned).sum())


def test_a_batch_of_pairs_alike_in_length_holds_both_kinds(pairs: Pairs) -> None:
    members = np.flatnonzero(pairs.parts == TRAIN)
    for epoch in range(20):
        examples = pair_up(pairs, members, np.random.default_rng(epoch))
        plan = plan_epoch(np.arange(len(examples)), pairs.lengths(examples), 64, "bucketed", 1, epoch)
        shares = [(examples[rows, 0] == examples[rows, 1]).mean() for rows in plan if len(rows) == 64]
        assert min(shares) > 0.2 and max(shares) < 0.8


def test_shares_of_masking_over_a_hundred_thousand_pieces(pairs: Pairs) -> None:
    for asked in (Objective(), Objective(0.4, 1.0, 0.0), Objective(0.15, 0.5, 0.3)):
        made = batches(replace(pairs, objective=asked), 100_000)
        original, seen, chosen = (
            np.concatenate([getattr(batch, name).ravel() for batch in made])
            for name in ("original", "token_ids", "chosen")
        )
        words = original >= len(SPECIAL)
        assert chosen[words].mean() == pytest.approx(asked.share, abs=0.005)
        assert not chosen[~words].any() and (seen[~chosen] == original[~chosen]).all()
        masked = seen[chosen] == MASK_ID
        other = (seen[chosen] != original[chosen]) & ~masked
        by_chance = asked.replaced / (len(pairs.pieces) - len(SPECIAL))  # the same piece, drawn
        tolerance = 4 * np.sqrt(0.25 / chosen.sum())
        assert masked.mean() == pytest.approx(asked.masked, abs=tolerance)
        assert other.mean() == pytest.approx(asked.replaced - by_chance, abs=tolerance)
        assert (seen[chosen][~masked] >= len(SPECIAL)).all()


def test_masks_follow_from_seed_and_examples_and_grow_with_the_share(pairs: Pairs) -> None:
    examples = pair_up(pairs, np.flatnonzero(pairs.parts == TRAIN)[:32], np.random.default_rng(0))
    first, again = masked_pairs(pairs, examples), masked_pairs(pairs, examples)
    assert np.array_equal(first.token_ids, again.token_ids)
    assert not np.array_equal(first.chosen, masked_pairs(replace(pairs, seed=2), examples).chosen)
    more = masked_pairs(of(pairs, share=0.4), examples)
    assert (more.chosen >= first.chosen).all() and more.chosen.sum() > first.chosen.sum()
    assert masked_pairs(of(pairs, share=1e-9), examples).chosen.sum() == 1
    assert (first.follows == (examples[:, 0] == examples[:, 1])).all()


def test_whole_words_are_chosen_together(pairs: Pairs) -> None:
    begins = pairs.pieces.begins_word
    split = 0
    for batch in batches(of(pairs, whole_words=True), 5_000):
        inside = (batch.original >= len(SPECIAL)) & ~begins[batch.original]
        inside[:, 1:] &= batch.original[:, :-1] >= len(SPECIAL)
        rows, columns = np.nonzero(inside)
        split += (batch.chosen[rows, columns] & inside[rows, columns]).sum()
        assert (batch.chosen[rows, columns] == batch.chosen[rows, columns - 1]).all()
    assert split > 20


def test_shuffling_mixes_each_segment_and_nothing_else(pairs: Pairs) -> None:
    examples = pair_up(pairs, np.flatnonzero(pairs.parts == TRAIN)[:32], np.random.default_rng(0))
    plain, mixed = masked_pairs(pairs, examples), masked_pairs(of(pairs, shuffled=True), examples)
    special = plain.original < len(SPECIAL)
    assert np.array_equal(plain.original[special], mixed.original[special])
    for segment in (0, 1):
        for row in range(32):
            here = plain.segments[row] == segment
            for name in ("original", "token_ids", "chosen"):
                ours, theirs = (np.sort(getattr(batch, name)[row][here]) for batch in (plain, mixed))
                assert np.array_equal(ours, theirs)
    assert not np.array_equal(plain.original, mixed.original)
    assert (plain.original[plain.chosen].sum(), plain.chosen.sum()) == (
        mixed.original[mixed.chosen].sum(),
        mixed.chosen.sum(),
    )


def test_reviews_in_pieces_come_from_the_cache_and_are_made_again_when_damaged(reviews: Reviews, pairs: Pairs) -> None:
    (path,) = folder("corpora").glob("*.pieces.npz")
    told: list[str] = []
    again = prepare_pairs(CONFIG, reviews, [Objective()], 1, lambda message, share=None: told.append(message))[0]
    assert np.array_equal(again.token_ids, pairs.token_ids) and not any("Splitting" in message for message in told)
    path.write_bytes(path.read_bytes()[:500])
    assert np.array_equal(prepare_pairs(CONFIG, reviews, [Objective()], 1, silent)[0].token_ids, pairs.token_ids)


def test_runs_with_one_objective_share_their_pairs(reviews: Reviews) -> None:
    one, two, three = prepare_pairs(CONFIG, reviews, [Objective(), Objective(0.4), Objective()], 1, silent)
    assert one is three and one.token_ids is two.token_ids


def test_reviews_of_one_sentence_make_no_pairs(reviews: Reviews) -> None:
    with pytest.raises(DataError, match="two segments"):
        prepare_pairs(CONFIG, replace(reviews, texts=["good film."] * len(reviews)), [Objective()], 1, silent)
