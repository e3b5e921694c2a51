"""Before a page touches reviews they are read once: small ones here, all others by a job that somebody starts."""

from __future__ import annotations

from typing import get_args

from sentiment_core.artifacts import home
from sentiment_core.data_view.job import REVIEWS, ReadingQuestion, ReviewCounts, arguments_for, run
from sentiment_core.errors import DataError
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig, Tokenizer
from sentiment_core.sources import SOURCES
from ui.kit.job_panel import job_panel
from ui.kit.kept import kept
from ui.server.backend import desk

# What a page keeps in the server's memory; a training has a process of its own and reads more.
MOST_CHARACTERS = 150_000_000
HINT = "Some seconds for 40,000 reviews. It is done once, and goes on when you close the page."


def read_first(
    data: DataConfig, *, labelled: bool = True, tokens: tuple[Tokenizer, ...] = (), shown: bool = True
) -> ReviewCounts | None:
    """Return the counts of reviews that have been read once; while they have not, draw that job and return None.

    `tokens`: the tokenizers that shall have split them by then; each takes longer than the reading. `shown`: the page
    will load them itself. Raises `DataError` for unusable ones, and for too many to be shown.
    """
    counts: ReviewCounts | None
    if SOURCES[data.source].is_quick(data):
        counts = _read_here(str(home()), arguments_for(data, labelled=labelled, tokens=tokens))
    else:
        question = arguments_for(data, labelled=labelled, tokens=tokens)
        every = arguments_for(data, labelled=labelled, tokens=get_args(Tokenizer))
        if tokens and desk().look(REVIEWS, every).result is not None:
            question = every
        counts = job_panel(REVIEWS, question, start_label="Read the reviews", time_hint=HINT)
    if counts is not None and shown and counts.characters > MOST_CHARACTERS:
        raise DataError(
            f"these {counts.reviews:,} reviews have {counts.characters / 1e6:,.0f} million characters; "
            f"a page can show {MOST_CHARACTERS / 1e6:,.0f} million. Training reads them all; "
            "give this page a part of the file."
        )
    return counts


@kept(max_entries=32, show_spinner="Reading the reviews")
def _read_here(home_folder: str, question: ReadingQuestion) -> ReviewCounts:
    return run(question, silent)
