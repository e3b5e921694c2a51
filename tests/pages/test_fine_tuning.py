"""Fine-tuning on its pages: the form, its pre-trained model, and Explain with attention by layer and head."""

from __future__ import annotations

from typing import Any

import pytest

from sentiment_core.config import from_fields, from_query
from sentiment_core.store import Run, Store
from sentiment_core.work.training import train_here
from tests.explain.test_fill import FIELDS as PRETRAINING
from tests.explain.test_pieces import FIELDS

from .conftest import button

TEXT = "A wonderful film, not boring at all."


@pytest.fixture
def tuned(lab: Store) -> Run:
    return train_here(lab, from_fields(FIELDS), lambda progress: None).runs[0]


def labels(page: Any) -> set[str]:
    kinds = (page.selectbox, page.number_input, page.text_input, page.multiselect, page.toggle)
    return {item.label for kind in kinds for item in kind}


def test_the_form_offers_what_a_fine_tuning_needs_and_fits_the_model_it_starts_from(open_page: Any, lab: Store) -> None:
    run = train_here(lab, from_fields({**PRETRAINING, "snapshots": 0}), lambda progress: None).runs[0]
    page = open_page("train", preset="bert-finetune")
    assert not page.exception and not page.error
    shown = labels(page)
    assert {"Pre-trained model", "Start from its weights", "Heads", "Longest review", "Rate of the vectors"} <= shown
    assert not {"Cell", "Pooling", "Word vectors", "Tokenizer", "Chosen share", "Longest pair", "Word pieces"} & shown
    assert "As loaded: from scratch, fine-tuned" in str([item.options for item in page.selectbox])
    (chosen,) = [item for item in page.selectbox if item.label == "Pre-trained model"]
    assert chosen.value == "bert-encoder"
    chosen.set_value(run.id).run()
    assert not page.exception and not page.error
    query = {name: values[0] if isinstance(values, list) else values for name, values in page.query_params.items()}
    query.pop("preset", None)
    config = from_query(query)
    assert (config.model.pretrained, config.model.hidden_size, config.data.max_tokens) == (run.id, 16, 22)


def test_a_preset_trains_from_its_page(open_page: Any, worked_here: None, lab: Store) -> None:
    short = {"data.limit": "60", "training.max_steps": "1", "snapshots": "0"}
    page = open_page("train", preset="bert-finetune", **short)
    button(page, "Train").click().run()
    assert not page.exception and not page.error
    (experiment,) = lab.experiments()
    assert [(run.name, run.test_accuracy is not None) for run in experiment.runs] == [
        ("from scratch", True),
        ("fine-tuned", True),
    ]


def test_explain_shows_the_attention_of_cls_by_layer_and_head(open_page: Any, tuned: Run, lab: Store) -> None:
    page = open_page("explain", models=tuned.id, text=TEXT, below="layers", methods="attention,occlusion_delete")
    assert not page.exception and not page.error
    said = "\n".join(str(item.value) for item in (*page.markdown, *page.caption))
    assert "Layer 2 of 2: what [CLS] attends to" in said.replace("\\", "")
    assert "Look inside" not in [link.proto.label for link in page.get("page_link")]
    page = open_page("explain", models=tuned.id, text=TEXT, below="layers", layer="1")
    assert "Layer 1 of 2" in "\n".join(str(item.value) for item in page.caption)
    # A recurrent network has no such section: the link opens another one.
    page = open_page("explain", models="pretrained", text=TEXT, below="layers")
    assert not page.exception and not page.error
    (sections,) = [item for item in page.get("button_group") if item.label == "Below"]
    assert "Layers and heads" not in sections.options and sections.value == "agreement"


@pytest.mark.parametrize("section", ["faithfulness", "along", "edit"])
def test_every_other_section_works_for_word_pieces(open_page: Any, tuned: Run, section: str) -> None:
    page = open_page("explain", models=tuned.id, text=TEXT, below=section)
    assert not page.exception and not page.error


def test_a_fine_tuned_run_is_no_glass(open_page: Any, tuned: Run) -> None:
    page = open_page("labs", lab="glass-rnn", models=tuned.id)
    assert not page.exception
    assert tuned.id not in str([item.options for item in (*page.selectbox, *page.multiselect)])
