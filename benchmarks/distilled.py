"""Train the model that ships further, on what teachers say of reviews and of texts made of them by rule.

    python -m benchmarks.distilled write --data FILE.csv.gz --start START --to LAB [--share 1.0]
    python -m benchmarks.distilled teach --start START --to LAB --teacher 0 … 14
    python -m benchmarks.distilled study --start START --to LAB --out STUDENT

`START` holds the weights that `benchmarks.pretrained small` makes of a run of `benchmarks.recipes`. `write` makes the
examples (`benchmarks.variants`). Teachers 0 to 9 learn whole reviews with their labels, each without one of five folds;
10 to 14 learn what the rules say of edited, spliced and written texts as well, and are worse at whole reviews. `study`
trains the weights of `START` on one smooth function of all texts (Hinton et al. 2015, *Distilling the knowledge in a
neural network*): the mean log-odds of the first, of a training review only by those that have not learned it, plus
0.8 of the mean of the others. So an edit does not contradict the reviews that it resembles. Labels and rules are a part
of the target. All use a GPU where there is one; on an H200, 5 to 10 processes side by side, teachers and student took
four minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from benchmarks.learner import Network, Picked
from benchmarks.variants import Examples, Kind, Writer
from sentiment_core.artifacts import WEIGHTS
from sentiment_core.calibration import fit_temperature
from sentiment_core.datasets import TRAIN, load_reviews
from sentiment_core.explain.predictor import Predictor, load, sigmoid
from sentiment_core.progress import silent

FOLDS, LEAN, RICH = 5, range(10), range(10, 15)
RICH_SHARE = 0.8
LABEL_SHARE, RULE_SHARE = 0.4, 0.5
STUDENT_UPDATES = 7_152
ALL = 10**9
# How many of each kind an epoch has, an edited one with what it was made of.
LEAN_EPOCH: Mapping[Kind, int] = {Kind.WHOLE: ALL}
RICH_EPOCH: Mapping[Kind, int] = {
    Kind.WHOLE: ALL,
    Kind.CROP: 5_000,
    Kind.EDITED: 7_000,
    Kind.EDITED_SPAN: 7_000,
    Kind.VERDICT: 5_000,
    Kind.BEHIND: 4_000,
    Kind.SPLICED: 10_000,
    Kind.PHRASES: 5_000,
}
STUDENT_EPOCH: Mapping[Kind, int] = {
    Kind.WHOLE: ALL,
    Kind.CROP: 6_000,
    Kind.MIXED: 16_000,
    Kind.EDITED: 4_000,
    Kind.EDITED_SPAN: 6_000,
    Kind.VERDICT: 5_000,
    Kind.BEHIND: 4_000,
    Kind.SPLICED: 5_000,
    Kind.PHRASES: 6_000,
}
LONG_KINDS = (Kind.WHOLE, Kind.MIXED, Kind.CROP)
RULED_KINDS = (Kind.EDITED, Kind.EDITED_SPAN, Kind.VERDICT, Kind.BEHIND, Kind.SPLICED, Kind.PHRASES)


def picker(examples: Examples, epoch: Mapping[Kind, int], fold: int | None = None) -> Picked:
    """Return what draws the examples of an epoch; none that was made of a review of `fold`."""
    allowed = examples.reviews % FOLDS != fold if fold is not None else np.ones(len(examples.kinds), dtype=bool)
    allowed |= examples.reviews < 0
    pools = {kind: np.flatnonzero((examples.kinds == kind) & allowed) for kind in epoch}

    def pick(rng: np.random.Generator) -> np.ndarray:
        found = []
        for kind, count in epoch.items():
            drawn = rng.choice(pools[kind], min(count, len(pools[kind])), replace=False)
            found += [drawn, drawn - 1] if kind in {Kind.EDITED, Kind.EDITED_SPAN} else [drawn]
        return np.concatenate(found)

    return pick


def dropouts(examples: Examples) -> np.ndarray:
    """Return the share of tokens `(N,)` to hide: few of a text in which each may be the one that counts."""
    return np.where(np.isin(examples.kinds, LONG_KINDS), 0.25, 0.08).astype(np.float32)


def teach(options: argparse.Namespace) -> None:
    """Train teachers and keep what each says of all examples."""
    start, examples = load("start", options.start), read(options.to)
    whole = examples.kinds == Kind.WHOLE
    for number in options.teacher:
        fold = number % FOLDS
        if number in RICH:
            network = Network(start, 100 + number, layers=2)
            targets = np.where(whole, 0.03 + 0.94 * examples.targets, examples.targets).astype(np.float32)
            pick = picker(examples, RICH_EPOCH, fold)
            network.train(examples, targets, dropouts(examples), pick, epochs=options.epochs, seed=100 + number)
        else:
            network = Network(start, 200 + number, layers=1 if number < FOLDS else 2)
            hidden = np.full(len(examples.starts), 0.3, dtype=np.float32)
            pick = picker(examples, LEAN_EPOCH, fold)
            longer = {"longest": 1_000, "tokens": 64_000}
            network.train(examples, examples.targets, hidden, pick, epochs=options.epochs, seed=200 + number, **longer)
        np.save(options.to / f"teacher_{number}.npy", network.ask(examples, 1_000).astype(np.float16))


def soft_targets(examples: Examples, opinions: Mapping[int, np.ndarray]) -> np.ndarray:
    """Return P(positive) `(N,)` that the student learns, of the log-odds `(N,)` of each teacher by its number."""
    whole = examples.kinds == Kind.WHOLE
    lean = np.mean([opinions[number] for number in LEAN], axis=0)
    unseen = np.stack([examples.reviews % FOLDS == number % FOLDS for number in LEAN])
    asked = np.where(unseen, [opinions[number] for number in LEAN], 0).sum(axis=0)
    lean[whole] = asked[whole] / unseen.sum(axis=0)[whole]
    rich = np.mean([opinions[number] for number in RICH], axis=0)
    temperature = fit_temperature((lean + RICH_SHARE / 2 * rich)[whole], examples.targets[whole].astype(int))
    targets = sigmoid((lean + RICH_SHARE * rich) / temperature)
    ruled = np.isin(examples.kinds, RULED_KINDS)
    targets[whole] = LABEL_SHARE * examples.targets[whole] + (1 - LABEL_SHARE) * targets[whole]
    targets[ruled] = RULE_SHARE * examples.targets[ruled] + (1 - RULE_SHARE) * targets[ruled]
    return targets.astype(np.float32)


def study(options: argparse.Namespace) -> None:
    """Train the student from the weights of the start and write its own."""
    start, examples = load("start", options.start), read(options.to)
    opinions = {number: np.load(options.to / f"teacher_{number}.npy").astype(np.float32) for number in (*LEAN, *RICH)}
    targets = soft_targets(examples, opinions)
    network = Network(start, 1, trained=True)
    pick = picker(examples, STUDENT_EPOCH)
    network.train(
        examples,
        targets,
        dropouts(examples),
        pick,
        epochs=ALL,
        seed=1,
        updates=options.updates,
        rate=2e-3,
        averaging=0.999,
        longest=800,
        tokens=48_000,
    )
    save(network, options.out)


def save(network: Network, folder: Path) -> None:
    """Write the weights in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = network.model.state_dict().items()
    save_file({name: value.detach().half().cpu().contiguous() for name, value in weights}, folder / WEIGHTS)


def write(options: argparse.Namespace) -> None:
    """Write the examples."""
    start = load("start", options.start)
    examples = Writer(start, *training_rows(start, options.data)).write(options.share)
    options.to.mkdir(parents=True, exist_ok=True)
    np.savez(options.to / "examples.npz", **examples._asdict())
    print(f"{len(examples.starts):,} examples, {len(examples.ids):,} tokens")


def training_rows(start: Predictor, path: str) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the source ids `(T,)` of every training review that has known words, and the labels `(N,)`."""
    reviews = load_reviews(start.config.data.model_copy(update={"path": path}), silent)
    members = np.flatnonzero(reviews.parts == TRAIN)
    texts = [reviews.texts[place] for place in members]
    rows = [start.cut(ids) for chunk in start.encoder.encode_known(texts) for ids in chunk]
    labels = np.asarray(reviews.labels)[members].astype(int)
    filled = [place for place, row in enumerate(rows) if len(row)]
    return [rows[place] for place in filled], labels[filled]


def read(folder: Path) -> Examples:
    """Return what `write` left."""
    with np.load(folder / "examples.npz") as file:
        return Examples(**file)


def main() -> None:
    """Do one of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True)
    for do in (write, teach, study):
        step = steps.add_parser(do.__name__)
        step.add_argument("--start", type=Path, required=True)
        step.add_argument("--to", type=Path, required=True)
        step.set_defaults(do=do)
    steps.choices["write"].add_argument("--data", required=True)
    steps.choices["write"].add_argument("--share", type=float, default=1.0)
    steps.choices["teach"].add_argument("--teacher", type=int, nargs="+", default=[*LEAN, *RICH])
    steps.choices["teach"].add_argument("--epochs", type=int, default=5)
    steps.choices["study"].add_argument("--out", type=Path, required=True)
    steps.choices["study"].add_argument("--updates", type=int, default=STUDENT_UPDATES)
    options = parser.parse_args()
    torch.set_flush_denormal(True)
    options.do(options)


if __name__ == "__main__":
    main()
