"""Places in the app that a lesson's text points to, as pages and what their addresses say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """A page in a certain state: `label` names the link, `shows` is text that is on the page when it opens."""

    page: str
    label: str
    shows: str
    query: Mapping[str, str] = field(default_factory=dict)


def lab(name: str, label: str, shows: str, **fields: str) -> Place:
    """Return the lab `name`, with fields of its address."""
    return Place("labs", label, shows, {"lab": name, **fields})


def lesson(name: str, label: str, shows: str, **fields: str) -> Place:
    """Return a lesson, with fields of its address."""
    return Place("lessons", label, shows, {"lesson": name, **fields})


def train(label: str, shows: str, **fields: str) -> Place:
    """Return the form of Train, with fields of its address."""
    return Place("train", label, shows, fields)
