"""The Python interface as pages of HTML, from its docstrings: `python -m docs.api FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import pdoc

import sentiment_core


def write(folder: Path) -> None:
    """Write `index.html` and the page of what `sentiment_core` offers into `folder`."""
    # pdoc looks for members where they lie, and these come when they are asked for.
    vars(sentiment_core).update({name: getattr(sentiment_core, name) for name in sentiment_core.__all__})
    pdoc.render.configure(docformat="markdown", show_source=False)
    pdoc.pdoc("sentiment_core", r"!sentiment_core\..*", output_directory=folder)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
