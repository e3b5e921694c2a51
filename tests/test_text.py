"""Tokens point back into the original text, whatever it holds, and `word` finds nearly every word in GloVe."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.datasets import demo
from sentiment_core.datasets.copies import text_hashes
from sentiment_core.embeddings import load_saved
from sentiment_core.plain_text import plain, plain_string
from sentiment_core.settings import Tokenizer
from sentiment_core.text import UNKNOWN_ID, TextEncoder, learn_vocabulary, token_strings

TOKENIZERS: list[Tokenizer] = ["unified", "word", "whitespace"]
WORDS = ["film", "the", "did", "n't", "it", "'s", ".", "great", "i", "&", "émouvant"]
ENCODERS = {kind: TextEncoder(WORDS, kind) for kind in TOKENIZERS}
# Unicode's white space; Python counts four control characters more.
WHITE_SPACE = {chr(number) for number in range(0x3001) if chr(number).isspace()} - set("\x1c\x1d\x1e\x1f")

HOSTILE = [
    "",
    " \t\n\u00a0\u2003 ",
    "\0",
    "film\0great",
    "\ud800 film \udfff",
    "\ud83d\ude00",
    "😀👨‍👩‍👧‍👦🏳️‍🌈 film",
    "סרט נהדר film فيلم رائع",
    "\u202efilm\u202c",
    "İİ didn't İt's",
    "ﬁlm ﬀ ŉ ẞ",
    "e\u0301mouvant e\u0301\u0301\u0301",
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "<br /><br/>< br><BR />",
    "[UNK] [unk] [PAD]",
    "\ufeff\u200bfilm\u200b",
    "''``...----",
    ".….-——-\x85\x96&mdash;-&hellip;.",
    "&#x110000;&#xd800;&#0;&nosuch;&amp;&ampamp;&;&#;&nvlt;&bne;",
    "㏌'t ŉ't 3.㋀ ⒈ ½ ﷽ ℃ m² ㎏ ｆｉｌｍ 𝐟𝐢𝐥𝐦 \u1112\u1161\u11ab ´ ¨",
]

# Everything that Unicode has, and a little more often what the tokenizers treat specially.
special = "n't'’“.<br/>İ \n\0-`1,:a&;#…—–\u00ad\u200b\u0301\u1161ﬁ½㋀㏌´\x85\xa0"
any_text = st.text(st.characters() | st.sampled_from(special), max_size=60)


def check_offsets(text: str, kind: Tokenizer) -> None:
    encoded = ENCODERS[kind].encode(text)
    starts, ends = encoded.starts, encoded.ends
    assert len(encoded.token_ids) == len(starts) == len(ends)
    assert np.all((starts >= 0) & (starts < ends) & (ends <= len(text)))
    assert np.all(ends[:-1] <= starts[1:])
    covered = "".join(text[start:end] for start, end in zip(starts, ends, strict=True))
    # Windows' ellipsis is where Unicode has a line break.
    assert not (WHITE_SPACE - {"\x85"} if kind == "unified" else WHITE_SPACE) & set(covered)
    if kind == "whitespace":
        assert covered == "".join(character for character in text if character not in WHITE_SPACE)


@pytest.mark.parametrize("kind", TOKENIZERS)
@given(text=any_text)
def test_offsets_lie_in_the_text_in_order_without_overlap(kind: Tokenizer, text: str) -> None:
    check_offsets(text, kind)


@pytest.mark.parametrize("kind", TOKENIZERS)
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_texts(kind: Tokenizer, text: str) -> None:
    check_offsets(text, kind)


@pytest.mark.parametrize("kind", TOKENIZERS)
@given(texts=st.lists(any_text, max_size=5))
def test_batches_hold_the_known_ids_of_each_text(kind: Tokenizer, texts: list[str]) -> None:
    rows = [row for chunk in ENCODERS[kind].encode_known(texts) for row in chunk]
    assert len(rows) == len(texts)
    for text, row in zip(texts, rows, strict=True):
        ids = ENCODERS[kind].encode(text).token_ids
        assert row.dtype == np.int32
        np.testing.assert_array_equal(row, ids[ids != UNKNOWN_ID])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I didn't like it.", ["i", "did", "n't", "like", "it", "."]),
        ("DIDN’T it’s “fine”", ["did", "n't", "it", "'s", '"', "fine", '"']),
        ("we'd they'll you're I've I'm", ["we", "'d", "they", "'ll", "you", "'re", "i", "'ve", "i", "'m"]),
        ("can't won't", ["ca", "n't", "wo", "n't"]),
        ("n't 'twas rock'n'roll", ["n't", "'", "twas", "rock", "'", "n", "'", "roll"]),
        ("Good.<br /><br />Bad<br/>end", ["good", ".", "bad", "end"]),
        ("Mr. Smith of the U.S. left...", ["mr.", "smith", "of", "the", "u.s.", "left", "..."]),
        ("10/10, 3.5 of 1,000", ["10", "/", "10", ",", "3.5", "of", "1,000"]),
        ("well-made--really", ["well", "-", "made", "--", "really"]),
        ("(b. 1965)!", ["(", "b", ".", "1965", ")", "!"]),
    ],
)
def test_word_tokens(text: str, tokens: list[str]) -> None:
    assert token_strings(text, "word") == tokens


@pytest.mark.parametrize("text", ["I didn't like it -- at all ...", 'A caf\u00e9, 3 of 5; it\'s "fine".'])
def test_what_is_plain_reads_alike_with_and_without_unifying(text: str) -> None:
    assert token_strings(text, "unified") == token_strings(text, "word")


@pytest.mark.parametrize(
    ("text", "tokens", "parts"),
    [
        ("didn&#39;t &quot;like&quot; it&hellip;", ["did", "n't", '"', "like", '"', "it", "..."], None),
        ("a&lt;br /&gt;b &amp; c", ["a", "b", "&", "c"], ["a", "b", "&amp;", "c"]),
        ("&amp;lt; &nosuch; AT&T", ["&", "lt", ";", "&", "nosuch", ";", "at", "&", "t"], None),
        ("cafe\u0301 CAFE\u0301", ["caf\u00e9"] * 2, ["cafe\u0301", "CAFE\u0301"]),
        ("\u1112\u1161\u11ab", ["\ud55c"], ["\u1112\u1161\u11ab"]),
        ("\ufb01lm o\ufb03ce", ["film", "office"], ["\ufb01lm", "o\ufb03ce"]),
        ("\uff46\uff49\uff4c\uff4d", ["film"], ["\uff46\uff49\uff4c\uff4d"]),
        ("won\u00adder\u200bful\ufeff film\u200d", ["wonderful", "film"], ["won\u00adder\u200bful", "film"]),
        ("good\u2014bad\u2026well\u2011made", ["good", "--", "bad", "...", "well", "-", "made"], None),
        ("1990\u201395", ["1990", "-", "95"], None),
        ("fine\x85 it\x92s \x93so\x94 \x96", ["fine", "...", "it", "'s", '"', "so", '"', "-"], None),
        ("it\u00b4s \u00bd 5\u00b2", ["it", "'s", "\u00bd", "52"], ["it", "\u00b4s", "\u00bd", "5\u00b2"]),
        ("film\u2122 rules\u00a0now", ["film", "rules", "now"], ["film", "rules", "now"]),
    ],
    ids=ascii,
)  # fmt: skip
def test_unified_tokens_are_one_spelling_over_the_characters_they_stand_for(
    text: str, tokens: list[str], parts: list[str] | None
) -> None:
    assert token_strings(text, "unified") == tokens
    found = TextEncoder(list(dict.fromkeys(tokens)), "unified").encode(text)
    assert found.token_ids.min() > 0 and len(found.token_ids) == len(tokens)
    covered = [text[start:end] for start, end in zip(found.starts, found.ends, strict=True)]
    assert "".join(covered) == text.replace(" ", "") if parts is None else covered == parts


@given(text=any_text)
def test_the_two_ways_to_write_a_text_plainly_agree(text: str) -> None:
    found = plain(text)
    assert found.text == plain_string(text)
    assert plain_string(plain_string(text)) == plain_string(text) or "&" in found.text
    if found.starts is not None and found.ends is not None:
        assert len(found.text) == len(found.starts) == len(found.ends)
        assert np.all(found.starts < found.ends) and np.all(np.diff(found.starts) >= 0)


def test_whitespace_tokens_are_the_notebooks() -> None:
    text = "I grew up (b. 1965)\n\tdidn't it.<br />end"
    assert token_strings(text, "whitespace") == text.lower().split()


def test_tokens_are_looked_up_in_lower_case_with_offsets_of_the_original() -> None:
    text = "The FILM didn’t"
    encoded = ENCODERS["word"].encode(text)
    assert [WORDS[index - 1] for index in encoded.token_ids] == ["the", "film", "did", "n't"]
    assert [text[start:end] for start, end in zip(encoded.starts, encoded.ends, strict=True)] == [
        "The",
        "FILM",
        "did",
        "n’t",
    ]


def test_unknown_tokens_keep_their_place_with_id_zero() -> None:
    assert ENCODERS["word"].encode("the zyzzyva film").token_ids.tolist() == [2, UNKNOWN_ID, 1]


@pytest.mark.parametrize(
    "unit",
    [
        "a.",
        "a'",
        "n't",
        "1.",
        "<br",
        "'",
        "é",
        "👍",
        "x",
        "<br />",
        "--",
        "&",
        "&#",
        "&#39;",
        "a\u0301",
        "\u0301\u0323",
        "…",
    ],
)
def test_time_grows_with_the_length_of_the_text_only(unit: str) -> None:
    text = unit * (200_000 // len(unit)) + "b9"
    started = time.process_time()
    ENCODERS["unified"].encode(text)
    text_hashes([text])
    assert time.process_time() - started < 5.0  # quadratic: minutes


def test_glove_knows_99_percent_of_the_demo_tokens() -> None:
    encoder = TextEncoder(load_saved("glove-50").words, "word")
    known = np.concatenate([encoder.encode(text).token_ids != 0 for text in demo.generate(100).texts])
    assert len(known) > 10_000
    assert known.mean() >= 0.99


def test_learned_vocabulary_is_ordered_by_frequency_and_repeatable() -> None:
    texts = ["bad bad bad film film once", "film good good [UNK] bad"]
    words = learn_vocabulary(texts, "word", min_count=2)
    assert words == ["bad", "film", "good"]
    assert learn_vocabulary(texts, "whitespace", min_count=1, max_words=2) == ["bad", "film"]
    assert learn_vocabulary([], "word") == [] and learn_vocabulary(["once"], "word") == []
