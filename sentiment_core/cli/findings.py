"""Commands about what was found: over many runs, and about one."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from sentiment_core.cli.progress import ProgressLine


def health(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.findings.health import examine_run
    from sentiment_core.store import Store

    with Store() as store:
        runs = [store.run(run_id) for run_id in options.run_id]
        found = [(run, examine_run(store, run)) for run in runs]
    rows = [
        {
            "run_id": run.id,
            "name": run.name,
            "steps": run.steps,
            "remarks": [{"kind": item.kind, "text": item.text} for item in remarks],
        }
        for run, remarks in found
    ]
    lines = []
    for run, remarks in found:
        lines.append(f"{run.id}  {run.name}, {run.steps:,} steps{'' if remarks else ': nothing to remark'}")
        lines += [f"  {item.kind}: {item.text}" for item in remarks]
    return rows, "\n".join(lines)


def masked_words(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.findings.masked_words import hold_runs, reached, sentences
    from sentiment_core.store import Store

    with Store() as store:
        runs = [store.run(run_id) for run_id in options.run_id]
    if len(runs) == 1:
        if (alone := reached(runs[0])) is None:
            return [], f"Run {runs[0].id} has not read its test pairs to the end, or too few of them."
        return [alone.document()], f"{runs[0].name}: {' '.join(alone.sentences)}"
    found = hold_runs(runs)
    lines = [f"{held.second} against {held.first}: {' '.join(sentences(held))}" for held in found]
    none = "Nothing to hold against each other: finished runs of one experiment with the same test pairs are needed."
    return [held.document() for held in found], "\n".join(lines) or none


def order_map(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.findings import order_map as findings
    from sentiment_core.findings.order_words import beside, sentences

    if options.train:
        path = Path(options.train)
        known = findings.MAP.read(path).outcomes if path.exists() else ()
        lengths, seeds = options.lengths or findings.LENGTHS, options.seeds or findings.SEEDS
        keep = partial(findings.MAP.write, path=path)
        found = findings.train_all(known, lengths, seeds, show=ProgressLine().say, keep=keep)
        keep(found)
    else:
        found = findings.shipped()
    rows = findings.table(found.cells)
    lines = [
        f"length {row['length']:>3}  {findings.WAYS[row['way']].label:26} {row['solved']} of {row['seeds']} seeds "
        f"(95% interval {row['low']:.0%} to {row['high']:.0%}), {row['cpu_seconds']:.0f} CPU seconds"
        for row in rows
    ]
    said = sentences(found)
    if options.train:
        said += beside(findings.shipped(), found)
    return {"made": found.made, "cells": rows, "said": said}, "\n".join([*lines, *said])
