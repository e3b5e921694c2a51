"""Answers that ship: found by just their question, shown until somebody computes them here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sentiment_core import baselines
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.explain import METHODS
from sentiment_core.explain.study_question import CONTROL, FAITHFULNESS, study_arguments
from sentiment_core.recorded import record_answer, recorded_answer
from sentiment_core.store import Store

LINEAR = baselines.arguments_for(ExperimentConfig().data)


def test_what_pages_open_on_is_there_for_the_model_that_ships(home: Path) -> None:
    with Store() as store:
        asked = study_arguments("pretrained", "demo", 100, 0, [name for name in METHODS if name != CONTROL], store)
    study = recorded_answer(FAITHFULNESS, asked)
    assert study is not None, "make it anew: python -m benchmarks.lab_recordings --answers"
    assert study.result["reviews"] == 100 and {"torch", "device", "threads", "cpu"} <= set(study.made)
    linear = recorded_answer(baselines.BASELINES, LINEAR)
    assert linear is not None and len(linear.result["rows"]) >= 3


def test_another_question_has_no_answer(home: Path) -> None:
    other = baselines.arguments_for(from_fields({"data.limit": 500}).data)
    assert recorded_answer(baselines.BASELINES, other) is None


@pytest.mark.parametrize("damage", [lambda text: text[:40], lambda text: json.dumps({**json.loads(text), "format": 9})])
def test_a_damaged_one_is_none(tmp_path: Path, damage: Any) -> None:
    shipped = recorded_answer(baselines.BASELINES, LINEAR)
    assert shipped is not None
    path = record_answer(baselines.BASELINES, LINEAR, shipped.result, shipped.made, tmp_path)
    assert recorded_answer(baselines.BASELINES, LINEAR, tmp_path) == shipped
    path.write_text(damage(path.read_text()))
    assert recorded_answer(baselines.BASELINES, LINEAR, tmp_path) is None
