"""Answers that pages keep: failures too, and a button that asks again."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from sentiment_core.errors import DataError, EmbeddingsError
from sentiment_core.explain import available_models
from sentiment_core.explain.catalogue import model_folder
from sentiment_core.training.checkpoints import load_model, write_model
from sentiment_core.work.training import train_here
from tests.pages.conftest import button, texts
from ui.explain import answers
from ui.kit.kept import kept

CALLS: list[str] = []


@kept(max_entries=4)
def _fails(name: str) -> str:
    CALLS.append(name)
    try:
        raise KeyError(name)
    except KeyError as error:
        raise EmbeddingsError(f"{name} is missing") from error


@pytest.fixture(autouse=True)
def forgotten() -> None:
    CALLS.clear()
    _fails.clear()


def test_a_failure_is_kept_with_its_words_kind_and_cause():
    for _ in range(3):
        with pytest.raises(EmbeddingsError, match="a is missing") as caught:
            _fails("a")
        assert isinstance(caught.value.__cause__, KeyError)
    assert CALLS == ["a"]
    caught.value.retry()
    with pytest.raises(EmbeddingsError):
        _fails("a")
    assert CALLS == ["a", "a"]


def test_other_faults_are_not_kept():
    @kept(max_entries=4)
    def broken() -> None:
        CALLS.append("broken")
        raise ValueError("an inner matter")

    for _ in range(2):
        with pytest.raises(ValueError, match="inner"):
            broken()
    assert CALLS == ["broken"] * 2


def test_an_answer_is_asked_anew_when_weights_were_written_at_the_same_step(lab, tiny):
    """The last step is in the store before the weights of the last epoch are on disk."""
    (run,) = train_here(lab, tiny({"training.epochs": 1}), lambda progress: None).runs
    model = next(info for info in available_models(lab) if info.id == run.id)
    before = answers.explain(model, "a good film").probability
    folder = model_folder(run.id, lab)
    saved = load_model(folder)
    other = {name: -value for name, value in saved.tensors.items()}
    write_model(folder, other, saved.config, saved.vectors_key, saved.details)
    again = next(info for info in available_models(lab) if info.id == run.id)
    assert again.description == model.description
    assert answers.explain(again, "a good film").probability != before


def test_another_wording_keeps_kind_and_retry():
    error = DataError("0123.csv is empty")
    error.retry = CALLS.clear
    other = error.worded("mine.csv is empty")
    assert (type(other), str(other), other.retry) == (DataError, "mine.csv is empty", error.retry)


def script() -> None:
    from tests.pages.test_kept import _fails
    from ui.kit.notices import errors_shown

    with errors_shown():
        _fails("page")


def test_a_page_asks_again_only_by_its_button():
    page = AppTest.from_function(script).run()
    page.run()
    assert CALLS == ["page"] and "page is missing" in texts(page.error)
    button(page, "Try again").click().run()
    assert CALLS == ["page", "page"] and not page.exception
