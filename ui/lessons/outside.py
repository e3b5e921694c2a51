"""Outside sources in words: they can be found without following a link, on paper or without a network."""

from __future__ import annotations

from sentiment_core.lessons.sources import Reference
from ui.kit.notices import literal


def source_line(source: Reference) -> str:
    """Return a source as Markdown: its title, linked where it has an address, which stands there too."""
    title = literal(source.title)
    if not source.url:
        return f"{title}: {literal(source.part)}"
    return f"[{title}]({source.url}): {literal(source.part)} :gray[{literal(source.url.removeprefix('https://'))}]"
