"""What a pydantic field allows, read from its declaration: options, limits, and both in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
KINDS = {int: "whole number", float: "number"}


@dataclass(frozen=True)
class OneOf:
    """Marks a text field whose values are the names in a registry, as it stands when somebody asks."""

    names: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: str) -> str:
        if value not in self.names:
            raise PydanticCustomError("not_offered", "not offered")
        return value


def options(info: Any) -> tuple[Any, ...]:
    """Return the allowed values of a `Literal` or `OneOf` field, or of a tuple of them; empty for other fields."""
    for rule in info.metadata:
        if isinstance(rule, OneOf):
            return tuple(rule.names)
    annotation = info.annotation
    while annotation is not None and (arguments := get_args(annotation)):
        if not isinstance(arguments[0], type) and not get_args(arguments[0]):
            return arguments
        annotation = arguments[0] if get_args(arguments[0]) else None
    return ()


def limits(info: Any) -> tuple[float | None, float | None]:
    """Return the smallest and largest value (open ends count as closed), None where there is no limit."""
    low = high = None
    for rule in _rules(info):
        low = next((v for n in ("ge", "gt") if (v := getattr(rule, n, None)) is not None), low)
        high = next((v for n in ("le", "lt") if (v := getattr(rule, n, None)) is not None), high)
    return low, high


def range_in_words(info: Any) -> str:
    """Return what is allowed, such as `a number > 0 and ≤ 1,000`; empty when everything is."""
    if allowed := options(info):
        return ", ".join(str(option) for option in allowed)
    kinds = {info.annotation, *get_args(info.annotation)}
    if bool in kinds:
        return "true or false"
    rules = _rules(info)
    sizes = [
        f"at {word} {value:,}"
        for name, word in (("min_length", "least"), ("max_length", "most"))
        for rule in rules
        if (value := getattr(rule, name, None)) is not None
    ]
    if get_origin(info.annotation) is tuple and str in kinds:
        return f"{' and '.join(sizes)} values, separated by commas".strip()
    if str in kinds:
        return " and ".join(sizes) + " characters" if sizes else ""
    element = next((part for part in kinds if hasattr(part, "__metadata__")), None)
    if element is not None:
        nested = [rule for part in element.__metadata__ for rule in getattr(part, "metadata", [part])]
        return f"{' and '.join(sizes)} whole numbers {_signs(nested)}, separated by commas"
    kind = next((f"a {name}" for type_, name in KINDS.items() if type_ in kinds), "")
    signs = _signs(rules)
    empty = ", or none" if type(None) in kinds and signs else ""
    return f"{kind} {signs}".strip() + empty


def _signs(rules: list[Any]) -> str:
    return " and ".join(
        f"{sign} {value:,}" if isinstance(value, int) else f"{sign} {value:g}"
        for rule in rules
        for name, sign in SIGNS.items()
        if (value := getattr(rule, name, None)) is not None
    )


def _rules(info: Any) -> list[Any]:
    nested = [rule for part in info.metadata for rule in getattr(part, "metadata", [])]
    return [*info.metadata, *nested]
