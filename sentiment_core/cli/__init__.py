"""The command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from sentiment_core.cli.files import in_options
from sentiment_core.cli.parser import build_parser
from sentiment_core.errors import SentimentLabError
from sentiment_core.numerics import prepare_thread
from sentiment_core.out_of_memory import READING_ADVICE, memory_errors


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    if options.computes:
        prepare_thread()
    try:
        with memory_errors(READING_ADVICE):
            found = options.command(options)
            for part in found if isinstance(found, Iterator) else [_said(options, *found)]:
                _print(part)
            _print("\n")
    except SentimentLabError as error:
        message = " ".join(str(error).split())
        print(f"error: {in_options(message) if hasattr(options, 'text_column') else message}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
    return 0


def _said(options: argparse.Namespace, document: Any, text: str) -> str:
    return json.dumps(document) if options.json else text


def _print(text: str) -> None:
    # JSON is plain ASCII; a text may hold what this terminal's encoding, or none at all, can express.
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), end="", flush=True)
