"""Make the model that ships with the product, and its card, out of a run of `benchmarks.recipes`.

    python -m benchmarks.pretrained --run RUN_ID [--words 18000] [--machine "one GPU"]

Keeps the most frequent words of the training reviews, halves the precision, and fits the temperature (Guo et al. 2017)
on the validation part. The figures on the card are measured on the result, through the same code as the Explain page.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np

from sentiment_core.artifacts import run_place
from sentiment_core.calibration import expected_calibration_error, fit_temperature
from sentiment_core.datasets import TEST, VALIDATION, load_reviews
from sentiment_core.explain.catalogue import PRETRAINED_FOLDER
from sentiment_core.explain.predictor import load
from sentiment_core.seen import is_in, learned_from, write_seen
from sentiment_core.steps.rules import EVEN_LOG_ODDS, correct
from sentiment_core.store import Store
from sentiment_core.training.sentiment import prepare_corpora
from sentiment_core.training.shrink import shrink

CARD = """# The pretrained model

| | |
|---|---|
| recipe | `{preset}`: {network} |
| files | {size:,} bytes: half-precision weights with the vectors of {words:,} words, the words, and hashes of the \
reviews it learned from |
| reviews | {count:,} IMDb reviews (Maas et al. 2011), notebook split 80/20, 10 % of training for validation |
| commands | `python -m benchmarks.recipes --data movie.csv.gz --presets {preset} --seeds {seed} \
--precision {precision}`, then `python -m benchmarks.pretrained --run RUN_ID` |
| training | {epochs} epochs, {steps:,} updates, {seconds:.0f} s on {machine} |
| temperature | {temperature:.3f}, fitted on the validation part |
| validation | accuracy {validation:.4f} |
| **test** | **accuracy {test:.4f}, expected calibration error {ece:.4f}** ({raw:.4f} before the temperature) \
on {test_count:,} test reviews |
| copies | {copies:,} of the test reviews have their text in training or validation as well; accuracy {unseen:.4f} \
on the {unseen_count:,} others |

All choices were made on the validation part. Before it was made small this run had a test accuracy of {full:.4f}.

It reads the first {max_tokens:,} known tokens of a review. It knows film reviews in English from before 2011 and
nothing else: on other text its probability means little, and its errors follow the taste of its data.
"""


def main() -> None:
    """Shrink, calibrate, measure, write the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--preset", default="best")
    parser.add_argument("--words", type=int, default=18_000)
    parser.add_argument("--machine", default="two CPU cores", help="what the run was trained on, for the card")
    options = parser.parse_args()
    with Store() as store:
        run = store.run(options.run)
    config = run.config
    quiet = lambda message, share: None  # noqa: E731
    reviews = load_reviews(config.data, quiet)
    (corpus,) = prepare_corpora(config, reviews, quiet)
    source = run_place(run.experiment_id, run.id)
    shrink(source, PRETRAINED_FOLDER, corpus, options.words)
    model = load("pretrained", PRETRAINED_FOLDER)
    labels = np.asarray(reviews.labels)
    logits = {}
    for part in (VALIDATION, TEST):
        members = np.flatnonzero(reviews.parts == part)
        texts = [reviews.texts[index] for index in members]
        rows = [model.cut(ids) for chunk in model.encoder.encode_known(texts) for ids in chunk]
        logits[part] = (model.logits(rows), labels[members])
    temperature = fit_temperature(*logits[VALIDATION])
    validation, test = (float(correct(values, truth, EVEN_LOG_ODDS).mean()) for values, truth in logits.values())
    values, truth = logits[TEST]
    raw, ece = (expected_calibration_error(1 / (1 + np.exp(-values / scale)), truth) for scale in (1.0, temperature))
    write_seen(PRETRAINED_FOLDER, reviews)
    fresh = ~is_in([reviews.texts[index] for index in reviews.select(TEST)], learned_from(reviews))
    description = json.loads((PRETRAINED_FOLDER / "model.json").read_text())
    description["config"]["data"]["path"] = Path(config.data.path or "imdb").name
    network = (
        f"bidirectional {config.model.cell.upper()}, {config.model.hidden_size} units per direction, "
        f"{' + '.join(config.model.pooling)}"
    )
    description["details"] = {
        "name": "Pretrained on IMDb",
        "description": network,
        "test_accuracy": round(test, 4),
        "validation_accuracy": round(validation, 4),
        "test_ece": round(ece, 4),
        "temperature": round(temperature, 4),
    }
    (PRETRAINED_FOLDER / "model.json").write_text(json.dumps(description, indent=1) + "\n")
    card = CARD.format(
        preset=options.preset,
        network=network,
        size=sum(path.stat().st_size for path in PRETRAINED_FOLDER.iterdir() if path.suffix != ".md"),
        words=len(model.vectors.words),
        count=len(reviews.texts),
        seed=config.seed,
        precision=config.training.precision,
        epochs=config.training.epochs,
        steps=run.steps,
        seconds=run.seconds,
        machine=options.machine,
        temperature=temperature,
        validation=validation,
        test=test,
        test_count=len(truth),
        copies=int((~fresh).sum()),
        unseen=float(np.mean((values[fresh] > 0) == (truth[fresh] == 1))),
        unseen_count=int(fresh.sum()),
        ece=ece,
        raw=raw,
        full=run.test_accuracy or math.nan,
        max_tokens=config.data.max_tokens,
    )
    (PRETRAINED_FOLDER / "README.md").write_text(card)
    print(card)


if __name__ == "__main__":
    main()
