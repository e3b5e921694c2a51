"""What is known of a Ray cluster without Ray: where it is, what a piece of work asks of it, what its nodes offer."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from sentiment_core.errors import ConfigError
from sentiment_core.store import Places, Work

ADDRESS, CPUS, GPUS = "SENTIMENT_RAY_ADDRESS", "SENTIMENT_RAY_CPUS", "SENTIMENT_RAY_GPUS"
# Sums of shares such as 0.1 must not lose a place to rounding.
SHARE_TOLERANCE = 1e-6
NO_PLACES = Places(0, 0)


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """`address` is HOST:PORT of Ray's head, or `auto`. Each piece of work occupies `cpus`, each training `gpus` too."""

    address: str = "auto"
    cpus: float = 1.0
    gpus: float = 0.0

    @classmethod
    def from_environment(cls) -> Self:
        """Read `$SENTIMENT_RAY_ADDRESS`, `_CPUS` and `_GPUS`; raise `ConfigError` for an impossible share."""
        return cls(os.environ.get(ADDRESS) or "auto", _share(CPUS, 1.0, least=0.01), _share(GPUS, 0.0, least=0.0))

    @property
    def threads(self) -> int:
        """How many threads a piece of work computes with."""
        return max(1, int(self.cpus))


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster: `cpus` and `gpus` that Ray may give away there, `gpu` what kind they are."""

    name: str
    alive: bool
    cpus: float = 0.0
    gpus: float = 0.0
    memory: float = 0.0  # bytes
    gpu: str = ""


@dataclass(frozen=True, slots=True)
class ClusterState:
    """The cluster as it was seen last; `problem` says why there is nothing to see."""

    address: str
    nodes: tuple[Node, ...] = ()
    places: Places = NO_PLACES
    problem: str | None = None

    @property
    def headline(self) -> str:
        """How large the cluster is, in one sentence."""
        living = [node for node in self.nodes if node.alive]
        gpus = sum(node.gpus for node in living)
        lost = len(self.nodes) - len(living)
        return (
            f"Nodes: {len(living)}{f' (lost: {lost})' if lost else ''}. CPUs: {sum(node.cpus for node in living):g}. "
            f"GPUs: {gpus:g}. Places: {self.places.total}, for trainings {min(self.places.total, self.places.long)}."
        )

    def to_json(self) -> str:
        """Return one line of JSON that `from_json` reads."""
        return _STATE.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> ClusterState | None:
        """Read `to_json`'s text, None for any other."""
        try:
            return _STATE.validate_json(text)
        except ValidationError:
            return None


_STATE: TypeAdapter[ClusterState] = TypeAdapter(ClusterState)


def node_rows(state: ClusterState, active: Iterable[Work]) -> list[dict[str, Any]]:
    """Return a row for each node, with how many pieces of `active` work run there; raylets of one machine share it."""
    at_work = Counter(work.worker.host.partition(" ")[0] for work in active if work.worker is not None)
    return [
        {
            "node": node.name,
            "state": "alive" if node.alive else "lost",
            "cpus": node.cpus,
            "gpus": node.gpus,
            "gpu": node.gpu,
            "memory": node.memory,
            "at_work": at_work[node.name] if node.alive else 0,
        }
        for node in state.nodes
    ]


def nodes_of(told: list[dict[str, Any]]) -> tuple[Node, ...]:
    """Return what `ray.nodes()` told, living nodes first; of dead ones only names that no living node has."""
    found = [
        Node(
            str(node.get("NodeManagerHostname") or node["NodeManagerAddress"]),
            bool(node["Alive"]),
            float(offers.get("CPU", 0)),
            float(offers.get("GPU", 0)),
            float(offers.get("memory", 0)),
            next((name.partition(":")[2] for name in offers if name.startswith("accelerator_type:")), ""),
        )
        for node in told
        for offers in [node.get("Resources") or {}]
    ]
    living = sorted((node for node in found if node.alive), key=lambda node: node.name)
    names = {node.name for node in living}
    lost = {node.name: node for node in found if node.name not in names}
    return (*living, *(lost[name] for name in sorted(lost)))


def places_on(nodes: tuple[Node, ...], settings: ClusterSettings) -> Places:
    """Return how many pieces of work the living nodes hold, none of them split over two.

    Trainings are bounded by the GPUs where they ask for some; else one place of two and more stays free for what takes
    seconds, as on one machine.
    """
    living = [node for node in nodes if node.alive]
    total = sum(_fit(node.cpus, settings.cpus) for node in living)
    if settings.gpus:
        # A training takes both: a node full of GPUs holds no more than its cores let it.
        both = sum(min(_fit(node.cpus, settings.cpus), _fit(node.gpus, settings.gpus)) for node in living)
        return Places(total, min(both, max(1, total - 1)))
    return Places(total, max(1, total - 1))


def _fit(offered: float, share: float) -> int:
    return int(offered / share + SHARE_TOLERANCE)


def _share(variable: str, default: float, least: float) -> float:
    chosen = os.environ.get(variable, "").strip()
    if not chosen:
        return default
    try:
        share = float(chosen)
    except ValueError:
        share = math.nan
    # Ray gives away fractions of one, and whole numbers above it.
    if not least <= share <= 1024 or (share > 1 and share != int(share)):
        raise ConfigError(f"{variable}: a share of one from {least:g} on, or a whole number (got {chosen[:40]!r})")
    return share
