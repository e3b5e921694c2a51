"""Commands over seeds: what each setting reached, and whether a difference between two settings is real."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sentiment_core.errors import ConfigError

if TYPE_CHECKING:
    from sentiment_core.findings.seed_groups import SeedGroup
    from sentiment_core.store import Run, Store

MOST_RUNS = 2_000


def seeds(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.findings.seed_groups import described
    from sentiment_core.store import Store

    with Store() as store:
        runs = [store.run(name) for name in options.run_id] if options.run_id else newest(store)
    groups, lines = grouped(runs)
    return [described(group) for group in groups], "\n".join(lines) or "Nothing has been trained yet."


def compare(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.findings.seed_groups import group_by_seed, setting_of
    from sentiment_core.store import Store

    if len(options.run_id) < 2:
        raise ConfigError("name at least two runs, one of each setting; `seeds` lists those there are")
    with Store() as store:
        named = [store.run(name) for name in options.run_id]
        known = newest(store)
    if len({setting_of(run) for run in named}) < len(named):
        raise ConfigError("these runs have the same settings but for names and seed; name runs that differ in more")
    groups = [group_by_seed([run, *(one for one in known if setting_of(one) == setting_of(run))])[0] for run in named]
    documents, lines = compared(groups)
    return documents, "\n".join(lines)


def newest(store: Store) -> list[Run]:
    """Return the runs of the store, newest experiment first, `MOST_RUNS` at most."""
    from sentiment_core.store import Search

    return [run for _, run in store.search_runs(Search(), MOST_RUNS)]


def grouped(runs: Sequence[Run]) -> tuple[list[SeedGroup], list[str]]:
    """Return runs grouped by everything but their seed, and a line about each group."""
    from sentiment_core.findings.seed_groups import group_by_seed, mean_in_words

    groups = group_by_seed(runs)
    return groups, [
        f"{group.name}: validation {mean_in_words(group.validation)}, test {mean_in_words(group.test)}, "
        f"seeds {', '.join(str(run.config.seed) for run in group.runs)} ({group.runs[0].id})"
        for group in groups
    ]


def compared(groups: Sequence[SeedGroup]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return how each group compares with the first, as documents and in words."""
    from sentiment_core.findings.real import in_words, is_it_real

    found = [is_it_real(groups[0], other, comparisons=len(groups) - 1) for other in groups[1:]]
    return [each.document() for each in found], [in_words(each) for each in found]
