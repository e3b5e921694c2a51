"""Stores as programs of version 1 made them; spelled out, because the program's own tables go on changing."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
)

from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status

TOKEN = "0123456789abcdef"
LOSSES = [0.69, None, 0.1]

tables = MetaData()


def _key(table: str, **options: bool) -> Column[str]:
    return Column(f"{table}_id", ForeignKey(f"{table}s.id", ondelete="CASCADE"), **options)


version = Table("sentiment_lab", tables, Column("version", Integer, primary_key=True, autoincrement=False))
experiments = Table(
    "experiments",
    tables,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("name", "config", "status")),
    Column("error", Text),
    *(Column(name, Double, nullable=False) for name in ("created_at", "queued_at")),
    *(Column(name, Double) for name in ("started_at", "finished_at")),
    Column("worker_host", Text),
    Column("worker_pid", Integer),
    *(Column(name, Double) for name in ("worker_create_time", "heartbeat")),
    Column("progress", Text),
    Column("threads", Integer),
    Column("prediction", Text),
    Column("stop_requested", Boolean, nullable=False),
    Index("experiments_by_status", "status", "queued_at"),
    Index("experiments_by_age", "created_at"),
)
runs = Table(
    "runs",
    tables,
    Column("id", Text, primary_key=True),
    _key("experiment", nullable=False, index=True),
    Column("position", Integer, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("name", "config", "status")),
    Column("error", Text),
    Column("parameters", BigInteger),
    Column("steps", Integer, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    *(Column(name, Double) for name in ("validation_accuracy", "test_accuracy")),
)
step_metrics = Table(
    "step_metrics",
    tables,
    _key("run", primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("epoch", Integer),
    *(Column(name, Double) for name in ("loss", "accuracy", "learning_rate", "grad_norm", "grad_norm_clipped")),
    *(Column(name, Double) for name in ("grad_max", "clip_cosine", "threshold")),
    Column("tokens", Integer),
    Column("seconds", Double),
    sqlite_with_rowid=False,
)
evaluations = Table(
    "evaluations",
    tables,
    _key("run", primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    *(Column(name, Double) for name in ("loss", "accuracy")),
    sqlite_with_rowid=False,
)
requests = Table(
    "requests",
    tables,
    Column("id", Integer, primary_key=True),
    _key("experiment", nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("value", Double),
    Column("run_id", Text),
)
FIRST = list(tables.tables.values())
# Programs of version 1 got these later; the number stayed.
identity = Table("store_identity", tables, Column("token", Text, primary_key=True))
balances = Table(
    "balances",
    tables,
    _key("run", primary_key=True),
    Column("part", Text, primary_key=True),
    *(Column(name, Integer, nullable=False) for name in ("reviews", "positives")),
    sqlite_with_rowid=False,
)


def make(url: str, config: ExperimentConfig, later: bool) -> str:
    """Make such a store, with an experiment of one run of three steps in it; return the run's id."""
    engine = create_engine(url)
    experiment = {"id": "0badcafe", "name": config.name, "config": config.model_dump_json(), "status": Status.FINISHED}
    times = {"created_at": 1.0, "queued_at": 1.0, "stop_requested": False}
    resolved = config.resolve(config.runs[0]).model_dump_json()
    run = {**experiment, "id": "0badcafe-1", "experiment_id": "0badcafe", "position": 1, "config": resolved}
    with engine.begin() as connection:
        tables.create_all(connection, tables=None if later else FIRST)
        connection.execute(version.insert().values(version=1))
        connection.execute(experiments.insert().values(**experiment, **times))
        connection.execute(runs.insert().values(**run, steps=len(LOSSES), seconds=1.0, tokens=9))
        steps = [{"run_id": run["id"], "step": step, "loss": loss} for step, loss in enumerate(LOSSES, start=1)]
        connection.execute(step_metrics.insert(), steps)
        if later:
            connection.execute(identity.insert().values(token=TOKEN))
            connection.execute(balances.insert().values(run_id=run["id"], part="test", reviews=9, positives=5))
    engine.dispose()
    return run["id"]
