"""Make the model that ships with the product, and its card.

    python -m benchmarks.pretrained small --run RUN_ID --to START [--words 18000]
    python -m benchmarks.edited --data FILE.csv.gz --start START --out EDITED
    python -m benchmarks.pretrained choose --data FILE.csv.gz --start START --edited EDITED …
    python -m benchmarks.pretrained ship --data FILE.csv.gz --start START --edited EDITED … [--share 1.0]

`small` keeps the most frequent words of the training reviews of a run of `benchmarks.recipes` and halves the precision.
`choose` prints what each share of the edited weights reaches on the validation part and on the pairs for choosing.
`ship` takes the mean of the weights that `benchmarks.edited` left (Wortsman et al. 2022, *Model soups*), a `--share` of
it and the rest of the start (*Robust fine-tuning of zero-shot models*, 2022), fits the temperature (Guo et al. 2017) on
the validation part, and measures everything on the card through the same code as the Explain page.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from benchmarks.edited_pairs import HALVES, PairFigures, measure, read_pairs
from sentiment_core.artifacts import MODEL, WEIGHTS, run_place
from sentiment_core.calibration import expected_calibration_error, fit_temperature
from sentiment_core.datasets import TEST, VALIDATION, Reviews, load_reviews
from sentiment_core.datasets.demo import generate
from sentiment_core.explain.catalogue import PRETRAINED_FOLDER
from sentiment_core.explain.predictor import Predictor, load, sigmoid
from sentiment_core.progress import silent
from sentiment_core.seen import is_in, learned_from, write_seen
from sentiment_core.steps.rules import EVEN_LOG_ODDS, correct
from sentiment_core.store import Store
from sentiment_core.training.sentiment import prepare_corpora
from sentiment_core.training.shrink import shrink

DEMO_REVIEWS = 2_000

CARD = """# The pretrained model

| | |
|---|---|
| recipe | `best`: {network}; then trained further on edited reviews |
| files | {size:,} bytes: half-precision weights with the vectors of {words:,} words, the words, and hashes of the \
reviews it learned from |
| reviews | {count:,} IMDb reviews (Maas et al. 2011), notebook split 80/20, 10 % of training for validation |
| commands | `python -m benchmarks.recipes --data movie.csv.gz --presets best --seeds {seed} --precision {precision}`, \
`python -m benchmarks.pretrained small --run RUN_ID --to START`, {edited}, \
`python -m benchmarks.pretrained ship --data movie.csv.gz --start START --edited {folders} --share {share:g}` |
| training | {epochs} epochs on one NVIDIA H100 (18 s), then {updates} updates on {machine} |
| temperature | {temperature:.3f}, fitted on the validation part |

Trained further means: training reviews beside the same ones edited by rule so that they say the opposite
(`benchmarks/edits.py`: praise and blame exchanged, verbs and copulas negated, hopes, ratings), spans of one to four of
their sentences, and short opinions written by rule (`benchmarks/verdicts.py`), among whole reviews as they are. No text
edited by others was used, neither to train nor to choose.

| | before | this model |
|---|---|---|
| validation, {validation_count:,} reviews: accuracy | {before.validation:.4f} | {now.validation:.4f} |
| **test, {test_count:,} reviews: accuracy** | {before.test:.4f} | **{now.test:.4f}** |
| test: expected calibration error | {before.error:.4f} | **{now.error:.4f}** ({now.raw_error:.4f} without \
the temperature) |
| the {fresh_count:,} test reviews that have no copy in training or validation: accuracy | {before.fresh:.4f} | \
{now.fresh:.4f} |
{pairs}
| {demo_count:,} demo reviews, whose sentences it never saw: accuracy | {before.demo:.3f} | {now.demo:.3f} |

The pairs are our own (`benchmarks/edited_pairs.txt`): a review, and the same one with the few words edited that flip
its label. All choices were made on the validation part and on the pairs for choosing; the others were measured at the
end. They are {pair_count} pairs each: a share of them is uncertain by ± {uncertain:.2f}.

It reads the first {max_tokens:,} known tokens of a review. It knows film reviews in English from before 2011 and
nothing else: on other text its probability means little, and its errors follow the taste of its data.
"""


class Figures(NamedTuple):
    """What a model reaches: accuracies and calibration errors, 0..1, and its figures on the pairs by half."""

    validation: float
    test: float
    error: float
    raw_error: float
    fresh: float
    demo: float
    pairs: dict[str, PairFigures]


def main() -> None:
    """Do one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True)
    small = steps.add_parser("small")
    small.add_argument("--run", required=True)
    small.add_argument("--to", type=Path, required=True)
    small.add_argument("--words", type=int, default=18_000)
    small.set_defaults(do=make_small)
    middle, last = steps.add_parser("choose"), steps.add_parser("ship")
    for step in (middle, last):
        step.add_argument("--data", required=True)
        step.add_argument("--start", type=Path, required=True)
        step.add_argument("--edited", type=Path, nargs="+", required=True)
    middle.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    middle.set_defaults(do=choose)
    last.add_argument("--share", type=float, default=1.0)
    last.add_argument("--machine", default="one CPU core", help="what they were trained on, for the card")
    last.set_defaults(do=ship)
    options = parser.parse_args()
    options.do(options)


def make_small(options: argparse.Namespace) -> None:
    """Write a run's model with fewer words, calibrated."""
    with Store() as store:
        run = store.run(options.run)
    reviews = load_reviews(run.config.data, silent)
    (corpus,) = prepare_corpora(run.config, reviews, silent)
    shrink(run_place(run.experiment_id, run.id), options.to, corpus, options.words)
    description = json.loads((options.to / MODEL).read_text())
    # `unified` writes entities, Unicode forms and typographic signs one way first, then does what `word` does.
    description["config"]["data"] |= {"path": Path(run.config.data.path or "imdb").name, "tokenizer": "unified"}
    (options.to / MODEL).write_text(json.dumps(description, indent=1) + "\n")
    predictor = load("start", options.to)
    temperature = fit_temperature(*answers(predictor, reviews, VALIDATION))
    description["details"] = {"temperature": round(temperature, 4)}
    (options.to / MODEL).write_text(json.dumps(description, indent=1) + "\n")


def choose(options: argparse.Namespace) -> None:
    """Print what each share reaches; the test part and the pairs kept back are not looked at."""
    start = load("start", options.start)
    reviews = load_reviews(start.config.data.model_copy(update={"path": options.data}), silent)
    with TemporaryDirectory() as folder:
        asked = Path(folder)
        for name in ("words.json", MODEL):
            copyfile(options.start / name, asked / name)
        for share in options.shares:
            edited = [place / WEIGHTS for place in options.edited]
            save_file(mix(options.start / WEIGHTS, edited, share), asked / WEIGHTS)
            predictor = load("asked", asked)
            predictor.temperature = 1.0
            values, truth = answers(predictor, reviews, VALIDATION)
            predictor.temperature = fit_temperature(values, truth)
            accuracy = float(correct(values, truth, EVEN_LOG_ODDS).mean())
            error = expected_calibration_error(sigmoid(values / predictor.temperature), truth)
            found = measure(predictor, read_pairs("choosing"))
            print(
                f"share {share:.2f}: validation {accuracy:.4f}, calibration error {error:.4f}; pairs both right "
                f"{found.both:.3f}, edited {found.edited:.3f}, calibration error {found.edited_error:.3f}",
                flush=True,
            )


def ship(options: argparse.Namespace) -> None:
    """Mix, calibrate, measure beside the start, write the card."""
    start = load("start", options.start)
    reviews = load_reviews(start.config.data.model_copy(update={"path": options.data}), silent)
    PRETRAINED_FOLDER.mkdir(exist_ok=True)
    mixed = mix(options.start / WEIGHTS, [folder / WEIGHTS for folder in options.edited], options.share)
    save_file(mixed, PRETRAINED_FOLDER / WEIGHTS)
    for name in ("words.json", MODEL):
        copyfile(options.start / name, PRETRAINED_FOLDER / name)
    write_seen(PRETRAINED_FOLDER, reviews)
    predictor = load("pretrained", PRETRAINED_FOLDER)
    predictor.temperature = 1.0
    predictor.temperature = round(fit_temperature(*answers(predictor, reviews, VALIDATION)), 4)
    before, now = (figures(model, reviews) for model in (start, predictor))
    config = predictor.config
    network = (
        f"bidirectional {config.model.cell.upper()}, {config.model.hidden_size} units per direction, "
        f"{' + '.join(config.model.pooling)}"
    )
    description = json.loads((PRETRAINED_FOLDER / MODEL).read_text())
    description["details"] = {
        "name": "Pretrained on IMDb",
        "description": network,
        "test_accuracy": round(now.test, 4),
        "validation_accuracy": round(now.validation, 4),
        "test_ece": round(now.error, 4),
        "temperature": predictor.temperature,
    }
    (PRETRAINED_FOLDER / MODEL).write_text(json.dumps(description, indent=1) + "\n")
    made = [_made(folder / WEIGHTS) for folder in options.edited]
    names = [f"EDITED{number}" for number in range(1, len(made) + 1)]
    card = CARD.format(
        network=network,
        size=sum(
            path.stat().st_size for path in PRETRAINED_FOLDER.iterdir() if path.is_file() and path.suffix != ".md"
        ),
        words=len(predictor.vectors.words),
        count=len(reviews),
        seed=config.seed,
        precision=config.training.precision,
        edited=", ".join(
            f"`python -m benchmarks.edited --data movie.csv.gz --start START --out {name} --seed {item['seed']}`"
            for name, item in zip(names, made, strict=True)
        ),
        folders=" ".join(names),
        share=options.share,
        epochs=config.training.epochs,
        updates=" and ".join(f"{int(item['updates']):,}" for item in made),
        machine=options.machine,
        temperature=predictor.temperature,
        before=before,
        now=now,
        validation_count=len(reviews.select(VALIDATION)),
        test_count=len(reviews.select(TEST)),
        fresh_count=int(_fresh(reviews).sum()),
        pairs="\n".join(_pair_rows(before, now)),
        pair_count=len(read_pairs(HALVES[1])),
        uncertain=1.96 * (0.75 * 0.25 / len(read_pairs(HALVES[1]))) ** 0.5,
        demo_count=DEMO_REVIEWS,
        max_tokens=config.data.max_tokens,
    )
    (PRETRAINED_FOLDER / "README.md").write_text(card)
    print(card)


def mix(start: Path, edited: list[Path], share: float) -> dict[str, torch.Tensor]:
    """Return `share` of the mean of the `edited` weights plus the rest of the `start`, in half precision."""
    first, others = load_file(start), [load_file(path) for path in edited]
    return {
        name: torch.lerp(value.float(), sum(other[name].float() for other in others) / len(others), share).half()
        for name, value in first.items()
    }


def answers(predictor: Predictor, reviews: Reviews, part: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-odds `(N,)` and labels `(N,)` of the reviews of a part."""
    members = reviews.select(part)
    texts = [reviews.texts[place] for place in members]
    rows = [predictor.cut(ids) for chunk in predictor.encoder.encode_known(texts) for ids in chunk]
    return predictor.logits(rows), np.asarray(reviews.labels)[members]


def figures(predictor: Predictor, reviews: Reviews) -> Figures:
    """Measure a model on both parts, on the pairs and on demo reviews."""
    validation = float(correct(*answers(predictor, reviews, VALIDATION), EVEN_LOG_ODDS).mean())
    values, truth = answers(predictor, reviews, TEST)
    right = correct(values, truth, EVEN_LOG_ODDS)
    error, raw = (
        expected_calibration_error(sigmoid(logits), truth) for logits in (values, values * predictor.temperature)
    )
    demo = generate(DEMO_REVIEWS)
    return Figures(
        validation,
        float(right.mean()),
        error,
        raw,
        float(right[_fresh(reviews)].mean()),
        float(correct(predictor.predict(demo.texts), demo.labels, 0.5).mean()),
        {half: measure(predictor, read_pairs(half)) for half in HALVES},
    )


def _fresh(reviews: Reviews) -> np.ndarray:
    return ~is_in([reviews.texts[place] for place in reviews.select(TEST)], learned_from(reviews))


def _pair_rows(before: Figures, now: Figures) -> list[str]:
    rows = []
    for half, used in zip(HALVES, ("used for choosing", "**kept back**"), strict=True):
        first, second = before.pairs[half], now.pairs[half]
        rows.append(f"| edited pairs {used}: both texts right | {first.both:.3f} | {second.both:.3f} |")
        rows.append(
            f"| the same: edited texts right (calibration error) | {first.edited:.3f} ({first.edited_error:.3f}) | "
            f"{second.edited:.3f} ({second.edited_error:.3f}) |"
        )
    return rows


def _made(path: Path) -> dict[str, str]:
    with safe_open(path, "pt") as file:
        return dict(file.metadata())


if __name__ == "__main__":
    main()
