"""The report: one page a reader can keep. Everything from outside is escaped, and no script or address is in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import PurePath
from typing import Any

from sentiment_core import __version__
from sentiment_core.colours import colours_of
from sentiment_core.config import field_info, flatten, matters
from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.findings.real import in_words, is_it_real
from sentiment_core.findings.seed_groups import SeedGroup, group_by_seed, mean_in_words
from sentiment_core.findings.verdict import judge
from sentiment_core.recorded import recording_of
from sentiment_core.report.curves import Line, figure
from sentiment_core.setting_words import say
from sentiment_core.steps.quantities import LOSS
from sentiment_core.store import Experiment, Run, RunSource

LARGEST = 2_000_000
MOST_EXPERIMENTS = 40
# What all curves of a report may have together, at a dozen bytes each; three figures a run.
ALL_POINTS, MOST_POINTS = 100_000, 800
STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --paper: #fff; --line: #dde3ea; --soft: #5b6673; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf3; --paper: #12161c; --line: #323b47; --soft: #9aa7b5; } }
body { margin: 0 auto; max-width: 56rem; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
figure { margin: 1rem 0; } figcaption { font-weight: 600; } svg { width: 100%; height: auto; }
polyline { fill: none; stroke-width: 1.5; } .grid { stroke: var(--line); } .tick { fill: var(--soft); font-size: 11px; }
svg text { font-size: 11px; } .note { color: var(--soft); font-size: .85rem; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .7rem; text-align: left; vertical-align: top; }
.swatch { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .4rem; }
.alert { color: #c0392b; } @media print { body { max-width: none; } }
"""


def report(store: RunSource, experiment_ids: Sequence[str]) -> bytes:
    """Return experiments, recordings as well, as one self-contained HTML file of at most 2 MB.

    Raises `NotFoundError`, `ConfigError` for more than `MOST_EXPERIMENTS`, and `CheckpointError` for damaged answers.
    """
    wanted = list(dict.fromkeys(experiment_ids))
    if not 1 <= len(wanted) <= MOST_EXPERIMENTS:
        raise ConfigError(f"a report is about 1 to {MOST_EXPERIMENTS} experiments (got {len(wanted)}); choose fewer")
    sources = [recording_of(identifier) or store for identifier in wanted]
    found = [(source, source.experiment(identifier)) for source, identifier in zip(sources, wanted, strict=True)]
    experiments = [experiment for _, experiment in found]
    runs = [run for experiment in experiments for run in experiment.runs]
    most = max(20, min(MOST_POINTS, ALL_POINTS // (3 * len(runs))))
    title = experiments[0].name if len(experiments) == 1 else f"{len(experiments)} experiments"
    body = "".join(
        [
            f"<h1>{escape(title)}</h1><p class='note'>Sentiment Lab {__version__}, written {_moment(time.time())}</p>",
            _over_seeds(group_by_seed(runs)) if len(runs) > 1 else "",
            *(_experiment(source, experiment, most) for source, experiment in found),
        ]
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>\n"
    ).encode("utf-8", "replace")
    if len(page) > LARGEST:
        raise StoreError(f"this report would be {len(page):,} bytes; choose fewer experiments")
    return page


def _experiment(source: RunSource, experiment: Experiment, most: int) -> str:
    own = colours_of(experiment.config)
    colours = {run.id: colour for run, colour in zip(experiment.runs, own, strict=True)}
    found = judge(source, experiment.id)
    said_of = [(item.alert, f"{item.run}: {item.text}" if item.run else item.text) for item in found.findings]
    findings = "".join(f"<li{' class=alert' if alert else ''}>{escape(text)}</li>" for alert, text in said_of)
    about = f"{experiment.id}, {experiment.status}, created {_moment(experiment.created_at)}"
    said = escape(experiment.prediction or "")
    return "".join(
        [
            f"<h2>{escape(experiment.name)}</h2><p class='note'>{escape(about)}</p>",
            f"<p class='alert'>{escape(experiment.error)}</p>" if experiment.error else "",
            f"<p>Predicted: {said}</p>" if said else "",
            _runs(experiment.runs, colours),
            *_figures(source, experiment.runs, colours, most),
            f"<h3>Verdict</h3><ul>{findings}</ul>" if findings else "",
            "<h3>Settings</h3>",
            _settings(experiment),
        ]
    )


def _runs(runs: Sequence[Run], colours: dict[str, str]) -> str:
    heads = ("Run", "Status", "Steps", "Parameters", "Validation", "Test", "Seconds", "Problem")
    rows = [
        (
            f"<span class='swatch' style='background:{colours[run.id]}'></span>{escape(run.name)}",
            escape(str(run.status)),
            f"{run.steps:,}",
            "–" if run.parameters is None else f"{run.parameters:,}",
            _share(run.validation_accuracy),
            _share(run.test_accuracy),
            f"{run.seconds:.1f}",
            escape(run.error or ""),
        )
        for run in runs
    ]
    return _table(heads, rows)


def _figures(source: RunSource, runs: Sequence[Run], colours: dict[str, str], most: int) -> list[str]:
    steps = {run.id: source.steps(run.id) for run in runs}
    measured = {run.id: source.evaluations(run.id) for run in runs}

    def lines(name: str) -> list[Line]:
        return [Line(run.name, colours[run.id], steps[run.id]["step"], steps[run.id][name]) for run in runs]

    validations = []
    for run in runs:
        found = [item for item in measured[run.id] if item.part == "validation"]
        at, accuracy = [item.step for item in found], [item.accuracy for item in found]
        validations.append(Line(run.name, colours[run.id], at, accuracy, points=True))
    log = LOSS.is_log(steps[run.id]["loss"] for run in runs)
    return [
        figure("Loss of each batch, by step", lines("loss"), log=log, most=most),
        figure("Gradient norm before clipping, by step", lines("grad_norm"), log=True, most=most),
        figure("Validation accuracy, by step", validations, log=False, most=most),
    ]


def _over_seeds(groups: Sequence[SeedGroup]) -> str:
    rows = [
        (
            escape(group.name),
            str(len(group.runs)),
            escape(mean_in_words(group.validation)),
            escape(mean_in_words(group.test)),
        )
        for group in groups
    ]
    found = [is_it_real(groups[0], other, comparisons=len(groups) - 1) for other in groups[1:]]
    said = "".join(f"<li>{escape(in_words(each))}</li>" for each in found)
    table = _table(("Setting", "Seeds", "Validation, mean ± 95 % interval", "Test, mean ± 95 % interval"), rows)
    # Of one seed there is no mean to show; the runs' own tables say what each reached.
    over = f"<h2>Over seeds</h2>{table}" if any(len(group.runs) > 1 for group in groups) else ""
    return f"{over}{f'<h2>Is it real?</h2><ul>{said}</ul>' if said else ''}"


def _settings(experiment: Experiment) -> str:
    """Return every setting of the base that its task has a use for, and beside it what each run has instead."""
    base = flatten(experiment.config)
    own = [flatten(run.config) for run in experiment.runs]
    rows = []
    for field, value in base.items():
        if field == "name" or not matters(field, experiment.config.task):
            continue
        apart = {run.name: each[field] for run, each in zip(experiment.runs, own, strict=True) if each[field] != value}
        differing = "; ".join(f"{name}: {_said(field, other)}" for name, other in apart.items())
        rows.append((escape(field_info(field).title), escape(_said(field, value)), escape(differing)))
    return _table(("Setting", "Value", "Runs that differ"), rows)


def _said(field: str, value: Any) -> str:
    if field == "data.path" and value:
        return PurePath(str(value).replace("\\", "/")).name
    return say(field, value)


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
