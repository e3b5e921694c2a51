"""`explain --method` adds a field per method to each token, and leaves everything else as it was."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sentiment_core import cli, explain
from sentiment_core.explain import attribute
from sentiment_core.explain.predictor import Predictor

TEXT = "word3 nowhere word7 word1"
FIELDS = {"text", "start", "end", "known", "used", "attention"}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, make_predictor: Callable[..., Predictor]
) -> Run:
    """`run("--json")` explains `TEXT` → exit code, standard output, standard error."""

    def call(*arguments: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr(explain, "load_predictor", lambda model, store: make_predictor(fields))
        capsys.readouterr()
        code = cli.main(["explain", "--text", TEXT, *arguments])
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


def test_a_field_per_method(run: Run, make_predictor: Callable[..., Predictor]) -> None:
    code, out, _ = run("--method", "attention,integrated_gradients,occlusion", "--json")
    document = json.loads(out)
    assert code == 0
    assert all(set(token) == {*FIELDS, "integrated_gradients", "occlusion"} for token in document["tokens"])
    gradients, occlusion = attribute(make_predictor(), TEXT, ["integrated_gradients", "occlusion_delete"])
    assert [token["integrated_gradients"] for token in document["tokens"]] == gradients.scores.tolist()
    assert [token["occlusion"] for token in document["tokens"]] == occlusion.scores.tolist()
    assert document["tokens"][1]["occlusion"] == 0.0 and not document["tokens"][1]["known"]
    assert set(document["completeness"]) == {"total", "difference", "relative_error"}


def test_without_methods_nothing_is_added(run: Run) -> None:
    plain = json.loads(run("--json")[1])
    assert (
        set(plain) == {"probability", "label", "step", "seen", "tokens", "truncated", "warnings"}
        and plain["seen"] is False
    )
    assert all(set(token) == FIELDS for token in plain["tokens"])
    lines = run()[1].splitlines()
    assert lines[0] == f"P(positive) = {plain['probability']:.3f}"
    assert lines[1] == f"{plain['tokens'][0]['attention']:.4f}  word3" and lines[2] == "0.0000  nowhere  (unknown)"
    with_attention = json.loads(run("--method", "attention", "--json")[1])
    assert with_attention == plain


def test_in_words(run: Run) -> None:
    _, out, _ = run("--method", "occlusion_mask, attention")
    lines = out.splitlines()
    assert lines[1].split() == ["occlusion_mask", "attention", "token"] and len(lines) == 6
    assert lines[3].split() == ["0.0000", "0.0000", "nowhere", "(unknown)"]


def test_a_model_without_attention(run: Run) -> None:
    code, out, _ = run("--method", "attention,gradient_x_input", "--json", fields={"model.pooling": "mean"})
    tokens = json.loads(out)["tokens"]
    assert code == 0 and [token["attention"] for token in tokens] == [None] * 4
    assert tokens[0]["gradient_x_input"] != 0.0
    assert run(fields={"model.pooling": "mean"})[1].splitlines()[1] == "–  word3"


@pytest.mark.parametrize("methods", ["lime", "", "attention,,occlusion", "occlusion, Lime"])
def test_an_unknown_method_names_those_there_are(methods: str, run: Run) -> None:
    code, out, err = run("--method", methods, "--json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: there is no explanation method ")
    assert "use one of attention, integrated_gradients, gradient_x_input, occlusion_delete, occlusion_mask" in err
