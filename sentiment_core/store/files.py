"""Which files a bucket holds, where several machines share one: `sentiment_core.bucket` keeps and finds them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select, text, update

from sentiment_core.artifacts import home
from sentiment_core.bucket import KeptFile, is_set, opened, place_of, use_index
from sentiment_core.errors import StoreError
from sentiment_core.filesystem import ADDRESS
from sentiment_core.store.experiments import Experiments
from sentiment_core.store.rows import upsert
from sentiment_core.store.schema import kept_files

SERVERS_NAME = """SELECT system_identifier || '/' || oid FROM pg_control_system(), pg_database
WHERE datname = current_database()"""
MOST_PLACES = 1_000  # in one query; databases have their limits


class Files(Experiments):
    """The part of the store that is the bucket's `Index`."""

    def __init__(self, url: str | None = None) -> None:
        """As `Database`; the bucket, where there is one, asks this store from now on."""
        super().__init__(url)
        use_index(self)

    @property
    def token(self) -> str:
        """What no other store is called; a copy of this one is."""
        return str(self._token)

    @property
    def database(self) -> str:
        """What names the database, and no copy of it: of SQLite its file, else PostgreSQL's system and number.

        A replica that takes over from its PostgreSQL server has its name. Raises `StoreError`.
        """
        if self._is_sqlite:
            return f"{self.mark} {os.stat(str(self._url.database)).st_ino}"
        with self._read() as connection:
            return str(connection.scalar(text(SERVERS_NAME)))

    def check_bucket(self) -> None:
        """Raise `StoreError` where work cannot keep its files: without this store's bucket, and in a copy of it."""
        if (shared := opened(home())) is not None:
            shared.check()
        elif not is_set():
            with self._read() as connection:
                if connection.execute(select(kept_files.c.place).limit(1)).first() is not None:
                    raise StoreError(f"The files of this store lie in a bucket: set {ADDRESS} on this machine, too.")

    def kept_files(self, places: Iterable[str] | None = None) -> dict[str, KeptFile]:
        """Return the files in these places, `ROOM/PLACE`, by default in all, by their names."""
        query = select(kept_files)
        wanted = None if places is None else sorted(places)
        queries = (
            [query]
            if wanted is None
            else [
                query.where(kept_files.c.place.in_(wanted[start : start + MOST_PLACES]))
                for start in range(0, len(wanted), MOST_PLACES)
            ]
        )
        with self._read() as connection:
            rows = [row for each in queries for row in connection.execute(each)]
        return {_name(row.place, row.name): KeptFile(row.size, row.version, row.used_at) for row in rows}

    def keep_files(self, files: Mapping[str, KeptFile], name: str) -> dict[str, KeptFile]:
        """Have `files` be all there is at and below `name`, at once; return what they replace."""
        place = place_of(name)
        own = kept_files.c.place == place
        with self._write() as connection:
            rows = connection.execute(select(kept_files).where(own).with_for_update()).all()
            there = {_name(row.place, row.name): KeptFile(row.size, row.version, row.used_at) for row in rows}
            replaced = {each: kept for each, kept in there.items() if f"{each}/".startswith(f"{name}/")}
            gone = [_rest(each, place) for each in replaced.keys() - files.keys()]
            connection.execute(delete(kept_files).where(own & kept_files.c.name.in_(gone)))
            upsert(
                connection,
                kept_files,
                [
                    {
                        "place": place,
                        "name": _rest(each, place),
                        "size": kept.size,
                        "version": kept.version,
                        "used_at": kept.used_at,
                    }
                    for each, kept in sorted(files.items())  # two writers take their rows in one order
                ],
            )
        return replaced

    def use_files(self, place: str, moment: float) -> None:
        """Note that somebody has used what is in a place, at `moment` (Unix seconds)."""
        with self._write() as connection:
            connection.execute(update(kept_files).where(kept_files.c.place == place).values(used_at=moment))


def _rest(name: str, place: str) -> str:
    return name.removeprefix(place).removeprefix("/")


def _name(place: str, rest: str) -> str:
    return f"{place}/{rest}" if rest else place
