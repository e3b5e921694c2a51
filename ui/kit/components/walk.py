"""A program line by line, and the tensors before and after a line, drawn by `ui/assets/walk.js`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ui.kit.components.loader import declare

_component = declare("walk", triggers=["line"])


@dataclass(frozen=True)
class CodeLine:
    """A line of a program; `state` is past, now or later, `note` stands beside it, `wrong` underlines it."""

    code: str
    state: str
    note: str = ""
    wrong: bool = False


def program(lines: Sequence[CodeLine], *, key: str) -> int | None:
    """Show `lines`; return the place of the one that was just clicked, if any."""
    picked = _component(key=key, data={"lines": [asdict(line) for line in lines]}).get("line")
    # The browser may speak of a program that is no longer there.
    return picked if type(picked) is int and 0 <= picked < len(lines) else None


def tensors(groups: Sequence[dict[str, Any]], *, hint: str, key: str) -> None:
    """Show groups of values, as `ui.labs.walks.pictures` describes them."""
    _component(key=key, data={"groups": list(groups), "hint": hint})
