"""Write the glossary: `python -m docs.glossary`."""

from __future__ import annotations

from pathlib import Path

from sentiment_core.glossary import TERMS

GLOSSARY = Path(__file__).with_suffix(".md")


def as_markdown() -> str:
    """Return the whole glossary as a document."""
    lines = ["# Glossary", "", "The same sentences as on the pages. Written by `python -m docs.glossary`.", ""]
    return "\n".join([*lines, *(f"- **{term.name}**: {term.meaning}" for term in TERMS), ""])


if __name__ == "__main__":
    GLOSSARY.write_text(as_markdown(), encoding="utf-8")
