"""Vectors of one's own: what gensim writes is read bit for bit, what people have is read, hostile files are not."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_core import cli, vector_files
from sentiment_core.config import from_fields
from sentiment_core.embeddings import load_saved, load_vectors, own_vectors
from sentiment_core.errors import ConfigError, EmbeddingsError
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from sentiment_core.vector_files import read_vectors
from tests.datasets import cases

WORDS = ["film", "plot", "bad", "good", "café", "...", "3.14", "the"]
MATRIX = np.random.default_rng(1).normal(size=(len(WORDS), 7)).astype(np.float32)


def published() -> KeyedVectors:
    vectors = KeyedVectors(7)
    vectors.add_vectors(WORDS, MATRIX)
    return vectors


def never() -> list[str]:
    raise AssertionError("no training text is needed")


@pytest.mark.parametrize("form", ["text", "binary", "no header", "packed text", "packed binary"])
def test_what_gensim_writes_is_read_bit_for_bit(form: str, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "vectors.bin"
    published().save_word2vec_format(str(path), binary="binary" in form, write_header=form != "no header")
    if "packed" in form:
        path.write_bytes(gzip.compress(path.read_bytes()))
    data = DataConfig(embeddings="own", vectors=str(path))
    found = load_vectors(data, never, "reviews", 1, silent)
    assert found.words == WORDS
    assert isinstance(found.matrix, np.memmap) and np.array_equal(found.matrix, MATRIX)
    # Found again by its content alone, whatever it is called, and by its key once the file is gone.
    other = tmp_path / "renamed"
    os.replace(path, other)
    assert own_vectors(str(other), silent).key == found.key
    other.unlink()
    assert np.array_equal(load_saved(found.key).matrix, MATRIX)
    assert [item.name for item in (home / "embeddings").iterdir()] == [found.key]


@pytest.fixture(scope="module")
def facebook(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A model of fastText as it is on disk: 8 words, one with a letter of two bytes, 50 places for their n-grams."""
    model = FastText(vector_size=5, min_count=1, bucket=50, min_n=2, max_n=4, epochs=1, workers=1, seed=1)
    model.build_vocab([WORDS])
    model.train([WORDS], total_examples=1, epochs=1)
    path = tmp_path_factory.mktemp("fasttext") / "model.bin"
    save_facebook_model(model, str(path))
    return path.read_bytes()


def test_a_model_of_fasttext_gives_what_gensim_reads_in_it(facebook: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(facebook)
    expected = load_facebook_vectors(str(path))
    words, matrix = read_vectors(path, tmp_path / "rows", silent)
    assert words == expected.index_to_key
    np.testing.assert_allclose(matrix, expected.vectors, atol=1e-7)
    # Without its n-grams a word would be elsewhere.
    assert not np.allclose(matrix, expected.vectors_vocab, atol=1e-3)


@given(data=st.data())
def test_a_damaged_model_of_fasttext_is_read_or_refused(
    data: st.DataObject, facebook: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    at = data.draw(st.integers(4, len(facebook)))
    content = facebook[:at] + data.draw(st.binary(max_size=8))
    if data.draw(st.booleans()):
        content += facebook[len(content) :]
    try:
        words, matrix = read(content, folder)
    except EmbeddingsError:
        return
    assert len(words) == len(matrix) > 0 and np.isfinite(matrix).all()


def read(content: bytes, tmp_path: Path) -> tuple[list[str], list[list[float]]]:
    path = tmp_path / "vectors.txt"
    path.write_bytes(content)
    words, matrix = read_vectors(path, tmp_path / "rows", silent)
    return words, matrix.tolist()


@pytest.mark.parametrize(
    ("content", "words", "matrix"),
    [
        # GloVe's largest file has words with spaces, fastText's a space at the end of its lines.
        (b"the 1 2\n. . . 3 4\n", ["the", ". . ."], [[1, 2], [3, 4]]),
        (b"2 2\nthe 1 2 \nfilm 3 4 \n", ["the", "film"], [[1, 2], [3, 4]]),
        (b"2\t2\nthe\t1\t2\r\nfilm\t3\t4\r\n", ["the", "film"], [[1, 2], [3, 4]]),
        (b"the 1e-3 -2E0", ["the"], [[np.float32(1e-3), -2]]),
        # A word in lower case stays before one that was made so, wherever it stands; else the first does.
        (b"Apple 1 1\nUS 2 2\napple 3 3\nus 4 4\nApple 5 5\nPARIS 6 6\nParis 7 7\n", ["apple", "us", "paris"],
         [[3, 3], [4, 4], [6, 6]]),
    ],
)  # fmt: skip
def test_what_people_have_is_read(content: bytes, words: list[str], matrix: list[list[float]], tmp_path: Path) -> None:
    assert read(content, tmp_path) == (words, matrix)


class Bomb:
    def __reduce__(self) -> Any:
        return os.mkdir, ("unpickled",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no word vectors"),
        (b"review,label\nA fine film,1\n", "first line is neither a word with its numbers"),
        (pickle.dumps(Bomb()), "a pickle.*can run any program"),
        (b"\xba\x16\x4f\x2f" + bytes(100), "version 0 of fastText's files.*the .vec file"),
        (b"\xba\x16\x4f\x2f\x0c\0\0\0" + bytes(100), "fastText model is damaged"),
        # Pruned, which only compressed models are.
        (b"\xba\x16\x4f\x2f\x0c\0\0\0" + bytes(76) + b"\1" + bytes(7), "compressed fastText model"),
        (gzip.compress(b"\xba\x16\x4f\x2f" + bytes(100)), "packed fastText model. Unpack it"),
        (b"PK\x03\x04" + bytes(100), "Unpack it"),
        # What a header claims is not believed: nothing is set aside for it.
        (b"999999999999 300\nthe " + bytes(1200), "word 2 is damaged or missing"),
        (b"5 999999\nthe 1 2\n", "have 999,999 components"),
        (b"5 1\nthe 1\n", "have 1 components"),
        (b"0 5\n", "holds no word vectors"),
        (b"3 2\nthe 1 2\nfilm 3 4\n", "word 3 is damaged or missing"),
        (b"the 1 2\nfilm 3\n", "word 2 is damaged"),
        (b"the 1 2\nfilm 3 4 5\n", "word 2 is damaged"),
        (b"the 1 2\nfilm 3 four\n", "word 2 is damaged"),
        (b"the 1 2\nfilm 3 nan\n", "no finite number"),
        (b"the 1 2\nfilm 3 1e99\n", "no finite number"),
        (b"the 1 2\n" + b"x" * 10_000_000, "word 2 is damaged"),
        (b"2 2\nthe " + bytes(8) + b"x" * 5_000, "word 2 is damaged"),
        (gzip.compress(b"the 1 2\n" * 9)[:-12], "damaged or cut off"),
        (gzip.compress(bytes(50_000_000)), "first line is neither"),
    ],
    # Not the contents: some are long, and gzip writes the time into them.
    ids=lambda value: value if isinstance(value, str) else "file",
)  # fmt: skip
def test_what_is_none_is_refused_in_a_sentence(
    content: bytes, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmbeddingsError, match=words):
        read(content, tmp_path)
    assert not (tmp_path / "unpickled").exists()


@given(st.binary(max_size=300), st.sampled_from([b"", b"3 2\n", b"the 1 2\n"]))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        words, matrix = read(start + content, folder)
    except EmbeddingsError:
        return
    assert len(words) == len(set(words)) == len(matrix) and np.isfinite(matrix).all()


def test_no_more_words_and_bytes_are_kept_than_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    content = b"".join(b"w%d 1 2\n" % number for number in range(50))
    monkeypatch.setattr(vector_files, "MOST_WORDS", 20)
    assert len(read(content, tmp_path)[0]) == 20 and "only the first 20 words" in caplog.text
    monkeypatch.setattr(vector_files, "MOST_BYTES", 100)
    with pytest.raises(EmbeddingsError, match="of vectors; use fewer"):
        read(content, tmp_path)


def test_a_name_is_fetched_once_and_its_code_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for the download, as gensim lays it out."""
    import gensim.downloader

    folder = tmp_path / "glove-tiny"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise AssertionError")
    published().save_word2vec_format(str(folder / "glove-tiny.gz"))
    listed = {"corpora": {}, "models": {"glove-tiny": {"file_name": "glove-tiny.gz"}}}
    monkeypatch.setattr(gensim.downloader, "BASE_DIR", str(tmp_path))
    monkeypatch.setattr(gensim.downloader, "info", lambda: listed)
    found = own_vectors("glove-tiny", silent)
    assert found.key == "gensim-glove-tiny" and np.array_equal(found.matrix, MATRIX)
    monkeypatch.delattr(gensim.downloader, "load")
    assert np.array_equal(own_vectors("glove-tiny", silent).matrix, MATRIX)
    with pytest.raises(EmbeddingsError, match="glove-none is no file, and could not be fetched"):
        own_vectors("glove-none", silent)
    with pytest.raises(EmbeddingsError, match="there is no such file of word vectors"):
        own_vectors(str(tmp_path / "none.txt"), silent)


def test_own_vectors_have_to_be_named() -> None:
    with pytest.raises(ConfigError, match=r"data.vectors: give a file of word vectors"):
        from_fields({"data.embeddings": "own"})


def test_trained_and_asked_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, reviews = tmp_path / "own.vec", tmp_path / "reviews.csv"
    reviews.write_bytes(cases.labelled(lambda number: number % 2))
    published().save_word2vec_format(str(path))
    quick = ["--set", "model.hidden_size=2", "--max-steps", "1", "--json"]
    assert cli.main(["train", "--data", str(reviews), "--vectors", str(path), *quick]) == 0
    run = json.loads(capsys.readouterr().out)["runs"][0]["run_id"]
    # A trained model finds its vectors by their content.
    path.unlink()
    load_saved.cache_clear()
    assert cli.main(["explain", "--model", run, "--text", "A good film, zzyzx", "--json"]) == 0
    tokens = json.loads(capsys.readouterr().out)["tokens"]
    assert [token["known"] for token in tokens] == [False, True, True, False, False]
    assert cli.main(["train", "--data", str(reviews), "--vectors", str(reviews), *quick]) == 2
    assert "reviews.csv holds no word vectors" in capsys.readouterr().err
