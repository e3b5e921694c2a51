"""Commands about the program: what it is doing, and what it knows."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any, NoReturn

from sentiment_core.config import FIELDS, allowed_range, matters
from sentiment_core.errors import ConfigError
from sentiment_core.machine import in_words
from sentiment_core.presets import NOTEBOOK_DIM, PRESETS
from sentiment_core.tasks import TASKS

CONNECT_SECONDS = 30.0  # to a cluster, at most


def work(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.store import Store
    from sentiment_core.work.desk import described, title
    from sentiment_core.work.executors import make_executor

    with Store() as store:
        state = make_executor(store).cluster(CONNECT_SECONDS)
        active = store.active_work()
        ended = [work for work in store.calculations() if not work.status.is_active]
        told: list[tuple[Any, Any]] = [(work, described(store, work)) for work in (*active, *ended)]
    rows = [
        {
            "id": work.id,
            "kind": work.kind,
            "title": title(work),
            "status": str(work.status),
            "message": job.message,
            "fraction": job.fraction,
            "seconds_left": job.seconds_left,
            "queue_position": job.position,
            "error": job.error,
        }
        for work, job in told
    ]
    lines = [state.problem or state.headline] if state is not None else []
    for row in rows:
        share = "" if row["fraction"] is None else f" {row['fraction']:.0%}"
        left = "" if row["seconds_left"] is None else f", {row['seconds_left']:.0f} s left"
        said = row["error"] or f"{row['message']}{share}{left}"
        lines.append(f"{row['id']}  {row['title']}: {row['status']}{f', {said}' if said else ''}")
    return rows, "\n".join(lines) or "Nothing waits or runs."


def cluster(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.store import Store
    from sentiment_core.work.executors import VARIABLE, make_executor
    from sentiment_core.work.executors.cluster import node_rows

    with Store() as store:
        state = make_executor(store).cluster(CONNECT_SECONDS)
        if state is None:
            raise ConfigError(f"All work is done on this machine. {VARIABLE}=ray chooses a cluster.")
        rows = node_rows(state, store.active_work())
    lines = [
        f"{row['node']}: {row['state']}, {row['cpus']:g} CPUs, {row['gpus']:g} GPUs{row['gpu'] and ' ' + row['gpu']}, "
        f"{in_words(row['memory'])}, {row['at_work']} at work"
        for row in rows
    ]
    answer = {"address": state.address, "problem": state.problem, "nodes": rows, "places": asdict(state.places)}
    return answer, "\n".join([state.problem or state.headline, *lines])


def bucket(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.artifacts import home
    from sentiment_core.bucket import opened
    from sentiment_core.filesystem import ADDRESS
    from sentiment_core.store import Store

    with Store() as store:
        shared = opened(home())
        if shared is None:
            raise ConfigError(f"All files lie in this home. {ADDRESS} names a bucket.")
        if options.take_over:
            shared.take_over()
        kept, ours = store.kept_files().values(), shared.is_ours()
    size = sum(each.size for each in kept)
    found = {"address": shared.address, "files": len(kept), "bytes": size, "ours": ours}
    whose = (
        "this store's database" if ours else "another database, of which this store is a copy: it keeps nothing there"
    )
    said = f"{shared.address}: {len(kept)} files, {in_words(size)}, which belong to {whose}."
    return found, said


def cancel(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.store import Store
    from sentiment_core.work.desk import Desk
    from sentiment_core.work.executors import make_executor

    with Store() as store:
        Desk(store, make_executor(store)).cancel(options.work_id)
        status = store.work(options.work_id).status
    return {"id": options.work_id, "status": str(status)}, f"{options.work_id}: {status}"


def set_up_class(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.classroom.settings import set_up

    path, code = set_up()
    lines = [
        f"Class mode is on: {path}",
        f"The lecturer's access code, kept nowhere else: {code}",
        "Restart the app (app --address 0.0.0.0), open it, and enter the code under “I am the lecturer”.",
    ]
    return {"settings": str(path), "access_code": code}, "\n".join(lines)


def class_examples(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.cli.output import write
    from sentiment_core.data_view.class_examples import as_csv
    from sentiment_core.flips import examples
    from sentiment_core.store import Store

    with Store() as store:
        flips = store.flips(store.room(options.room.upper()).code)
    content = as_csv(flips)
    if options.output:
        write(options.output, content)
    found = {"edits": len(flips), "confirmed": len(examples(flips)), "output": options.output}
    said = f"Written to {options.output}: {found['confirmed']} confirmed edits, and demo reviews beside them."
    return found, said if options.output else content.decode()


def diagnostics(options: argparse.Namespace) -> tuple[Any, str]:
    import json

    from sentiment_core.cli.output import write
    from sentiment_core.diagnostics import diagnostics as collected

    found = collected()
    text = json.dumps(found, indent=1)
    if options.output:
        write(options.output, text.encode())
        return found, f"Written to {options.output}. Read it before you send it: it holds no texts and no secrets."
    return found, text


def open_app(options: argparse.Namespace) -> NoReturn:
    from sentiment_core.open_app import serve

    serve(options.address, options.port, options.headless)


def presets(options: argparse.Namespace) -> tuple[Any, str]:
    rows = [
        {
            "name": item.name,
            "title": item.title,
            "parameters": item.parameters,
            "description": item.description,
            "runs": [run.name for run in item.config.runs],
        }
        for item in PRESETS.values()
    ]
    lines = [
        f"{item.name:18} {'' if item.parameters is None else f'{item.parameters:,}':>7}  {item.description}"
        for item in PRESETS.values()
    ]
    note = f"Numbers: trainable parameters, on the notebook's ladder with its vectors of {NOTEBOOK_DIM} components."
    return rows, "\n".join([*lines, note])


def fields(options: argparse.Namespace) -> tuple[Any, str]:
    rows = [
        {
            "field": field,
            "default": info.get_default(),
            "allowed": allowed_range(field),
            "description": info.description,
            "tasks": [task for task in TASKS if matters(field, task)],
        }
        for field, info in FIELDS.items()
    ]
    return rows, "\n".join(
        f"{row['field']:30} {row['description']} Default {row['default']}; allowed: {row['allowed'] or 'any text'}."
        + ("" if len(row["tasks"]) == len(TASKS) else f" Only for {', '.join(row['tasks'])}.")
        for row in rows
    )


def quantities(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.steps.quantities import CORE, DIAGNOSTICS

    rows = [asdict(item) for item in (*CORE.values(), *DIAGNOSTICS.values())]
    return rows, "\n".join(f"{row['name']:20} {row['kind']:9} {row['unit']:8} {row['help']}" for row in rows)
