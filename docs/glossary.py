"""Write the glossary: `python -m docs.glossary`."""

from __future__ import annotations

from pathlib import Path

from sentiment_core.glossary import as_markdown

GLOSSARY = Path(__file__).with_suffix(".md")

if __name__ == "__main__":
    GLOSSARY.write_text(as_markdown(), encoding="utf-8")
