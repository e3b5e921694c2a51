"""Text to tokens: three tokenizers, all lower-casing, all with character offsets into the original text.

`whitespace` is the course notebook's: split on white space, nothing else. `word` follows the conventions GloVe was
trained with (Stanford tokenizer): punctuation on its own, contractions split as `did n't` and `it 's`, `<br />` is
white space. `unified` does the same to a text that was written one way first (`plain_text`). A model keeps the
tokenizer that it was trained with: what changes the tokens of any text is a tokenizer of another name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel
from tokenizers.trainers import WordLevelTrainer

from sentiment_core.plain_text import PlainText, plain, plain_string
from sentiment_core.settings import Tokenizer as TokenizerName

# Part of every cache key: raise it when what is cached of a text changes although its tokenizer keeps its name.
TOKENIZER_VERSION = 2

UNKNOWN = "[UNK]"
UNKNOWN_ID = 0

# Initials end after eight letters: without a bound, a text of nothing but "a.a.a.…" would take quadratic time.
_ABBREVIATION = r"(?:mr|mrs|ms|dr|st|jr|sr|vs|etc|prof|[a-z](?:\.[a-z]){1,7})\.(?!\w)"
_LETTER = r"[\p{L}\p{M}\p{N}_]"
_WORD_PATTERN = "|".join(
    [
        _ABBREVIATION,
        rf"{_LETTER}+?(?=n't(?!{_LETTER}))",
        rf"n't(?!{_LETTER})",
        rf"'(?:s|m|d|ll|re|ve)(?!{_LETTER})",
        r"\d+(?:[.,:]\d+)+",
        rf"{_LETTER}+",
        r"\.\.\.|--|``|''",
        r"[^\s]",
    ]
)
_BREAK = r"<br\s*/?>"
# Typographic apostrophes and quotes stand for the plain ones that GloVe knows.
_QUOTES = (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'))
_CHUNK = 2_000


@dataclass(frozen=True)
class TokenizedText:
    """One text: ids `(T,)` (0 for words without a vector) and character offsets `(T,)` into the original text."""

    token_ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


def _pipeline(tokenizer: TokenizerName) -> tuple[normalizers.Normalizer, pre_tokenizers.PreTokenizer]:
    if tokenizer == "whitespace":
        return normalizers.Lowercase(), pre_tokenizers.WhitespaceSplit()
    normalizer: normalizers.Normalizer = normalizers.Lowercase()
    if tokenizer == "word":
        normalizer = normalizers.Sequence([normalizers.Replace(*pair) for pair in _QUOTES] + [normalizer])
    splits = [
        pre_tokenizers.Split(Regex(_BREAK), behavior="removed"),
        pre_tokenizers.Split(Regex(_WORD_PATTERN), behavior="removed", invert=True),
    ]
    return normalizer, pre_tokenizers.Sequence(splits)


def rules_of(tokenizer: TokenizerName) -> dict[str, Any]:
    """Return a tokenizer as data, for a model that leaves: what a text is before it is lower-cased, then split.

    `plain`: written one way first (`plain_string`); `replace`: pairs of signs; `break`: what separates pieces; `token`:
    what a token is within a piece.
    """
    if tokenizer == "whitespace":
        # Unicode's white space, which is less than Python's.
        token = "[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
        return {"plain": False, "replace": [], "break": r"(?!)", "token": token}
    pairs = [list(pair) for pair in _QUOTES] if tokenizer == "word" else []
    return {"plain": tokenizer == "unified", "replace": pairs, "break": _BREAK, "token": _WORD_PATTERN}


def sanitise(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 library accepts, by `?`; lengths stay as they are."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _prepared(text: str, tokenizer: TokenizerName) -> str:
    """Return what of a text the pipeline gets to see."""
    text = sanitise(text)
    return plain_string(text) if tokenizer == "unified" else text


class TextEncoder:
    """Turns texts into ids of `words`: id `i + 1` is `words[i]`, id 0 is any other token."""

    def __init__(self, words: Sequence[str], tokenizer: TokenizerName) -> None:
        vocabulary = {word: index for index, word in enumerate(words, start=1)}
        vocabulary[UNKNOWN] = UNKNOWN_ID
        self._name: TokenizerName = tokenizer
        self._tokenizer = Tokenizer(WordLevel(vocabulary, unk_token=UNKNOWN))
        self._tokenizer.normalizer, self._tokenizer.pre_tokenizer = _pipeline(tokenizer)

    def encode(self, text: str) -> TokenizedText:
        """Tokenize one text, unknown tokens included."""
        found = plain(sanitise(text)) if self._name == "unified" else PlainText(sanitise(text))
        encoding = self._tokenizer.encode(found.text, add_special_tokens=False)
        offsets = np.asarray(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        starts, ends = offsets[:, 0], offsets[:, 1]
        if found.starts is not None and found.ends is not None:
            starts, ends = found.starts[starts], found.ends[ends - 1]
        return TokenizedText(np.asarray(encoding.ids, dtype=np.int64), starts, ends)

    @cached_property
    def is_word(self) -> np.ndarray:
        """Which ids `(V + 1,)` bool stand for words and numbers rather than for punctuation; not id 0."""
        ids = self._tokenizer.get_vocab()
        found = np.zeros(len(ids), dtype=bool)
        found[[place for word, place in ids.items() if is_word(word)]] = True
        found[UNKNOWN_ID] = False
        return found

    def encode_known(self, texts: Sequence[str]) -> Iterator[list[np.ndarray]]:
        """Yield chunks of per-text ids `(T,)` int32, unknown tokens dropped."""
        for chunk in self.encode_ids(texts):
            yield [row[row != UNKNOWN_ID] for row in chunk]

    def encode_ids(self, texts: Sequence[str]) -> Iterator[list[np.ndarray]]:
        """Yield chunks of per-text ids `(T,)` int32, unknown tokens included."""
        for start in range(0, len(texts), _CHUNK):
            chunk = [_prepared(text, self._name) for text in texts[start : start + _CHUNK]]
            encodings = self._tokenizer.encode_batch_fast(chunk, add_special_tokens=False)
            yield [np.asarray(encoding.ids, dtype=np.int32) for encoding in encodings]


def is_word(token: str) -> bool:
    """Return whether a token is a word, a part of one or a number rather than punctuation, which many scripts share."""
    return any(map(str.isalnum, token))


def token_strings(text: str, tokenizer: TokenizerName) -> list[str]:
    """Return the tokens of one text as the vocabulary would spell them (lower case)."""
    normalizer, pre_tokenizer = _pipeline(tokenizer)
    prepared = _prepared(text, tokenizer)
    return [token for token, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(prepared))]


def learn_vocabulary(
    texts: Sequence[str], tokenizer: TokenizerName, min_count: int = 2, max_words: int = 100_000
) -> list[str]:
    """Return the words that occur at least `min_count` times in `texts`, most frequent first."""
    learner = Tokenizer(WordLevel(unk_token=UNKNOWN))
    learner.normalizer, learner.pre_tokenizer = _pipeline(tokenizer)
    trainer = WordLevelTrainer(
        vocab_size=max_words + 1, min_frequency=min_count, special_tokens=[UNKNOWN], show_progress=False
    )
    learner.train_from_iterator((_prepared(text, tokenizer) for text in texts), trainer)
    ids = {index: word for word, index in learner.get_vocab().items()}
    return [ids[index] for index in range(1, len(ids))]
