"""Where reviews can come from: what pages, links and the command line say about each source, and how to ask it.

A source is an entry here and a module. The module must have

    load(data, progress) -> RawReviews      every review, before limit and split

and may have, where the answer is not the usual one,

    check_here(data) -> None                raise `DataError` when they would have to be fetched first, or are gone
    is_quick(data) -> bool                  whether a page may load them by itself: a fraction of a second
    stamp(data) -> tuple[int, ...] | None   changes when the same settings mean other reviews
    characters(data) -> int                 about how many there are to hold in memory, without reading them
    recipe(data) -> str | None              names everything that `load` depends on, contents included, where loading
                                            takes long; None while that cannot be told. Such reviews have no evidence

Modules are imported when they are asked: a page that shows demo reviews has no use for Parquet or for HTTP, and the
settings, which name the sources, are read before anything is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentiment_core.datasets.base import RawReviews
    from sentiment_core.settings import DataConfig

# IMDb's mean.
CHARACTERS_A_REVIEW = 1_300


@dataclass(frozen=True)
class Source:
    """One place that reviews come from.

    `label`: in forms; `short`: in narrow lists; `kind`: within a sentence. `module`: the module to ask. `fields`: the
    settings of `data` that only this source reads, `needs` those it cannot do without. `splits`: which values of
    `data.split` it has. `waiting`: how long it takes to load them and to fit linear models. Known in advance, where it
    is: `count` reviews, the `longest` of so many tokens, of so many different `words`.
    """

    name: str
    label: str
    short: str
    kind: str
    module: str
    waiting: str
    fields: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    splits: tuple[str, ...] = ("grouped", "notebook")
    count: int | None = None
    longest: int | None = None
    words: int | None = None

    def load(self, data: DataConfig, progress: Callable[[str, float | None], None]) -> RawReviews:
        """Return every review; raise `DataError` for unusable ones, `DownloadError` for ones that cannot be fetched."""
        reviews: RawReviews = import_module(self.module).load(data, progress)
        return reviews

    def check_here(self, data: DataConfig) -> None:
        """Raise `DataError` when loading these reviews would first have to fetch them, or when they are gone."""
        self._ask("check_here", data, None)

    def is_quick(self, data: DataConfig) -> bool:
        """Return whether loading them takes a fraction of a second, failures included."""
        return bool(self._ask("is_quick", data, False))

    def stamp(self, data: DataConfig) -> tuple[int, ...] | None:
        """Return what changes when the same settings mean other reviews."""
        found: tuple[int, ...] | None = self._ask("stamp", data, None)
        return found

    def characters(self, data: DataConfig) -> int:
        """Return about how many characters the reviews have, limit included, without reading them."""
        whole = int(self._ask("characters", data, (self.count or data.limit or 0) * CHARACTERS_A_REVIEW))
        return whole if data.limit is None else min(whole, data.limit * CHARACTERS_A_REVIEW)

    def recipe(self, data: DataConfig) -> str | None:
        """Return what names all that loading depends on, contents included; None where nothing does."""
        found: str | None = self._ask("recipe", data, None)
        return found

    def settings(self, data: DataConfig) -> dict[str, Any]:
        """Return those of its own settings that are not the usual ones: with `stamp`, which reviews they are."""
        usual = type(data).model_fields
        given = {name: getattr(data, name) for name in self.fields}
        return {
            name: ",".join(value) if isinstance(value, tuple) else value
            for name, value in given.items()
            if value != usual[name].default
        }

    def _ask(self, question: str, data: DataConfig, otherwise: Any) -> Any:
        answer = getattr(import_module(self.module), question, None)
        return otherwise if answer is None else answer(data)


SOURCES: dict[str, Source] = {}


def register(source: Source) -> Source:
    """Offer a source at every entrance; one of the same name is replaced."""
    SOURCES[source.name] = source
    return source


def offers_split(split: str) -> list[str]:
    """Return the names of the sources that have this value of `data.split`."""
    return [name for name, source in SOURCES.items() if split in source.splits]


register(
    Source(
        "demo",
        label="Demo reviews",
        short="Demo reviews",
        kind="demo reviews",
        module="sentiment_core.datasets.demo",
        waiting="Takes a few seconds.",
        count=4_000,
        longest=1_700,
        words=1_500,
    )
)
register(
    Source(
        "imdb",
        label="IMDb (84 MB download)",
        short="IMDb",
        kind="real reviews",
        module="sentiment_core.datasets.imdb",
        waiting="Downloads 84 MB on first use; then a minute or two for all 50,000 reviews.",
        splits=("grouped", "notebook", "official"),
        count=50_000,
    )
)
register(
    Source(
        "csv",
        label="A file of mine",
        short="Files",
        kind="real reviews",
        module="sentiment_core.datasets.file",
        waiting="About a minute for 40,000 reviews.",
        fields=(
            "path",
            "text_column",
            "label_column",
            "positive",
            "negative",
            "separator",
            "encoding",
            "header",
        ),
        needs=("path",),
        splits=("grouped", "notebook", "column"),
    )
)
