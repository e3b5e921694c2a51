"""A source is an entry and a module: one that is registered while the program runs is offered at every entrance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiment_core import cli
from sentiment_core.config import ExperimentConfig, choices, from_fields, from_query, to_query
from sentiment_core.datasets import check_here, load_reviews
from sentiment_core.errors import ConfigError, DataError
from sentiment_core.settings import DataConfig
from sentiment_core.sources import SOURCES, Source, register
from sentiment_core.store import Store
from sentiment_core.training.memory import expected_size
from tests.app_page import open_app

QUICK = ["--embeddings", "random", "--set", "data.embedding_dim=6", "--set", "model.hidden_size=4", "--max-steps", "2"]


@pytest.fixture
def letters() -> Iterator[Source]:
    """A source that is offered for the length of a test."""
    yield register(
        Source(
            "letters",
            label="Letters to the editor",
            short="Letters",
            kind="letters",
            module="tests.datasets.letters_source",
            waiting="Takes a moment.",
            count=60,
        )
    )
    del SOURCES["letters"]


def test_settings_and_links_know_it(letters: Source) -> None:
    config = from_fields({"data.source": "letters"})
    assert ExperimentConfig.model_validate_json(config.model_dump_json()) == config
    assert from_query(to_query(config)) == config
    assert choices("data.source") == ("demo", "imdb", "csv", "letters")
    with pytest.raises(ConfigError, match=r"data\.split: official exists for data\.source=imdb only"):
        from_fields({"data.source": "letters", "data.split": "official"})
    assert expected_size(config).characters == 60 * 1300


def test_without_it_the_settings_refuse_it() -> None:
    with pytest.raises(ConfigError, match=r"data\.source: allowed: demo, imdb, csv \(got 'letters'\)"):
        from_fields({"data.source": "letters"})


def test_the_command_line_trains_on_it(letters: Source, capsys: pytest.CaptureFixture[str]) -> None:
    for given in (["--set", "data.source=letters"], ["--data", "letters"]):
        assert cli.main(["train", *given, *QUICK, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["runs"][0]["steps"] == 2
    assert cli.main(["fields"]) == 0
    assert "letters" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("page", "query", "label"),
    [
        ("train", {"data.source": "letters"}, "Letters to the editor"),
        ("data", {"source": "letters"}, "Letters"),
        ("labs", {"lab": "baselines", "source": "letters"}, "Letters to the editor"),
        ("runs", {}, "Letters"),
    ],
)
def test_pages_offer_it(letters: Source, page: str, query: dict[str, str], label: str) -> None:
    with Store() as store:
        store.create_experiment(ExperimentConfig())  # an empty table of runs has no filter
    app = open_app(page, **query)
    assert not app.exception and not app.error
    offered = next(item for item in app.selectbox if item.label == "Reviews")
    assert label in offered.options
    if query:
        assert offered.value == "letters"


def test_what_a_source_does_not_say_is_the_usual(letters: Source) -> None:
    data = DataConfig(source="letters", limit=40)
    check_here(data)
    assert letters.stamp(data) is None and letters.settings(data) == {}
    assert len(load_reviews(data)) == 40
    assert not Source("x", "X", "X", "x", "tests.datasets", "").is_quick(data)


def test_a_file_says_what_decides_its_reviews(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    data = DataConfig(source="csv", path=str(path))
    file = SOURCES["csv"]
    with pytest.raises(DataError, match=r"mine\.csv is no longer where it was"):
        check_here(data)
    assert file.stamp(data) is None
    path.write_text("text,label\n")
    first = file.stamp(data)
    path.write_text("text,label\nfine,1\n")
    assert first is not None and file.stamp(data) != first
    assert file.settings(data) == {"path": str(path)}
