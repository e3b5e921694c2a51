"""Numbers in sentences."""

from __future__ import annotations

from sentiment_core.wording import by_number, counted


def test_one_is_singular_and_all_else_plural():
    assert [counted(count, "review") for count in (0, 1, 2, 4000)] == [
        "0 reviews",
        "1 review",
        "2 reviews",
        "4,000 reviews",
    ]
    assert counted(2, "axis", "axes") == "2 axes"
    assert [by_number(count, "has", "have") for count in (0, 1, 2)] == ["have", "has", "have"]
