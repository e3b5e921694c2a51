"""Measured steps on their way to browsers: a block of them is read, written as JSON and compressed once, for everyone.

A class that opens a run of ten thousand steps asks for the same numbers a hundred times. Every step travels, none is
thinned out: smoothing, replay and the share of clipped steps in the browser are computed from all of them. Of a long
run an overview goes ahead, which looks the same, so that the curves are there before the rest has come.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, groupby
from typing import Any

import numpy as np

from sentiment_core.findings.twins import clipped_steps
from sentiment_core.steps.quantities import CORE
from sentiment_core.store import Experiment, Run, RunSource, table

# From so many steps on a run is looked over first: in so many equal stretches.
LONG = 2000
STRETCHES = 250
# Whose extremes are the spikes that nobody may miss.
SPIKY = ("loss", "grad_norm")
# What is not drawn does not travel.
UNDRAWN = frozenset(name for name, quantity in CORE.items() if not quantity.panel) - {"step", "epoch"}
BLOCK = 1000
# Of one run; what is left comes with the next answer.
ROWS_PER_ANSWER = 4 * BLOCK
# About 80 kB each.
KEPT_BLOCKS = 400
CONSTANTS = {None: "null", False: "false", True: "true"}
# Bytes that are not worth compressing by themselves.
SHORT = 200


@dataclass(frozen=True, slots=True)
class AnswerPiece:
    """Part of an answer: as it is and, when it is worth keeping, as part of a deflate stream."""

    plain: bytes
    deflated: bytes | None

    @classmethod
    def of(cls, text: str) -> AnswerPiece:
        """Encode a text, and compress it unless it is short."""
        plain = text.encode()
        return cls(plain, None if len(plain) < SHORT else _deflated(plain))


def gzipped(pieces: Sequence[AnswerPiece]) -> bytes:
    """Return the pieces as one gzip file (RFC 1952); only the short ones are compressed now, neighbours together."""
    parts = [b"\x1f\x8b\x08\0\0\0\0\0\0\xff"]
    checksum, size = 0, 0
    for short, group in groupby(pieces, key=lambda piece: piece.deflated is None):
        together = list(group)
        plain = b"".join(piece.plain for piece in together)
        checksum, size = zlib.crc32(plain, checksum), size + len(plain)
        parts += [_deflated(plain)] if short else [piece.deflated or b"" for piece in together]
    # An empty last block, then what the file must amount to.
    return b"".join([*parts, b"\x03\0", struct.pack("<II", checksum, size & 0xFFFFFFFF)])


def _deflated(plain: bytes) -> bytes:
    """Return a part of a deflate stream (RFC 1951), cut at a whole byte so that parts can follow each other."""
    if len(plain) < SHORT:
        return struct.pack("<BHH", 0, len(plain), len(plain) ^ 0xFFFF) + plain
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(plain) + compressor.flush(zlib.Z_SYNC_FLUSH)


@dataclass(frozen=True, slots=True)
class StepBlock:
    """Some steps of one run, a piece for each column: its values with commas between.

    Columns are the core quantities that are drawn, whether the step was `clipped`, and such diagnostics measured in it.
    """

    count: int
    last: int
    columns: dict[str, AnswerPiece]


def blocks_after(source: RunSource, found: Experiment, run: Run, after: int) -> list[StepBlock]:
    """Return the steps of a run after step `after`, oldest first, in blocks; about `ROWS_PER_ANSWER` at most.

    What cannot change any more is kept. While a worker is at it, those are the steps before the last that it has made
    itself since it started: a resumed run repeats some that were measured before, and more may be measured of the last
    one. Once it has ended, they are all.
    """
    ended = not found.status.is_active
    made = math.inf if ended else found.progress.step if found.progress else 0
    version = (found.status.is_active, found.started_at, found.finished_at, found.worker, run.steps if ended else None)
    blocks: list[StepBlock] = []
    while sum(block.count for block in blocks) < ROWS_PER_ANSWER:
        wanted = BLOCK - after % BLOCK
        if kept := wanted == BLOCK and after + BLOCK < made:
            block = _kept_block(source, _Measured(run.id, run), after, version)
        else:
            block = _block(run, table(source, run.id, after=after, limit=wanted, drawn=True))
        if block.count:
            blocks.append(block)
        if block.count == 0 or (block.count < wanted and not kept):
            break
        after = after + BLOCK if kept else block.last
    return blocks


def overview(source: RunSource, found: Experiment, run: Run) -> list[StepBlock]:
    """Return the steps of a run that its curves are recognised by; those of a short run are all, see `blocks_after`.

    Of each stretch they are the first, the smallest and the largest of `SPIKY`, and the first that is not finite. What
    is counted over all steps, such as those clipped, is left out.
    """
    if run.steps < LONG:
        return blocks_after(source, found, run, 0)
    if found.status.is_active:
        return _overview(source, run)
    return _kept_overview(source, _Measured(run.id, run), (found.started_at, found.finished_at, run.steps))


@lru_cache(maxsize=KEPT_BLOCKS)
def _kept_overview(source: RunSource, measured: _Measured, _version: object) -> list[StepBlock]:
    return _overview(source, measured.run)


def _overview(source: RunSource, run: Run) -> list[StepBlock]:
    steps = table(source, run.id, drawn=True)
    count = len(steps["step"])
    places: set[int] = {count - 1} if count else set()
    values = [np.array(steps[name], dtype=float) for name in SPIKY]
    for stretch in np.array_split(np.arange(count), min(count, STRETCHES)) if count else ():
        places.add(int(stretch[0]))
        for column in values:
            finite = np.isfinite(column[stretch])
            known, lost = stretch[finite], stretch[~finite]
            places.update(map(int, lost[:1]))
            if len(known):
                places |= {int(known[column[known].argmin()]), int(known[column[known].argmax()])}
    chosen = sorted(places)
    block = _block(run, {name: [column[place] for place in chosen] for name, column in steps.items()})
    return [replace(block, columns={name: column for name, column in block.columns.items() if name != "clipped"})]


def steps_json(blocks: Sequence[StepBlock]) -> Iterator[AnswerPiece]:
    """Return the pieces of a JSON object with one list per column, null where a diagnostic was not measured."""
    for place, column in enumerate(dict.fromkeys(chain(["step"], *(block.columns for block in blocks)))):
        start = "," if place else "{"
        yield AnswerPiece.of(f'{start}"{column}":[')
        yield from _separated(block.columns.get(column) or _nothing(block.count) for block in blocks)
        yield AnswerPiece.of("]")
    yield AnswerPiece.of("}")


def _nothing(count: int) -> AnswerPiece:
    return AnswerPiece.of(",".join(["null"] * count))


def _separated(pieces: Iterable[AnswerPiece]) -> Iterator[AnswerPiece]:
    comma = AnswerPiece.of(",")
    return chain.from_iterable((comma, piece) if place else (piece,) for place, piece in enumerate(pieces))


@dataclass(frozen=True, slots=True)
class _Measured:
    """A run, told from others by its id alone: its progress says nothing about steps that are kept."""

    id: str
    run: Run = field(compare=False)


@lru_cache(maxsize=KEPT_BLOCKS)
def _kept_block(source: RunSource, measured: _Measured, after: int, _version: object) -> StepBlock:
    return _block(measured.run, table(source, measured.id, after=after, limit=BLOCK, drawn=True), until=after + BLOCK)


def _block(run: Run, steps: dict[str, list[Any]], until: float = math.inf) -> StepBlock:
    count = sum(step <= until for step in steps["step"])
    steps = {**steps, "clipped": clipped_steps(run, steps)}
    sent = {name: values for name, values in steps.items() if name not in UNDRAWN}
    columns = {name: AnswerPiece.of(_list_written(values[:count])) for name, values in sent.items()}
    return StepBlock(count, steps["step"][count - 1] if count else 0, columns)


def _list_written(values: Sequence[float | None]) -> str:
    """The values of a column as strict JSON with commas between; most are finite floats, which are written at once."""
    # An infinite sum of finite numbers costs time alone.
    if all(type(value) is float for value in values) and math.isfinite(sum(values)):  # type: ignore[arg-type]
        return ",".join(["%.7g"] * len(values)) % tuple(values)
    return ",".join(map(_written, values))


def _written(value: float | None) -> str:
    """A value as strict JSON: what is not finite travels as its name; seven digits are what was measured with."""
    if value is None or isinstance(value, bool):
        return CONSTANTS[value]
    if isinstance(value, int):
        return str(value)
    if math.isfinite(value):
        return f"{value:.7g}"
    return '"NaN"' if math.isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'
