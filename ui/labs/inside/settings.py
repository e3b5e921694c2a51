"""How a lab's settings are drawn: each is a field of its address, with the options or the range that it offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui.addresses import lab_address
from ui.kit.address import Address
from ui.kit.address_fields import Field, decimal, one_of_values, shortly, whole


@dataclass(frozen=True)
class Setting:
    """A field of the address; `options` are what a choice offers, the two ends what a slider reaches."""

    field: Field
    options: Sequence[Any] = ()


def one_of(name: str, default: Any, options: Sequence[Any]) -> Setting:
    """Return a setting that is one of `options`."""
    return Setting(one_of_values(name, default, options), options)


def number(name: str, default: float, low: float, high: float) -> Setting:
    """Return a setting that is a number from `low` to `high`; it is whole where the default is."""
    if isinstance(default, int):
        return Setting(whole(name, int(low), int(high), default), (low, high))
    return Setting(decimal(name, low, high, default), (low, high))


class Settings:
    """What a lab called `lab` shows, and how each setting is drawn."""

    def __init__(self, lab: str, *settings: Setting) -> None:
        self._options = {setting.field.name: setting.options for setting in settings}
        self.address: Address = lab_address(lab, *(setting.field for setting in settings))

    def __getitem__(self, name: str) -> Any:
        return self.address.value(name)

    def choice(self, name: str, label: str, say: Callable[[Any], str] = shortly) -> Any:
        """Draw a setting's options side by side, wrapped where there is no room, and return the chosen one."""
        key = self.address.key(name)
        st.segmented_control(label, self._options[name], key=key, format_func=say, required=True, wrap=True)
        return self[name]

    def pick(self, name: str, label: str, say: Callable[[Any], str] = shortly) -> Any:
        """Draw a setting's options as a list to pick from, for long names, and return the chosen one."""
        st.selectbox(label, self._options[name], key=self.address.key(name), format_func=say)
        return self[name]

    def slider(self, name: str, label: str, step: float) -> Any:
        """Draw a setting's range as a slider and return where it stands."""
        low, high = self._options[name]
        st.slider(label, low, high, step=step, key=self.address.key(name))
        return self[name]

    def stops(self, name: str, label: str, say: Callable[[Any], str] = shortly) -> Any:
        """Draw a setting's ordered options as a slider and return the chosen one."""
        st.select_slider(label, self._options[name], key=self.address.key(name), format_func=say)
        return self[name]

    def switch(self, name: str, label: str) -> bool:
        """Draw a setting that is on or off and return it."""
        st.toggle(label, key=self.address.key(name))
        return bool(self[name])
