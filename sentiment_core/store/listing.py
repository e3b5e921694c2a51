"""Runs searched, counted and summarised by the database, however many there are."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from sentiment_core.metrics import Status
from sentiment_core.store.experiments import Experiments
from sentiment_core.store.records import Experiment, Run
from sentiment_core.store.schema import experiments, runs


@dataclass(frozen=True, slots=True)
class Search:
    """Which runs are wanted; the empty search wants all.

    Of each of `words` one alternative must occur: in a name or an id, or at the start of a setting's value. `cell=gru`
    asks for the value of one setting. A store that acts for a student finds theirs alone, and what is `linked`.
    """

    words: tuple[tuple[str, ...], ...] = ()
    status: Status | None = None
    source: str | None = None  # data.source
    linked: tuple[str, ...] = ()  # run ids from a link: of theirs, others' are found too


class Listing(Experiments):
    """The part of the store that lists runs."""

    def search_runs(self, search: Search, limit: int, offset: int = 0) -> list[tuple[Experiment, Run]]:
        """Return runs with their experiments, newest experiment first; unreadable ones are left out."""
        query = self._matching(search, runs.c.id).order_by(*_ORDER).limit(limit).offset(offset)
        with self._read() as connection:
            ids: list[str] = list(connection.scalars(query))
        of_these = select(runs.c.experiment_id).where(runs.c.id.in_(ids))
        found = {run.id: (each, run) for each in self._find(experiments.c.id.in_(of_these)) for run in each.runs}
        return [found[identifier] for identifier in ids if identifier in found]

    def count_runs(self, search: Search) -> int:
        """Return how many runs a search finds."""
        with self._read() as connection:
            return int(connection.execute(self._matching(search, func.count())).scalar_one())

    def run_place(self, run_id: str, search: Search) -> int | None:
        """Return the place (from 0) of a run among those found; None when it is not among them."""
        with self._read() as connection:
            own = connection.execute(
                self._matching(search, experiments.c.created_at, runs.c.experiment_id, runs.c.position).where(
                    runs.c.id == run_id
                )
            ).first()
            if own is None:
                return None
            same_moment = experiments.c.created_at == own.created_at
            before = or_(
                experiments.c.created_at > own.created_at,
                same_moment & (experiments.c.id < own.experiment_id),
                same_moment & (experiments.c.id == own.experiment_id) & (runs.c.position < own.position),
            )
            return int(connection.execute(self._matching(search, func.count()).where(before)).scalar_one())

    def _matching(self, search: Search, *columns: ColumnElement[Any]) -> Select[Any]:
        theirs = [or_(*self._listed(), runs.c.id.in_(search.linked))] if self._listed() else []
        return _found(search, *columns).where(and_(True, *theirs))


_ORDER = (experiments.c.created_at.desc(), experiments.c.id, runs.c.position)


def _found(search: Search, *columns: ColumnElement[Any]) -> Select[Any]:
    query = select(*columns).select_from(runs.join(experiments, experiments.c.id == runs.c.experiment_id))
    conditions = [or_(*(_occurs(word) for word in alternatives)) for alternatives in search.words if alternatives]
    if search.status is not None:
        conditions.append(runs.c.status == search.status)
    if search.source is not None:
        conditions.append(_setting("source", search.source))
    return query.where(and_(True, *conditions))


def _occurs(word: str) -> ColumnElement[bool]:
    field, separator, value = word.partition("=")
    if separator and field and value:
        return _setting(field.rpartition(".")[2], value)
    named = [experiments.c.name, runs.c.name, runs.c.id]
    # Values follow a colon or a bracket; field names do neither, or "clipping" would find every run.
    starts = [f':"{_plain(word)}', f'["{_plain(word)}'] if _plain(word) else []
    return or_(*(column.icontains(word, autoescape=True) for column in named), *map(_in_config, starts))


def _setting(field: str, value: str) -> ColumnElement[bool]:
    written = {_plain(value)}
    with suppress(ValueError):
        # 1e-3 is 0.001 in the stored text, 1 is 1 or 1.0, and so on.
        written |= {json.dumps(float(value)), json.dumps(int(float(value)) if float(value).is_integer() else value)}
    texts = [f'"{_plain(field)}":"{_plain(value)}', f'"{_plain(field)}":["{_plain(value)}']
    return or_(
        *(_in_config(f'"{_plain(field)}":{form}{end}') for form in written for end in ",}"), *map(_in_config, texts)
    )


def _in_config(text: str) -> ColumnElement[bool]:
    return runs.c.config.icontains(text, autoescape=True)


def _plain(text: str) -> str:
    return text.replace('"', "").replace("\\", "")
