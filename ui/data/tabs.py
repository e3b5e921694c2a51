"""The Data page's tabs about the data set as a whole: overview, coverage, padding, words."""

from __future__ import annotations

import re

import streamlit as st

from sentiment_core.config import choices, field_info
from sentiment_core.corpus import tells_languages
from sentiment_core.data_view.batch_image import batch_images
from sentiment_core.data_view.neighbours import nearest, project
from sentiment_core.data_view.statistics import (
    balances,
    coverage,
    frequent_unknown,
    length_histogram,
    truncation,
)
from sentiment_core.datasets import TRAIN
from sentiment_core.errors import ConfigError
from sentiment_core.excerpt import part_read
from sentiment_core.number_words import percent
from sentiment_core.remarks import VECTORS, about_words
from sentiment_core.setting_words import say
from sentiment_core.settings import DataConfig
from ui.addresses import BATCH_SIZES, DATA
from ui.data.figures import balance_figure, batch_figure, length_figure, words_figure
from ui.data.source import (
    known_by,
    learnable_words,
    named,
    remarks_of,
    reviews_of,
    space_of,
    tokenized_of,
    vectors,
    vocabularies,
)
from ui.kit.notices import errors_shown, literal
from ui.kit.plot import plot
from ui.kit.terms import caption
from ui.kit.uploads import in_users_words

LEARNED = "the reviews' own words"
MOST_WORDS = 60


def overview(config: DataConfig) -> None:
    """Draw class balance and lengths."""
    reviews = reviews_of(config)
    known = known_by(config, DATA.value("tokenizer"), vectors())
    longest = DATA.value("max_tokens")
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        if reviews.are_labelled:
            st.markdown(f"**{len(reviews):,} reviews**, {percent(reviews.labels.mean(), 1)} of them positive")
            plot(balance_figure(balances(reviews)), key="data:balance")
        else:
            st.markdown(f"**{len(reviews):,} reviews** without labels")
            st.caption(
                "To learn from them takes a label each. If a column holds them, name it under *How the file is read*."
            )
    with right:
        lost = truncation(known.lengths, longest)
        st.markdown(
            f"Read: {part_read(longest, DATA.value('keep'))} tokens. **{percent(lost.reviews_cut, 1)}** of the reviews "
            f"are shortened, **{percent(lost.tokens_lost, 1)}** of all tokens are lost"
        )
        edges, whole, cut = length_histogram(known.lengths, longest)
        plot(length_figure(edges, whole, cut, longest), key="data:lengths")
    _longest()
    st.caption(
        f"Lengths count the tokens that the vectors know, {known.lengths.mean():.0f} a review on average; "
        "a model sees no others."
    )
    for warning in (*reviews.warnings, *remarks_of(config)):
        st.caption(literal(in_users_words(warning, config.path or "")))
    odd = known.unknown if tells_languages(DATA.value("tokenizer"), vectors()) else None
    for warning in about_words(known.spelled, odd, VECTORS):
        st.warning(literal(warning), icon=":material/translate:")


def coverage_table(config: DataConfig) -> None:
    """Draw what each vocabulary knows of each tokenizer's tokens, and the most frequent unknown ones."""
    reviews_of(config)
    rows = []
    for tokenizer in choices("data.tokenizer"):
        tokenized = tokenized_of(config, tokenizer)
        known = {name: known_by(config, tokenizer, name).words for name in vocabularies()}
        known[LEARNED] = learnable_words(config, tokenizer)
        for name, words in known.items():
            found = coverage(tokenized, words)
            rows.append(
                {
                    "Tokenizer": say("data.tokenizer", tokenizer),
                    "Vocabulary": named(name),
                    "Known tokens": percent(found.known_share, 2),
                    "Tokens": f"{found.tokens:,}",
                    "Different words": f"{found.words:,}",
                    "Known words": percent(found.known_words_share, 1),
                }
            )
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        st.dataframe(rows, hide_index=True)
        st.caption(
            f"{LEARNED.capitalize()}: those that occur twice in the training part, which word2vec and random vectors "
            "are made for. An unknown token is dropped; the model never learns that it was there."
        )
    with right:
        tokenized = tokenized_of(config, DATA.value("tokenizer"))
        unknown = frequent_unknown(tokenized, known_by(config, DATA.value("tokenizer"), vectors()).words)
        st.markdown(f"**Most frequent tokens unknown to {named(vectors())}**")
        if unknown:
            st.dataframe([{"Token": word, "Times": count} for word, count in unknown], hide_index=True, height=285)
        else:
            st.caption("It knows every token of these reviews.")


def padding(config: DataConfig) -> None:
    """Draw a random batch beside a bucketed one."""
    reviews = reviews_of(config)
    known = known_by(config, DATA.value("tokenizer"), vectors())
    lengths = known.lengths.clip(max=DATA.value("max_tokens"))
    first, second, third = st.columns([1, 1, 1], vertical_alignment="bottom")
    first.selectbox("Reviews in a batch", BATCH_SIZES, key=DATA.key("batch_size"))
    with second:
        _longest()
    third.button("Next batch", icon=":material/skip_next:", on_click=_next_batch)
    members = reviews.select(TRAIN)
    names = {"random": "Random", "bucketed": "Bucketed: similar lengths together"}
    images = {
        kind: batch_images(members, lengths, DATA.value("batch_size"), kind, DATA.value("batch") - 1)  # type: ignore[arg-type]
        for kind in names
    }
    steps = max(image.real.shape[1] for image in images.values())
    columns = st.columns(2, gap="medium")
    for column, (kind, image) in zip(columns, images.items(), strict=True):
        with column:
            st.markdown(f"**{names[kind]}**: {percent(image.share, 1)} of this batch is padding")
            plot(batch_figure(image.real, steps), key=f"data:batch:{kind}")
            caption(f"Over the whole epoch: {percent(image.epoch_share, 1)} padding.")
    if cut := int((known.lengths > DATA.value("max_tokens")).sum()):
        part = part_read(DATA.value("max_tokens"), DATA.value("keep"))
        caption(f"{cut:,} of the {len(reviews):,} reviews are longer: of those count {part} tokens.")
    saved = 1 - (1 - images["random"].epoch_share) / (1 - images["bucketed"].epoch_share)
    caption(
        f"Batch {DATA.value('batch'):,}. Blue: tokens; grey: zeros that are computed all the same. Bucketing saves "
        f"{saved:.0%} of an epoch's time steps on these reviews."
    )


def words(config: DataConfig) -> None:
    """Draw the neighbours of a word, and chosen words on a plane."""
    space = space_of(vectors())
    left, right = st.columns([1, 1.6], gap="large")
    with left:
        st.text_input("Word", key=DATA.key("word"), max_chars=100)
        with errors_shown():
            found = nearest(space, DATA.value("word"))
            st.dataframe(
                [{"Nearest": word, "Cosine": cosine} for word, cosine in found],
                hide_index=True,
                height=390,
                column_config={"Cosine": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f")},
            )
    with right:
        st.text_input("Words on a plane", key=DATA.key("words"), max_chars=1000)
        with errors_shown():
            chosen = list(dict.fromkeys(word.lower() for word in re.split(r"[,\s]+", DATA.value("words")) if word))
            if len(chosen) > MOST_WORDS:
                raise ConfigError(f"choose at most {MOST_WORDS} words (got {len(chosen)}); more cannot be read")
            places, share = project(space, chosen)
            plot(words_figure(chosen, places), key="data:words-figure")
            st.caption(
                f"The plane on which these words differ most; it shows {share:.0%} of their variance, "
                "so words that lie together may still be apart."
            )


def _longest() -> None:
    left, right = st.columns([1, 1.2], vertical_alignment="bottom")
    left.number_input("Longest review", 1, 10_000, step=50, key=DATA.key("max_tokens"), help="In known tokens.")
    right.selectbox(
        str(field_info("data.keep").title),
        choices("data.keep"),
        key=DATA.key("keep"),
        format_func=lambda name: say("data.keep", name),
    )


def _next_batch() -> None:
    DATA.put(batch=DATA.value("batch") + 1)
