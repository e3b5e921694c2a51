"""The glossary: one meaning a term, found in any of its forms, explained wherever a page's caption uses it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.glossary import GLOSSARY, as_markdown
from sentiment_core.config import field_info
from sentiment_core.explain.methods.registry import METHODS
from sentiment_core.glossary import TERMS, terms_in
from sentiment_core.steps.quantities import CORE
from ui.kit.terms import help_for

ROOT = Path(__file__).resolve().parents[1]
# Everybody who has opened a second page knows these; a question mark at each of them would be in the way.
EVERYDAY = {
    "token",
    "update",
    "epoch",
    "seed",
    "interval",
    "threshold",
    "SGD",
    "learning rate",
    "clipping",
    "attention",
}
# What the field's own words in a caption are found by, beside the terms themselves.
ASKED_FOR = (
    "log-odds",
    "pooling",
    "bucketed",
    "comprehensiveness",
    "padding",
    "gradient norm",
    "calibration error",
    "sufficiency",
    "Brier score",
    "logit",
    "τ",
)


def captions() -> Iterator[tuple[str, str]]:
    """Give place and written words of each `st.caption` of the pages; what is computed is left out."""
    for path in [*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.caption":
                if any(keyword.arg == "help" for keyword in node.keywords):
                    continue
                words = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
                yield f"{path.relative_to(ROOT)}:{node.lineno}", " ".join(map(str, words))


def test_a_caption_with_a_term_explains_it():
    found = {place: names for place, text in captions() if (names := {t.name for t in terms_in(text)} - EVERYDAY)}
    assert not found, "draw these with ui.kit.terms.caption"


@pytest.mark.parametrize("word", ASKED_FOR)
def test_the_words_that_pages_use_have_a_meaning(word):
    (term,) = terms_in(f"the {word.upper()}, here")
    assert term.meaning.endswith(".") and literal_free(help_for(word)).endswith(literal_free(term.meaning))


def literal_free(text):
    return text.replace("\\", "")


def test_each_form_has_one_meaning_and_what_is_said_elsewhere_is_taken_from_there():
    forms = [form.casefold() for term in TERMS for form in (term.name, *term.forms)]
    assert len(set(forms)) == len(forms)
    by_name = {term.name: term.meaning for term in TERMS}
    assert by_name["gradient norm"] == CORE["grad_norm"].help
    assert by_name["pooling"] == field_info("model.pooling").description
    assert by_name["integrated gradients"] == METHODS["integrated_gradients"].description


def test_terms_are_found_once_in_their_order_and_the_longer_of_two():
    found = terms_in("Gradient norms and padded tokens; a gradient norm, unpadded, P(positive).")
    assert [term.name for term in found] == ["gradient norm", "padding", "token", "P(positive)"]
    assert help_for("nothing here") is None


def test_the_document_is_the_glossary():
    assert GLOSSARY.read_text(encoding="utf-8") == as_markdown(), "run `python -m docs.glossary`"
