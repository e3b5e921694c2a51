"""Write the lecturer's guide: `python -m docs.teaching`."""

from __future__ import annotations

from pathlib import Path

from sentiment_core.lessons.plans import PLANS, path_of

ADDRESS = "http://localhost:8501"
GUIDE = Path(__file__).with_suffix(".md")


def as_markdown() -> str:
    """Return all plans as a document whose links open the app at `ADDRESS`."""
    lines = ["# Teaching with Sentiment Lab", "", "Each step opens the app in the state it is about, at "]
    lines[-1] += f"`{ADDRESS}`. Written by `python -m docs.teaching`."
    for plan in PLANS:
        lines += ["", f"## {plan.title}", "", "| minutes | open | ask | expect |", "|---|---|---|---|"]
        for step in plan.steps:
            link = f"[{step.place.label}]({ADDRESS}{path_of(step.place)})"
            lines.append(f"| {step.minutes} | {link} | {step.ask} | {step.expect} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    GUIDE.write_text(as_markdown(), encoding="utf-8")
