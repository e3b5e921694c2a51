"""Options that say which reviews are meant and how a file of them is read."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Any

from sentiment_core.config import FIELDS, allowed_range, choices
from sentiment_core.sources import SOURCES

# Options that say how a file is read, by the setting each stands for; messages about files name the settings.
FILE_OPTIONS = {
    f"data.{name}": f"--{name.replace('_', '-')}" for name in SOURCES["csv"].fields if name not in SOURCES["csv"].needs
}


def add_file_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how a file is read, where it does not say so itself")
    for field, option in FILE_OPTIONS.items():
        allowed = f" One of: {allowed_range(field)}." if choices(field) else ""
        group.add_argument(option, metavar="NAME", help=f"{FIELDS[field].description}{allowed}".replace("%", "%%"))


def file_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that say how a file is read, as far as they are given."""
    names = {field: option.removeprefix("--").replace("-", "_") for field, option in FILE_OPTIONS.items()}
    given = {field: getattr(options, name) for field, name in names.items()}
    return {field: value for field, value in given.items() if value is not None}


def in_options(message: str) -> str:
    """Return a message about a file with the options of the command line in the place of settings."""
    return re.sub(r"\bdata\.\w+", lambda found: FILE_OPTIONS.get(found[0], found[0]), message)


def source_fields(data: str | None) -> dict[str, Any]:
    if not data:
        return {}
    if data in SOURCES and not SOURCES[data].needs:
        return {"data.source": data}
    return path_fields(data)


def path_fields(path: str) -> dict[str, Any]:
    return {"data.source": "csv", "data.path": str(Path(os.path.expanduser(path)).resolve())}


def vector_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings for word vectors: one of the choices, or the user's own."""
    if options.vectors is None:
        return {"data.embeddings": options.embeddings}
    path = Path(os.path.expanduser(options.vectors))
    return {"data.embeddings": "own", "data.vectors": str(path.resolve()) if path.exists() else options.vectors}
