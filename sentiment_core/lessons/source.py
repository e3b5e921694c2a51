"""The code a lesson shows, cut out of this package's own files: it cannot drift from what runs.

The files are read, not imported: a page that shows ten lines of a model need not load PyTorch for them.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from sentiment_core.errors import NotFoundError

PACKAGE = "sentiment_core"
Definition = ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Excerpt:
    """A function or class as it stands in `path`, from line `line`."""

    reference: str
    path: str
    line: int
    text: str


@lru_cache(maxsize=64)
def excerpt(reference: str) -> Excerpt:
    """Return what `sentiment_core.some.module:Class.method` names; raise `NotFoundError` when it is not there.

    `…:Class.method@name` are only those of its statements, one after the other, in which `name` stands.
    """
    module, _, name = reference.partition(":")
    name, _, mentioned = name.partition("@")
    package, *parts = module.split(".")
    path = "/".join(parts) + ".py"
    resource = files(PACKAGE).joinpath(path)
    if package != PACKAGE or not name or not resource.is_file():
        raise NotFoundError(f"there is no source for {reference!r}; write {PACKAGE}.module:function")
    text = resource.read_text(encoding="utf-8")
    body: list[ast.stmt] = ast.parse(text).body
    found: Definition | None = None
    for wanted in name.split("."):
        found = next((node for node in body if isinstance(node, Definition) and node.name == wanted), None)
        if found is None:
            raise NotFoundError(f"{module} defines no {name!r}")
        body = found.body
    assert found is not None
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    last, margin = found.end_lineno, found.col_offset
    if mentioned:
        chosen = [statement for statement in found.body if mentioned in ast.unparse(statement)]
        if not chosen:
            raise NotFoundError(f"{name} in {module} does not mention {mentioned!r}")
        first, last, margin = chosen[0].lineno, chosen[-1].end_lineno, chosen[0].col_offset
    lines = text.splitlines()[first - 1 : last]
    return Excerpt(reference, f"{PACKAGE}/{path}", first, "\n".join(line[margin:] for line in lines))
