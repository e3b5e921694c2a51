"""What is said of fine-tuning on real reviews follows from the recorded accuracies and their interval."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sentiment_core.errors import StoreError
from sentiment_core.findings.masked_words import Reached, Share
from sentiment_core.findings.recorded_tuning import TUNINGS, FineTunings, Probe, Recipe, Whole
from sentiment_core.lessons import BERT_LESSONS
from sentiment_core.lessons.bert import also_measured

RECIPE = Recipe(pieces=62, keep="head_tail", epochs=4, rate=1e-3, vector_rate=5.0, best=True)
WHOLE = Whole(32_000, 8_000, RECIPE, accuracy=0.87, cpu_seconds=600.0, before_seconds=90.0)
FOUND = FineTunings(
    labelled=2_000,
    tested=3_000,
    recipe=RECIPE,
    scratch=(0.70, 0.71, 0.72, 0.70, 0.71),
    tuned=(0.75, 0.76, 0.78, 0.76, 0.77),
    updates=3_000,
    read=4_700_000,
    reached=Reached(6.56, Share(5.48, 0.04, 800), Share(0.5, 0.02, 800)),
    probe=Probe(cls=0.601, mean=0.64, words=0.86, nearest=(("good", "bad"), ("fine", "poor"))),
)


def test_which_is_better_is_said_of_a_clear_difference_over_enough_seeds() -> None:
    measured, told, before, _ = FOUND.sentences
    recipe = "the first 15 and the last 47 pieces, 4 epochs at a rate of 0.001, pieces' vectors 5 times as fast"
    assert f"({recipe}, of which the best by validation loss is kept; tested on 3,000" in measured
    plain = replace(RECIPE, epochs=1, vector_rate=1.0, best=False)
    assert plain.in_words == "the first 15 and the last 47 pieces, one epoch at a rate of 0.001"
    assert "from scratch 0.700, 0.710, 0.720, 0.700, 0.710; fine-tuned 0.750, " in measured and "+5.6 ± 0.7" in measured
    assert told == "Pre-training helped." and "4.7 million other pieces in 3,000 updates" in before
    assert "1.08 ± 0.04 below" in before and "not told from chance" in before
    measured, told, *_ = replace(FOUND, scratch=FOUND.tuned, tuned=FOUND.scratch).sentences
    assert told == "Pre-training did harm." and "−5.6 ± 0.7" in measured
    assert "cannot be told" in replace(FOUND, tuned=FOUND.scratch[::-1]).sentences[1]
    few = replace(FOUND, scratch=FOUND.scratch[:3], tuned=FOUND.tuned[:3]).sentences
    assert "nothing is claimed" in few[1] and not any("helped" in one or "harm" in one for one in few)
    assert replace(FOUND, scratch=(0.7,), tuned=(0.8,)).sentences == []


def test_all_labels_are_spoken_of_where_a_network_learned_from_them() -> None:
    (said,) = [one for one in replace(FOUND, whole=WHOLE).sentences if "all 32,000" in one]
    assert "0.870 of 8,000 others (95 % interval 0.862 to 0.877), in 10.0 minutes of processor time, 11.5 with" in said
    assert not any("On all" in one for one in FOUND.sentences)


def test_what_pre_training_left_is_said_with_its_neighbours() -> None:
    said = FOUND.sentences[-1]
    assert "0.601 from [CLS], 0.640 from the mean" in said and "the words, 0.860." in said
    assert said.endswith("the nearest to good bad, to fine poor.")


def test_it_is_kept_whole_and_damage_is_said(tmp_path: Path) -> None:
    path = tmp_path / "fine-tuning.json"
    TUNINGS.write(FOUND, path)
    assert TUNINGS.read(path) == FOUND
    more = replace(FOUND, whole=WHOLE)
    TUNINGS.write(more, path)
    assert TUNINGS.read(path) == more
    document = json.loads(path.read_text())
    broken = [{**document, **change} for change in ({"format": 0}, {"reached": None}, {"recipe": 3}, {"probe": {}})]
    for damaged in ("[", "[]", *map(json.dumps, broken)):
        path.write_text(damaged)
        with pytest.raises(StoreError, match="install"):
            TUNINGS.read(path)
    path.unlink()
    with pytest.raises(StoreError, match="install"):
        TUNINGS.read(path)


def test_the_lesson_about_cls_says_what_was_recorded_and_no_other_does() -> None:
    assert also_measured(BERT_LESSONS[4]) == " ".join(TUNINGS.read().sentences)
    others = [item for item in BERT_LESSONS if item.measure != "answer"]
    assert not any("labelled real reviews" in str(also_measured(item)) for item in others)
