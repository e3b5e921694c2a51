"""Write the lecturer's guide: `python -m docs.teaching`."""

from __future__ import annotations

from pathlib import Path

from sentiment_core.lessons.plans import as_markdown

ADDRESS = "http://localhost:8501"
GUIDE = Path(__file__).with_suffix(".md")

if __name__ == "__main__":
    GUIDE.write_text(as_markdown(ADDRESS), encoding="utf-8")
