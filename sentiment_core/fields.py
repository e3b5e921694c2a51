"""What a pydantic field allows, read from its declaration: options, limits, and both in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, get_args, get_origin

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
KINDS = {int: "whole number", float: "number"}


class Named(Protocol):
    """What a registry holds: something that has a name on pages."""

    @property
    def label(self) -> str: ...


@dataclass(frozen=True, eq=False)
class OneOf:
    """Annotation of a text that names an entry of `registry`, which is read whenever a value is checked."""

    registry: Mapping[str, Named] = field(repr=False)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: str) -> str:
        if value not in self.registry:
            raise PydanticCustomError("not_registered", "there is no such choice")
        return value


@dataclass(frozen=True)
class About:
    """Annotation of a setting that matters only to tasks which are about `topic`."""

    topic: str


def topic(info: Any) -> str | None:
    """Return what a field says it is about; None where it says nothing."""
    return next((rule.topic for rule in info.metadata if isinstance(rule, About)), None)


def registry(info: Any) -> Mapping[str, Named]:
    """Return the registry whose entries a field, or a tuple of them, names; empty for other fields."""
    rules, annotation = [*info.metadata], info.annotation
    while annotation is not None:
        for rule in rules:
            if isinstance(rule, OneOf):
                return rule.registry
        rules = [*getattr(annotation, "__metadata__", ())]
        arguments = get_args(annotation)
        annotation = arguments[0] if arguments else None
    return {}


def options(info: Any) -> tuple[Any, ...]:
    """Return what a field, or each of a tuple of them, can be chosen from; empty for other fields."""
    if registered := registry(info):
        return tuple(registered)
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
