"""What was measured once and ships as JSON: a record, written whole and read back by its types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from sentiment_core.artifacts import written
from sentiment_core.errors import StoreError

FOLDER = Path(__file__).parents[1] / "recorded"
R = TypeVar("R")


@dataclass(frozen=True)
class Document(Generic[R]):
    """A `record`, a dataclass, in the file `name` among the recordings; `what` says of which measurement it is."""

    name: str
    record: type[R]
    what: str
    format: int = 1

    def write(self, found: R, path: Path | None = None) -> None:
        """Keep what was measured, at `path` if not where it ships; raise `StoreError` when the disk refuses."""
        document = {"format": self.format, **TypeAdapter(self.record).dump_python(found)}
        with written(path or FOLDER / self.name) as temporary:
            temporary.write_text(json.dumps(document, indent=0) + "\n")

    def read(self, path: Path | None = None) -> R:
        """Return what ships, or lies at `path`; raise `StoreError` for what is damaged or of another version."""
        path = path or FOLDER / self.name
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(document, dict) or document.get("format") != self.format:
                raise ValueError("another format")
            return TypeAdapter(self.record).validate_python(document)
        except (OSError, ValueError, RecursionError) as error:
            raise StoreError(
                f"the {self.what} in {path.name} cannot be read; measure it again, or install the program again"
            ) from error
