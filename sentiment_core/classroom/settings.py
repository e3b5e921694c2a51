"""Class mode is one settings file: where there is none, the program is one person's own and asks nobody who they are.

The file is `$SENTIMENT_CLASS`, else `class.toml` in the home folder, and is read again whenever it changes. Limits that
a lecturer has changed on the room's page are in the store (`store/grants.py`), and come before the file's.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo

from sentiment_core.artifacts import folder, home
from sentiment_core.classroom.codes import hash_code, is_hash, new_access_code
from sentiment_core.errors import ConfigError, StoreError

VARIABLE = "SENTIMENT_CLASS"
FILE = "class.toml"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PersonLimits(_Table):
    """What one student may have at a time, in experiments."""

    queued: int = Field(5, ge=1, le=10_000, description="experiments waiting")
    running: int = Field(1, ge=1, le=1000, description="experiments and calculations at work")
    stored: int = Field(200, ge=1, le=1_000_000, description="experiments kept")
    minutes: int = Field(60, ge=1, le=100_000, description="minutes a piece of work may take, pauses included")
    megabytes: int = Field(2_000, ge=1, le=100_000_000, description="files of trainings and uploads, MB")
    flips: int = Field(30, ge=1, le=10_000, description="edited reviews on a room's board")


class AllLimits(_Table):
    """What everybody may have together; how many run at once is `SENTIMENT_MAX_WORKERS`."""

    queued: int = Field(300, ge=1, le=1_000_000, description="experiments waiting")
    stored: int = Field(20_000, ge=1, le=10_000_000, description="experiments kept")


class TrainingLimits(_Table):
    """How large one training of a student may be."""

    runs: int = Field(6, ge=1, le=1000, description="runs in one experiment")
    steps: int = Field(5_000, ge=1, le=100_000_000, description="updates of one run, as far as they are known before")
    tokens: int = Field(50_000_000, ge=1, le=10**12, description="tokens that one run reads, as far as they are known")
    parameters: int = Field(2_000_000, ge=1, le=10**12, description="trained parameters of one run")


class UploadLimits(_Table):
    """What a student may bring."""

    megabytes: int = Field(50, ge=1, le=100_000, description="size of one file, MB")


class Limits(_Table):
    """All limits; none of them holds for the lecturer."""

    person: PersonLimits = PersonLimits()
    all: AllLimits = AllLimits()
    training: TrainingLimits = TrainingLimits()
    upload: UploadLimits = UploadLimits()

    def with_changes(self, values: Mapping[str, int]) -> Limits:
        """Return these limits with other `values`, by names such as `person.queued`; unknown names are passed over."""
        tables: dict[str, dict[str, int]] = {name: {} for name in Limits.model_fields}
        for name, value in values.items():
            if name in LIMITS:
                table, field = name.split(".")
                tables[table][field] = value
        return self.model_copy(
            update={name: getattr(self, name).model_copy(update=changed) for name, changed in tables.items()}
        )

    def value(self, name: str) -> int:
        """Return one limit by its name in `LIMITS`."""
        table, field = name.split(".")
        return int(getattr(getattr(self, table), field))


LIMITS: dict[str, FieldInfo] = {
    f"{table}.{name}": field
    for table, info in Limits.model_fields.items()
    for name, field in cast(type[_Table], info.annotation).model_fields.items()
}
"""Every limit by the name that refusals give it, with its sentence and its range."""


def check_limit(name: str, value: int) -> None:
    """Raise `ConfigError` for a limit that there is not, or a value that it cannot have."""
    table, _, field = name.partition(".")
    try:
        Limits.model_validate({table: {field: value}})
    except ValidationError as error:
        raise ConfigError("; ".join(f"{name}: {problem['msg']}" for problem in error.errors())) from error


class ClassSettings(_Table):
    """What the table `[class]` may say."""

    lecturer_code: str = Field(description="hash of the lecturer's access code, made by `class set-up`")
    lecturers: list[str] = Field([], description="e-mail addresses of lecturers, where people log in ([auth])")
    hours: float = Field(12.0, gt=0, le=24 * 366, description="how long a person stays known to their browser")
    people: int = Field(300, ge=1, le=100_000, description="students in one room")
    limits: Limits = Limits()

    @field_validator("hours", mode="before")
    @classmethod
    def _whole_hours(cls, value: Any) -> Any:
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("lecturer_code")
    @classmethod
    def _is_hash(cls, value: str) -> str:
        if not is_hash(value):
            raise ValueError("no hash of an access code; write one with `python -m sentiment_core class set-up`")
        return value


def settings_file() -> Path:
    """Return where the settings of a class would be."""
    chosen = os.environ.get(VARIABLE)
    return Path(os.path.expanduser(chosen)) if chosen else home() / FILE


def class_settings() -> ClassSettings | None:
    """Return the settings of the class, None where there is no class.

    Raises `ConfigError` for a file that cannot be read, or that `$SENTIMENT_CLASS` names and is not there: a server
    that was meant for a class must not open itself to everybody because of a typing mistake.
    """
    path = settings_file()
    try:
        stamp = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        if os.environ.get(VARIABLE):
            raise ConfigError(
                f"{VARIABLE} names {path}, which is not there. Make it with `python -m sentiment_core class set-up`,"
                f" or unset {VARIABLE}."
            ) from None
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    return _read(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int, _size: int) -> ClassSettings:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}. It must be TOML with a table [class].") from error
    if "class" not in document or not isinstance(document["class"], dict) or len(document) > 1:
        raise ConfigError(f"{path}: it must have one table, [class], and nothing beside it.")
    try:
        return ClassSettings.model_validate(document["class"])
    except ValidationError as error:
        raise ConfigError(f"{path}: " + "; ".join(map(_explained, error.errors()))) from error


def set_up() -> tuple[Path, str]:
    """Write settings with a new access code for the lecturer; return the file and the code, which is kept nowhere.

    Raises `ConfigError` when there are settings already, `StoreError` when they cannot be written.
    """
    path = settings_file()
    code = new_access_code()
    if path == home() / FILE:
        folder()
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_written(hash_code(code)))
    except FileExistsError:
        raise ConfigError(f"{path} is there already. Delete it first if you want another access code.") from None
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}.") from error
    return path, code


def _written(hashed: str) -> str:
    """Return the text of a settings file with every limit at its usual value."""
    lines = [
        "# This file turns class mode on: students join by a room's code, and only see and change what is theirs.",
        "# It is read again when it changes. Without it the program asks nobody who they are.",
        "# Limits that a lecturer changes on the room's page come before the ones here.",
        "[class]",
        "# The access code itself is kept nowhere. For a new one move this file away, and set up again.",
        f'lecturer_code = "{hashed}"',
        *_fields(ClassSettings, skip=("lecturer_code", "limits")),
    ]
    for name, info in Limits.model_fields.items():
        lines += ["", f"[class.limits.{name}]", *_fields(cast(type[_Table], info.annotation))]
    return "\n".join(lines) + "\n"


def _fields(table: type[_Table], skip: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{name} = {info.default}  # {info.description}"
        for name, info in table.model_fields.items()
        if name not in skip
    ]


def _explained(problem: Any) -> str:
    field = ".".join(map(str, problem["loc"])) or "[class]"
    known = ", ".join(ClassSettings.model_fields)
    advice = {
        "extra_forbidden": f"there is no such setting; [class] has {known}",
        "missing": "must be there; `python -m sentiment_core class set-up` writes a whole file",
    }.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    return f"class.{field}: {advice}"
