"""Reviews to start from, in our own words; each shows something a model may stumble over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.kit.address import Address

EXAMPLES: dict[str, str] = {
    "Warm praise": (
        "I went in expecting very little and came out grinning. The two leads are wonderful together, the script is "
        "sharp without being smug, and the last twenty minutes moved me more than anything I saw this year."
    ),
    "Negation": (
        "This is not a bad film, and I never once looked at my watch. The jokes don't miss, the cast isn't wasted, "
        "and there was nothing about the ending that I didn't like."
    ),
    "Mixed feelings": (
        "The photography is gorgeous and the score is lovely, but none of it can hide the plot, which is lazy, "
        "predictable and far too long. A beautiful waste of two hours."
    ),
    "Mostly plot": (
        "A retired clockmaker returns to the harbour town where she grew up. Her brother still runs the ferry, and "
        "neither has spoken to the other since the storm. The film follows them through one winter. Terrible."
    ),
    "Sarcasm": (
        "Oh great, another remake. Just what I needed: three hours of brilliant explosions, and a hero so charming "
        "that I forgot his name before the credits. Truly a masterpiece of scheduling."
    ),
}


def example_choice(address: Address, then: Callable[[], None] = lambda: None, **options: Any) -> None:
    """Draw the choice of an example, which goes into the address's `text`; `then` is called with it."""
    key = f"{address.prefix}:example"

    def take() -> None:
        if st.session_state[key]:
            address.put(text=EXAMPLES[st.session_state[key]])
            then()

    label = "An example review"
    st.selectbox(label, list(EXAMPLES), None, key=key, on_change=take, placeholder=label, **options)
