"""A button that copies the address of the page as it stands."""

from __future__ import annotations

from ui.kit.components.loader import declare

_component = declare("copy_link")


def copy_link(key: str = "copy-link") -> None:
    """Show the button; what the address means is up to the page, which keeps its state there."""
    _component(key=key, data={}, width="content")
