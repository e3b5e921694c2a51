"""What the tests of the store share: a twin experiment, steps to write, other processes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, select

from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Worker, schema

TWIN = build(
    ExperimentConfig,
    {
        "name": "twin",
        "runs": [RunConfig(name="off"), RunConfig(name="on", overrides={"training.clipping": "norm"})],
    },
)
WORKER = Worker("host", 4711, 1234.5)

sqlite_alone = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def step(number: int, loss: float = 0.5, **fields: float) -> StepMetrics:
    values = StepMetrics(number, 1, loss, 0.5, 1e-3, 2.0, 1.0, 0.3, 1.0, math.nan, 900, number * 0.1)
    return replace(values, **fields)


def same(left: object, right: object) -> bool:
    return repr(left) == repr(right)


def layout_of(url: str) -> dict[str, Any]:
    """Everything about the tables of a database but the order of their columns."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = inspect(connection)
        tables = {
            name: (
                {column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(name)},
                found.get_pk_constraint(name)["constrained_columns"],
                [
                    (key["constrained_columns"], key["referred_table"], key["options"])
                    for key in found.get_foreign_keys(name)
                ],
                sorted((str(index["name"]), index["column_names"]) for index in found.get_indexes(name)),
                found.get_table_options(name) if connection.dialect.name == "sqlite" else {},
            )
            for name in found.get_table_names()
        }
    engine.dispose()
    return tables


def version_of(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        version: int = connection.execute(select(schema.version_table.c.version)).scalar_one()
    engine.dispose()
    return version
