"""WordPiece: a vocabulary of word pieces learned from reviews, so that no word is unknown.

Frequent words are one piece, rare ones several; a piece that continues a word begins with `##` (Wu et al. 2016,
"Google's Neural Machine Translation System"; Devlin et al. 2019, "BERT").
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.trainers import WordPieceTrainer

from sentiment_core.artifacts import folder, written
from sentiment_core.errors import CheckpointError, DataError, StoreError
from sentiment_core.text import TokenizedText, is_word, sanitise

PAD, UNKNOWN, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
# In the order of their ids, from 0.
SPECIAL = (PAD, UNKNOWN, CLS, SEP, MASK)
PAD_ID, UNKNOWN_ID, CLS_ID, SEP_ID, MASK_ID = range(len(SPECIAL))
_NEVER_WRITTEN = (PAD_ID, CLS_ID, SEP_ID)
CONTINUES = "##"
# Part of every cache key: raise it when a change below changes the pieces of any text.
WORDPIECE_VERSION = 1

LONGEST_WORD = 100  # words of more characters are unknown
_LETTERS = 200  # different characters that may be pieces of their own; words with others are unknown
_CHUNK = 2_000
_BREAK = re.compile(r"<br\s*/?>", re.I)
_PLAIN = str.maketrans("’‘“”", "''\"\"")
_END = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"')\]]))(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)\s+|<br\s*/?>", re.I)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Piece:
    """A piece of a text: its id, how it is written, and its characters `start` to `end` of the text."""

    id: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class WordPieces:
    """A vocabulary: `text` is the JSON of `tokenizers`, from which the same one can be made again."""

    text: str

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return Tokenizer.from_str(self.text)

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The pieces `(V,)` in the order of their ids; the special ones come first."""
        known = self._tokenizer.get_vocab(with_added_tokens=True)
        return tuple(sorted(known, key=known.__getitem__))

    def __len__(self) -> int:
        return len(self.vocabulary)

    @cached_property
    def begins_word(self) -> np.ndarray:
        """Whether each piece `(V,)` begins a word."""
        return np.array([not piece.startswith(CONTINUES) for piece in self.vocabulary])

    def pieces(self, text: str) -> list[Piece]:
        """Return the pieces of a text; `[MASK]` in it is the special piece."""
        tokenizer = self._tokenizer
        tokenizer.encode_special_tokens = False
        found = tokenizer.encode(_cleaned(text), add_special_tokens=False)
        pieces = zip(found.ids, found.tokens, found.offsets, strict=True)
        # Other special pieces are no part of a text: what looks like one is read as a word that is not known.
        return [
            Piece(UNKNOWN_ID, UNKNOWN, *span) if piece in _NEVER_WRITTEN else Piece(piece, written, *span)
            for piece, written, span in pieces
        ]

    def with_offsets(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids `(T,)` that `encode` gives a text, and where each piece starts and ends in it `(T, 2)`."""
        tokenizer = self._tokenizer
        tokenizer.encode_special_tokens = True
        found = tokenizer.encode(_cleaned(text), add_special_tokens=False)
        return np.asarray(found.ids, dtype=np.int32), np.asarray(found.offsets, dtype=np.int64).reshape(-1, 2)

    def encode(self, texts: Sequence[str]) -> Iterator[list[np.ndarray]]:
        """Yield chunks of the texts' piece ids `(T,)` int32, without special pieces but the unknown one."""
        tokenizer = self._tokenizer
        # A review that speaks of [MASK] means the word.
        tokenizer.encode_special_tokens = True
        for start in range(0, len(texts), _CHUNK):
            chunk = [_cleaned(text) for text in texts[start : start + _CHUNK]]
            found = tokenizer.encode_batch_fast(chunk, add_special_tokens=False)
            yield [np.asarray(encoding.ids, dtype=np.int32) for encoding in found]


class PieceEncoder:
    """Turns texts into the ids of word pieces, as `text.TextEncoder` does into those of words.

    Id 0 is what no piece can write, such as a letter of another script. What looks like a special piece is a word.
    """

    def __init__(self, pieces: WordPieces) -> None:
        self.pieces = pieces

    def encode(self, text: str) -> TokenizedText:
        """Split one text, with what no piece can write."""
        token_ids, offsets = self.pieces.with_offsets(text)
        return TokenizedText(_known(token_ids).astype(np.int64), offsets[:, 0], offsets[:, 1])

    @cached_property
    def is_word(self) -> np.ndarray:
        """Which ids `(V,)` bool stand for words, parts of words and numbers rather than for punctuation; not id 0."""
        found = np.array([is_word(piece) for piece in self.pieces.vocabulary])
        found[: len(SPECIAL)] = False
        return found

    def encode_known(self, texts: Sequence[str]) -> Iterator[list[np.ndarray]]:
        """Yield chunks of per-text ids `(T,)` int32, without those that are 0."""
        for chunk in self.encode_ids(texts):
            yield [row[row != PAD_ID] for row in chunk]

    def encode_ids(self, texts: Sequence[str]) -> Iterator[list[np.ndarray]]:
        """Yield chunks of per-text ids `(T,)` int32."""
        for chunk in self.pieces.encode(texts):
            yield [_known(row) for row in chunk]


def _known(token_ids: np.ndarray) -> np.ndarray:
    return np.where(token_ids == UNKNOWN_ID, PAD_ID, token_ids).astype(token_ids.dtype)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text: what ends in a full stop, exclamation or question mark, or at a line break."""
    return [part for found in _END.split(text) if (part := found.strip())]


def learn_wordpieces(texts: Sequence[str], size: int, reviews_key: str) -> WordPieces:
    """Return a vocabulary of about `size` pieces learned from `texts`, from the cache when it was learned before.

    `reviews_key` identifies the texts. It has fewer pieces where the texts have no more, and more only where `size` is
    less than their letters. Raises `DataError` when they hold no word.
    """
    recipe = hashlib.blake2b(f"{reviews_key}|{size}|{WORDPIECE_VERSION}".encode(), digest_size=12).hexdigest()
    path = folder("corpora") / f"{recipe}.wordpieces.json"
    with suppress(OSError, CheckpointError):
        return read_wordpieces(path.read_text(encoding="utf-8"))
    letters = _letters(texts)
    if not letters:
        raise DataError("no word occurs in the training reviews; check the text column")
    # Left to itself, the library numbers letters within words in the order of a hash table, and breaks ties by number.
    within = [CONTINUES + letter for letter in letters]
    trainer = WordPieceTrainer(
        vocab_size=size,
        min_frequency=2,
        initial_alphabet=letters,
        limit_alphabet=len(letters),
        special_tokens=[*SPECIAL, *within],
        continuing_subword_prefix=CONTINUES,
        show_progress=False,
    )
    learner = _tokenizer({})
    learner.train_from_iterator((_cleaned(text) for text in texts), trainer)
    made = WordPieces(_tokenizer(learner.get_vocab(with_added_tokens=True)).to_str())
    with suppress(StoreError), written(path) as temporary:
        temporary.write_text(made.text, encoding="utf-8")
    return made


def _tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    made = Tokenizer(
        WordPiece(
            vocabulary,
            unk_token=UNKNOWN,
            continuing_subword_prefix=CONTINUES,
            max_input_chars_per_word=LONGEST_WORD,
        )
    )
    made.normalizer = BertNormalizer(lowercase=True)
    made.pre_tokenizer = BertPreTokenizer()
    made.add_special_tokens([special for special in SPECIAL if special in vocabulary])
    return made


def _letters(texts: Sequence[str]) -> list[str]:
    """Return the most frequent characters of `texts` as the vocabulary writes them, in alphabetical order."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    normalizer, found = BertNormalizer(lowercase=True), Counter[str]()
    for character, count in counts.items():
        for letter in normalizer.normalize_str(_cleaned(character)):
            if not letter.isspace():
                found[letter] += count
    return sorted(sorted(found, key=lambda letter: (-found[letter], letter))[:_LETTERS])


def _cleaned(text: str) -> str:
    """Return a text without line breaks of web pages and typographic quotes; as long as it was."""
    return _BREAK.sub(lambda found: " " * len(found[0]), sanitise(text)).translate(_PLAIN)


def cleaning_rules() -> dict[str, Any]:
    """Return in JSON's types what `_cleaned` does: what breaks lines, and what is replaced by what."""
    return {"break": _BREAK.pattern, "replace": [[chr(sign), plain] for sign, plain in _PLAIN.items()]}


def wordpieces_of(vocabulary: Sequence[str]) -> WordPieces:
    """Return the vocabulary of these pieces, in the order of their ids; raise `CheckpointError` where it cannot be."""
    if tuple(vocabulary[: len(SPECIAL)]) != SPECIAL or len(set(vocabulary)) < len(vocabulary):
        raise CheckpointError("the word pieces are another program's; train the model again")
    return WordPieces(_tokenizer({piece: place for place, piece in enumerate(vocabulary)}).to_str())


def read_wordpieces(text: str) -> WordPieces:
    """Return the vocabulary that `WordPieces.text` describes; raise `CheckpointError` for anything else."""
    try:
        json.loads(text)
        made = WordPieces(text)
        whole = made.vocabulary[: len(SPECIAL)] == SPECIAL
    except Exception as error:  # the library fails with bare exceptions
        raise CheckpointError("the word pieces are damaged; train the model again") from error
    if not whole:
        raise CheckpointError("the word pieces are another program's; train the model again")
    return made
