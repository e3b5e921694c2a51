"""The Data page: each tab, its address, bad links and empty states."""

from __future__ import annotations

import shutil

import pytest

from sentiment_core.artifacts import home
from sentiment_core.data_view.tokenized import read_tokens
from sentiment_core.datasets import load_reviews
from sentiment_core.settings import DataConfig
from ui.data import source as data_source
from ui.kit.uploads import save_upload

from .conftest import button, texts


def said(page) -> str:
    return texts([*page.markdown, *page.caption, *page.info, *page.warning]).replace("\\", "")


def clean(page) -> bool:
    return not page.exception and not page.error and not page.warning


@pytest.fixture(scope="module")
def read_before(tmp_path_factory):
    """A home in which the demo reviews were split into tokens: that takes seconds, and most tests need it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(tmp_path_factory.mktemp("home")))
        config = DataConfig()
        read_tokens(load_reviews(config), config.tokenizer)
        return home() / "readings"


@pytest.fixture(autouse=True)
def readings(lab, read_before):
    shutil.copytree(read_before, home() / "readings", dirs_exist_ok=True)


@pytest.fixture
def upload(lab):
    rows = [f'"Review {n} about {"<b>joy</b>" if n % 2 else "zzqqx"} ' + "word " * n + f'",{n % 2}' for n in range(40)]
    return save_upload("mine.csv", ("text,label\n" + "\n".join(rows)).encode()).name


def test_the_overview_says_what_a_limit_takes_away(open_page):
    page = open_page("data")
    assert clean(page)
    assert "4,000 reviews" in said(page)
    before = said(page)
    page.number_input(key="data:max_tokens").set_value(50).run()
    assert clean(page)
    assert said(page) != before
    assert page.query_params["max_tokens"] == "50"


def test_coverage_lists_each_tokenizer_and_vocabulary(open_page):
    page = open_page("data", tab="coverage", tokenizer="whitespace")
    assert clean(page)
    table = page.dataframe[0].value
    assert table["Vocabulary"].tolist() == ["glove-50", "the reviews' own words"] * 3
    shares = [float(share.rstrip("%")) for share in table["Known tokens"]]
    assert min(shares[0], shares[2]) > 99 > shares[4]
    unknown = page.dataframe[1].value
    assert unknown["Times"].is_monotonic_decreasing and len(unknown) == 100


def test_reviews_are_searched_filtered_and_turned_over(open_page):
    page = open_page("data", tab="reviews", search="wonderful", label="negative")
    assert clean(page)
    table = page.dataframe[0].value
    assert set(table["Label"]) == {"negative"} and len(table) == 20
    first = table["Review"].tolist()
    button(page, "Next").click().run()
    assert page.query_params["page"] == "2"
    assert not set(first) & set(page.dataframe[0].value["Review"])
    page.text_input(key="data:search").set_value("no review says this").run()
    assert "No review fits" in said(page)
    assert "page" not in page.query_params


def test_a_linked_review_shows_its_tokens_and_the_way_to_explain(open_page, upload):
    page = open_page("data", tab="reviews", source="csv", file=upload, review="1")
    assert clean(page)
    tokens = page.dataframe[1].value
    unknown = tokens[~tokens["Known"]]
    assert unknown["Token"].tolist() == ["zzqqx"] and unknown["Id"].tolist() == [0]
    assert (tokens["Id"][tokens["Known"]] > 0).all()
    link = next(item for item in page.get("page_link") if "Explain" in item.proto.label)
    assert "text=Review+0" in link.proto.query_string
    page = open_page("data", tab="reviews", source="csv", file=upload, review="41")
    assert "no review 41" in said(page)
    assert "review" not in page.query_params


def test_padding_compares_a_random_batch_with_a_bucketed_one(open_page):
    page = open_page("data", tab="padding", batch_size="32")
    assert clean(page)
    before = said(page)
    assert "Random" in before and "Bucketed" in before
    button(page, "Next batch").click().run()
    assert page.query_params["batch"] == "2"
    assert said(page) != before


def test_words_have_neighbours_and_unknown_ones_a_message(open_page):
    page = open_page("data", tab="words", word="wonderful")
    assert clean(page)
    assert "amazing" in page.dataframe[0].value["Nearest"].tolist()
    page.text_input(key="data:word").set_value("<b>zzqqx</b>").run()
    assert "is not among the 400,000 words" in page.error[0].value.replace("\\", "")
    page.text_input(key="data:words").set_value("good bad").run()
    assert "at least three words" in page.error[1].value.replace("\\", "")
    assert page.query_params["words"] == "good bad"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("tab", "moon"),
        ("source", "the web"),
        ("file", "../../etc/passwd"),
        ("tokenizer", "letters"),
        ("embeddings", "none"),
        ("max_tokens", "-1"),
        ("max_tokens", "²"),
        ("label", "<b>"),
        ("part", "dev"),
        ("page", "0"),
        ("review", "1e3"),
        ("batch_size", "7"),
        ("batch", "many"),
    ],
)
def test_a_bad_link_says_what_is_wrong_and_opens_the_default(open_page, name, given):
    page = open_page("data", **{"tab": "reviews", name: given})
    assert not page.exception and not page.error
    assert f"The {name.replace('_', ' ')} in this link must be" in said(page)
    assert name == "tab" or name not in page.query_params
    assert page.query_params["tab"] == ("overview" if name == "tab" else "reviews")


def test_reviews_that_are_not_here_are_not_fetched(open_page, lab):
    page = open_page("data", source="imdb")
    assert "not on this machine" in page.error[0].value.replace("\\", "")
    page = open_page("data", source="csv", file="0" * 24 + ".csv")
    assert "upload the file" in page.error[0].value.replace("\\", "")
    page = open_page("data", source="csv")
    assert "Choose a file." in texts(page.caption)
    page = open_page("data", embeddings="glove-100")
    assert "has not been fetched" in said(page)
    assert not page.error and "embeddings" not in page.query_params


def test_an_unusable_file_is_named(open_page, lab):
    name = save_upload("odd.csv", b"a,b\n1,2\n").name
    page = open_page("data", source="csv", file=name)
    assert not page.exception
    assert "text" in page.error[0].value


def test_reviews_without_labels_are_looked_at_all_the_same(open_page, lab):
    rows = ["A dull film.", "A dull film.", "", "A splendid zzqqx all in all."]
    name = save_upload(
        "plain.csv", ("id,comment\n" + "\n".join(f"{n},{row}" for n, row in enumerate(rows))).encode()
    ).name
    page = open_page("data", source="csv", file=name)
    told = said(page)
    assert not page.error and not page.exception
    assert "**3 reviews** without labels" in told and "name it under *How the file is read*" in told
    assert "1 of 4 rows has no text and was left out" in told and "2 of the 3 reviews are copies" in told
    assert "positive" not in told and "in one part" not in told
    page = open_page("data", source="csv", file=name, tab="reviews", review="3", label="positive", part="test")
    assert not page.error and not page.exception
    assert [*page.dataframe[0].value] == ["Review", "Text"] and len(page.dataframe[0].value) == 3
    assert page.selectbox(key="data:label").disabled and page.selectbox(key="data:part").disabled
    assert "label" not in page.query_params and "part" not in page.query_params
    for tab in ("coverage", "padding"):
        page = open_page("data", source="csv", file=name, tab=tab)
        assert not page.error and not page.exception


def test_labels_that_are_there_and_not_understood_are_asked_for(open_page, lab):
    rows = "\n".join(f"A film number {n},{'wug' if n % 2 else 'dax'}" for n in range(30))
    name = save_upload("odd.csv", f"text,label\n{rows}".encode()).name
    page = open_page("data", source="csv", file=name)
    assert "“Positive labels” to the labels that are" in page.error[0].value


def test_tabs_keep_their_settings(open_page):
    page = open_page("data", tab="reviews", search="film", label="positive")
    page.segmented_control(key="data:tab").set_value("words").run()
    assert clean(page)
    assert "search" not in page.query_params
    page.segmented_control(key="data:tab").set_value("reviews").run()
    assert page.query_params["search"] == "film" and page.query_params["label"] == "positive"
    assert page.text_input(key="data:search").value == "film"


def test_vectors_are_offered_only_when_they_are_here(lab, tmp_path):
    assert data_source.vocabularies() == ["glove-50"]
    (tmp_path / "embeddings/glove-100").mkdir(parents=True)
    (tmp_path / "embeddings/glove-100/matrix.npy").write_bytes(b"")
    assert data_source.vocabularies() == ["glove-50", "glove-100"]


def test_labels_of_the_plane_keep_clear_of_each_other():
    import numpy as np

    from ui.data.figures import label_positions, words_figure

    apart = np.array([[0.0, 0.0], [300.0, 0.0]])
    assert label_positions([4, 4], apart) == ["top center", "top center"]
    beside = np.array([[0.0, 0.0], [12.0, 0.0]])
    assert label_positions([8, 8], beside) == ["top center", "bottom center"]
    crowded = words_figure(["good"] * 9, np.zeros((9, 2))).data[0]
    assert "" in crowded.text
    assert list(crowded.hovertext) == ["good"] * 9
