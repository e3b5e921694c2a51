"""The same files, understood in the same words, at the command line and on a page."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from sentiment_core import cli
from sentiment_core.explain.many_reviews import run as ask
from sentiment_core.progress import silent
from tests.app_page import open_app
from tests.datasets import cases

QUICK = ["--embeddings", "random", "--set", "data.embedding_dim=4", "--set", "model.hidden_size=2", "--max-steps", "1"]
WORDS = ("negative", "neutral", "positive")
CHINESE = cases.table(("text", "label"), [(f"这部电影很{'好看' if n % 2 else '无聊'}。", n % 2) for n in range(60)])
POLISH = [(f"Film był {'piękny' if n % 2 else 'żałosny'}, muzyka też, wieczór {n}.", n % 2) for n in range(60)]
BLANK_TEXT = cases.table(("text", "label"), [("" if n < 6 else line, n % 2) for n, line in enumerate(cases.TEXTS)])

# File, reviews and positive ones that are trained on, and what has to be said.
TRAINED: dict[str, tuple[bytes, int, int, str]] = {
    **{
        name: (cases.WHOLE[name], 60, 30, "")
        for name in (
            "kaggle.csv", "index.csv", "tabs.tsv", "semicolon.csv", "excel.csv", "backslash.tsv", "trailing.csv",
            "archive.zip", "lines.jsonl", "bool.csv", "reviews.parquet", "fasttext.txt", "tweets.csv",
            "structs.parquet",
        )
    },
    "stars.csv": (cases.labelled(lambda n: 1 + n % 5), 48, 24, "12 rows with 3 were left out"),
    "ratings.csv": (cases.labelled(lambda n: f"{1 + n % 5}/5"), 48, 24, "12 rows with 3/5 were left out"),
    "titles.csv": (cases.WHOLE["titles.csv"], 60, 30, "the first 2 lines stand above the names of the columns"),
    "odd.csv": (
        cases.table(("text", "label"), POLISH).replace("ż".encode(), b"\xff", 1), 60, 30,
        "1 character is not UTF-8 and is shown as \ufffd",
    ),
    "polish.csv": (
        cases.table(("text", "label"), POLISH).decode().encode("cp1250"), 60, 30, "it was read as cp1250"
    ),
    "three.csv": (cases.labelled(lambda n: WORDS[n % 3]), 40, 20, "20 rows with neutral were left out"),
    "nan_label.csv": (cases.labelled(lambda n: "" if n == 7 else n % 2), 59, 29, "1 of 60 rows has no label and"),
    "nan_text.csv": (BLANK_TEXT, 54, 27, "6 of 60 rows have no text and were left out"),
}  # fmt: skip
# File, and what has to be said about it; each is answered to its last row.
ANSWERED: dict[str, tuple[bytes, int, bool, str]] = {
    "unlabelled.csv": (cases.table(("id", "comment"), enumerate(cases.TEXTS[:10])), 10, False, ""),
    "label_blank.csv": (cases.table(("text", "label"), [(line, "") for line in cases.TEXTS[:10]]), 10, False, ""),
    "chinese.csv": (CHINESE, 60, False, "60 of 60 reviews have no word that the model knows"),
    "nan_text.csv": (BLANK_TEXT, 60, True, "6 of 60 rows have no text and do not count"),
    "fasttext.txt": (cases.WHOLE["fasttext.txt"], 60, True, "the labels 1 count as negative, 2 as positive"),
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(list(arguments))
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def keep(home: Path) -> Callable[[str, bytes], Path]:
    """Keep a file as an upload is kept; imported late, because pages read where home is."""
    from ui.kit.uploads import save_upload

    return save_upload


def said(app: AppTest) -> str:
    elements = [*app.caption, *app.warning, *app.markdown, *app.error]
    return "\n".join(str(element.value) for element in elements).replace("\\", "")


@pytest.mark.parametrize("name", TRAINED)
def test_trained_on_from_the_command_line(
    name: str, run: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content, _, _, words = TRAINED[name]
    (tmp_path / name).write_bytes(content)
    code, out, error = run("train", "--data", str(tmp_path / name), *QUICK, "--json")
    assert code == 0, error
    assert json.loads(out)["runs"][0]["steps"] == 1
    assert words in caplog.text


@pytest.mark.parametrize("name", TRAINED)
def test_understood_on_the_train_page(name: str, keep: Any) -> None:
    content, count, positive, words = TRAINED[name]
    app = open_app("train", **{"data.source": "csv", "data.path": keep(name, content).name})
    assert not app.exception and not app.error
    assert f"{count} reviews, {positive} of them positive." in said(app) and words in said(app)


@pytest.mark.parametrize("name", ANSWERED)
def test_answered_at_the_command_line(name: str, run: Any, tmp_path: Path) -> None:
    content, count, judged, words = ANSWERED[name]
    (tmp_path / name).write_bytes(content)
    target = tmp_path / "answers.csv"
    code, out, _ = run("predict", "--data", str(tmp_path / name), "--output", str(target), "--json")
    document = json.loads(out)
    assert code == 0 and len(document["rows"]) == count
    assert ("accuracy" in document) is judged and any(words in line for line in document["warnings"] or [""])
    with target.open(newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert len(written) == count and set(written[0]) >= {"probability", "predicted"}
    if name == "fasttext.txt":
        assert [row["text"] for row in written] == cases.TEXTS
    if name == "unlabelled.csv":
        assert [(row["id"], row["comment"]) for row in written] == [(str(n), t) for n, t in enumerate(cases.TEXTS[:10])]
        target = tmp_path / "answers.parquet"
        assert run("predict", "--data", str(tmp_path / name), "--output", str(target))[0] == 0
        assert pq.read_table(target)["comment"].to_pylist() == cases.TEXTS[:10]
        assert ".csv or .parquet" in run("predict", "--data", str(tmp_path / name), "--output", "answers.doc")[2]


@pytest.mark.parametrize("name", ["chinese.csv", "nan_text.csv", "fasttext.txt"])
def test_answered_on_the_explain_page(name: str, keep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    content, _, judged, words = ANSWERED[name]
    path = keep(name, content)
    # Asked here and now, not by a process of its own.
    monkeypatch.setattr("ui.explain.file_view.job_panel", lambda kind, question, **_: ask(question, silent))
    app = open_app("explain", view="file", data=path.name, model="pretrained")
    assert not app.exception and not app.error
    assert words in said(app)
    assert ("Calibration error" in said(app)) is judged
    assert ("Accuracy" in [metric.label for metric in app.metric]) is judged


SPELLINGS = {
    "entities": [("It&#39;s a caf&eacute; film &mdash; &quot;fine&quot;&hellip;", 'It\x27s a café film -- "fine"...')],
    "forms": [(unicodedata.normalize("NFD", "Un café émouvant, très drôle."), "Un café émouvant, très drôle.")],
    "unseen": [("A won\u00adder\u200bful \ufb01lm\u2026", "A wonderful film...")],
}  # fmt: skip


@pytest.mark.parametrize("name", SPELLINGS)
def test_one_spelling_or_another_is_answered_alike_at_the_command_line(name: str, run: Any, tmp_path: Path) -> None:
    answers = []
    for spelling in zip(*SPELLINGS[name], strict=True):
        (tmp_path / "one.csv").write_bytes(cases.table(("text",), [(text,) for text in spelling]))
        answers.append(json.loads(run("predict", "--data", str(tmp_path / "one.csv"), "--json")[1])["rows"])
    assert answers[0] == answers[1]


def test_one_spelling_or_another_is_answered_alike_on_the_explain_page() -> None:
    odd, plain = SPELLINGS["entities"][0]
    shown = [open_app("explain", text=text, below="table").dataframe[0].value for text in (odd, plain)]
    assert shown[0]["Attention"].tolist() == shown[1]["Attention"].tolist()
    words = shown[0]["Token"].tolist()
    assert words[:4] == ["It", "&#39;s", "a", "caf&eacute;"] and "&mdash;" in words


def test_another_language_is_said_clearly_at_the_command_line_and_on_the_page(run: Any) -> None:
    german = "Der Film war einfach wunderbar, und die Geschichte ist sehr gut erzählt."
    said = json.loads(run("explain", "--text", german, "--json")[1])["warnings"]
    assert len(said) == 1 and "words of this review, as in another language" in said[0]
    assert said[0] in [warning.value.replace("\\", "") for warning in open_app("explain", text=german).warning]
    english = "The story is told very well, and the film is simply wonderful."
    assert json.loads(run("explain", "--text", english, "--json")[1])["warnings"] == []
    assert not open_app("explain", text=english).warning


def test_copies_stay_in_one_part_and_are_said(
    run: Any, tmp_path: Path, keep: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [(line, n % 2) for n, line in enumerate(cases.TEXTS)] * 3
    path = tmp_path / "thrice.csv"
    path.write_bytes(cases.table(("text", "label"), rows))
    words = "180 of the 180 reviews are copies of one another, 60 texts in all; all copies of a text are in one part."
    assert run("train", "--data", str(path), *QUICK)[0] == 0
    assert words in caplog.text and "have a copy in training" not in caplog.text
    assert run("train", "--data", str(path), "--split", "notebook", *QUICK)[0] == 0
    assert "36 test reviews have a copy in training or validation" in caplog.text
    app = open_app("train", **{"data.source": "csv", "data.path": keep(path.name, path.read_bytes()).name})
    assert words in said(app) and "have a copy in training" not in said(app)


def test_answers_to_a_file_that_has_changed_are_not_put_beside_it(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "sorted.csv"
    path.write_bytes(cases.PLAIN)
    code, _, error = run("train", "--data", str(path), *QUICK)
    assert code == 0, error
    before = {cell: open_app("runs", cell=cell) for cell in ("tp", "tn")}
    assert not any(app.error for app in before.values())
    cell = next(name for name, app in before.items() if "There is none" not in said(app))
    # The same labels in the same places, under other texts.
    path.write_bytes(cases.labelled(lambda number: number % 2).replace(b"Evening", b"Morning"))
    app = open_app("runs", cell=cell)
    assert "the reviews have changed since this run was tested" in app.error[0].value


def test_baselines_and_studies_take_the_same_files(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "stars.csv"
    path.write_bytes(TRAINED["stars.csv"][0])
    code, out, _ = run("baselines", "--data", str(path), "--json")
    document = json.loads(out)
    assert code == 0 and sum(document["reviews"].values()) == 48
    assert "12 rows with 3 were left out" in document["warnings"][0]
    study = ["study", "--data", str(path), "--sample", "10", "--method", "random,attention"]
    code, out, _ = run(*study, "--positive", "3,4,5", "--json")
    assert code == 0 and json.loads(out)["offered"] == 60


# Of 70 reviews four have no word that is known, six have two.
STRANGE = cases.table(
    ("text", "label"),
    [
        *zip(cases.TEXTS, cases.LABELS, strict=True),
        *((f"这部电影很好看{n}。", n % 2) for n in range(4)),
        *((f"the film xqzvk wvrtq plqmz zzxk{n}q", n % 2) for n in range(6)),
    ],
)
NOTHING, FEW = "4 of 70 reviews have no word that {}", "6 of 70 reviews are full of words that {}"
VECTORS = [NOTHING.format("the word vectors know"), FEW.format("the word vectors do not know")]
MODEL = [NOTHING.format("the model knows"), FEW.format("the model does not know")]


def test_words_that_nobody_knows_are_said_at_every_command(
    run: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "strange.csv"
    path.write_bytes(STRANGE)
    assert run("train", "--data", str(path), "--set", "model.hidden_size=2", "--max-steps", "1")[0] == 0
    assert all(words in caplog.text for words in VECTORS)
    caplog.clear()
    # Vectors that are learned from the reviews lack what is rare in them: that is no other language.
    assert run("train", "--data", str(path), *QUICK)[0] == 0
    assert "have no word that the word vectors know" in caplog.text and "are full of words" not in caplog.text
    caplog.clear()
    # Nor is a word with a full stop at it.
    split = ["--set", "data.tokenizer=whitespace", "--set", "model.hidden_size=2", "--max-steps", "1"]
    assert run("train", "--data", str(path), *split)[0] == 0
    assert VECTORS[0] in caplog.text and "are full of words" not in caplog.text
    for command, expected in (("baselines", VECTORS), ("predict", MODEL)):
        warnings = json.loads(run(command, "--data", str(path), "--json")[1])["warnings"]
        assert [sum(words in line for line in warnings) for words in expected] == [1, 1], command
    study = ["study", "--data", str(path), "--sample", "70", "--method", "random,attention", "--json"]
    result = json.loads(run(*study)[1])
    assert result["reviews"] == 66 and result["left_out"] == 4
    assert (
        "4 of the 70 reviews of the sample have no word that the model knows: they are left out." in result["remarks"]
    )


def test_words_that_nobody_knows_are_said_where_a_file_is_uploaded(keep: Any) -> None:
    name = keep("strange.csv", STRANGE).name
    for app in (
        open_app("train", **{"data.source": "csv", "data.path": name}),
        open_app("data", source="csv", file=name),
        open_app("labs", lab="baselines", source="csv", file=name),
    ):
        assert not app.exception and not app.error
        assert all(words in said(app) for words in VECTORS)
    plain = keep("plain.csv", cases.PLAIN).name
    assert "the word vectors" not in said(open_app("train", **{"data.source": "csv", "data.path": plain}))
    learned = {"data.source": "csv", "data.path": name, "data.embeddings": "random"}
    assert "the word vectors" not in said(open_app("train", **learned))
    long = keep("long.csv", cases.table(("text", "label"), [(f"这部电影很好看{n}。", n % 2) for n in range(150)])).name
    app = open_app("train", **{"data.source": "csv", "data.path": long})
    assert "100 of the first 100 reviews have no word that the word vectors know" in said(app)


def test_messages_name_the_options_of_the_command(run: Any, tmp_path: Path, keep: Any) -> None:
    path = tmp_path / "ham.csv"
    path.write_bytes(cases.labelled(lambda n: ("ham", "spam")[n % 2]))
    for command in ("train", "baselines", "study"):
        code, _, error = run(command, "--data", str(path))
        assert code == 2 and "Set --positive to the labels that are" in error and "data." not in error
    answers = json.loads(run("predict", "--data", str(path), "--json")[1])
    assert len(answers["rows"]) == 60 and "Set --positive" in answers["warnings"][0]
    code, out, _ = run("train", "--data", str(path), "--positive", "spam", *QUICK, "--json")
    assert code == 0 and json.loads(out)["runs"][0]["steps"] == 1
    app = open_app("train", **{"data.source": "csv", "data.path": keep(path.name, path.read_bytes()).name})
    assert "Set “Positive labels” to the labels that are" in app.error[0].value.replace("\\", "")
    next(item for item in app.text_input if item.label == "Positive labels").set_value("spam").run()
    assert not app.error and "60 reviews, 30 of them positive." in said(app)
