"""What pre-training is worth to a classifier of reviews: fine-tuned against from scratch, over seeds.

    python -m benchmarks.finetuning --data movie.csv.gz --labelled 2000 --seeds 1,2,3

Starts from the encoder that ships (`benchmarks.bert_models` makes it); then trains twins that differ in nothing but
`model.transfer`, as the preset `bert-finetune-reviews` does; of each the epoch that validates best is kept. What they
learn from, and what they are tested on, are reviews of the pre-training's test part, which it has not read. Copies of a
text count once. One more run learns from the labels of all reviews that the pre-training read, and is tested on that
whole part. Writes `sentiment_core/recorded/fine-tuning.json`, of which the lesson about [CLS] speaks; no text of a
review is kept. Processor time is that of one thread.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from sentiment_core.artifacts import folder
from sentiment_core.batches import collate
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.corpus import prepare_pieces
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, load_reviews
from sentiment_core.findings.recorded_tuning import TUNINGS, FineTunings, Probe, Recipe, Whole
from sentiment_core.findings.recorded_words import PRETRAINING, PRETRAININGS
from sentiment_core.metrics import Status
from sentiment_core.models.reviews import WORD_TABLE, ReviewTransformer
from sentiment_core.presets import preset
from sentiment_core.progress import silent
from sentiment_core.recorded import recording
from sentiment_core.shipped_bert import shipped_config
from sentiment_core.store import Store, WorkProgress
from sentiment_core.training.fine_tuning import FineTuningTask
from sentiment_core.training.pretrained import load_pretrained
from sentiment_core.work.training import train_here

JUDGING = ("good", "bad", "wonderful", "terrible", "boring")
TESTED, VALIDATED = 3_000, 0.1


def split(pretraining: ExperimentConfig, labelled: int) -> Path:
    """Write labelled and tested reviews that a pre-training has not read, with a column `split`; return where."""
    reviews = load_reviews(pretraining.data, silent)
    rows = reviews.select(TEST)
    rows = rows[np.unique(reviews.hashes[rows], return_index=True)[1]]
    data = pd.DataFrame({"text": [reviews.texts[row] for row in rows], "label": reviews.labels[rows]})
    order = np.random.default_rng(0).permutation(len(data))
    test, validation, train = np.split(order[: TESTED + labelled], [TESTED, TESTED + int(VALIDATED * labelled)])
    parts = {"test": test, "validation": validation, "train": train}
    place = folder("uploads") / "finetuning.csv"
    pd.concat([data.iloc[rows].assign(split=part) for part, rows in parts.items()]).to_csv(place, index=False)
    return place


def said(told: WorkProgress) -> None:
    """Print how far a training is, now and then."""
    if told.step and told.step % 100 == 0:
        print(f"  update {told.step:,} of {told.total_steps:,}", flush=True)


@dataclass(frozen=True)
class Trained:
    """What a training reached: test accuracies by its runs' names, and processor time in seconds."""

    accuracies: dict[str, float]
    seconds: float


def trained(config: ExperimentConfig) -> Trained:
    """Train in this process, unless this home has done so before; what it took is printed."""
    started = time.process_time()
    with Store() as store:
        before = [one for one in store.experiments() if one.status is Status.FINISHED and one.config == config]
        # How much processor time it took is known of none that was trained before.
        kept = len(config.runs) > 1 and before
        experiment = before[0] if kept else train_here(store, config, said)
    seconds = time.process_time() - started
    reached_by = {run.name: run.test_accuracy for run in experiment.runs}
    print(f"{config.name}, seed {config.seed}: {reached_by}, {seconds:.0f} s of CPU", flush=True)
    accuracies = {name: value for name, value in reached_by.items() if value is not None}
    if len(accuracies) < len(reached_by):
        raise SystemExit(f"{config.name}: {experiment.error or experiment.status}; nothing is recorded")
    return Trained(accuracies, seconds)


def tunings(options: argparse.Namespace) -> tuple[ExperimentConfig, list[ExperimentConfig]]:
    """Return the fine-tuning on all labelled reviews, and the twins on a few, an experiment a seed."""
    before = from_fields({"data.path": options.data}, shipped_config(PRETRAINING))
    base: dict[str, Any] = {
        "device": "cpu",
        "snapshots": 0,
        "data.source": "csv",
        # In one thread, so that processor time is that of the arithmetic.
        "training.halves": "never",
    }
    ours = preset("bert-finetune-reviews").config
    own = before.data
    whole = from_fields({**base, "data.path": own.path, "data.split": own.split}, ours)
    few = {
        "data.path": str(split(before, options.labelled)),
        "data.split": "column",
        "training.epochs": options.epochs,
        # Never stops, and keeps the best.
        "training.early_stopping": options.epochs,
    }
    twins = with_runs(ours, preset("bert-finetune").config.runs)
    seeds = [from_fields({**base, **few, "seed": seed}, twins) for seed in map(int, options.seeds.split(","))]
    return with_runs(whole, [RunConfig(name="fine-tuned", overrides={"model.transfer": True})]), seeds


def recipe(config: ExperimentConfig) -> Recipe:
    """Return what is told of how it learns."""
    data, training = config.data, config.training
    assert data.max_tokens is not None
    return Recipe(
        data.max_tokens,
        data.keep,
        training.epochs,
        training.learning_rate,
        training.embedding_rate,
        best=training.early_stopping is not None,
    )


def probed(config: ExperimentConfig) -> Probe:
    """Return what linear classifiers make of the pre-trained encoder, of its weights as they are, and of the words."""
    found, reviews = load_pretrained(PRETRAINING), load_reviews(config.data, silent)
    corpus = prepare_pieces(config.data, reviews, found.pieces, silent)
    cpu = torch.device("cpu")
    (model,) = FineTuningTask().models([config], [corpus], cpu)
    assert isinstance(model, ReviewTransformer)
    model.eval()
    learned = np.flatnonzero(reviews.parts != TEST)
    asked = np.flatnonzero(reviews.parts == TEST)
    seen: list[torch.Tensor] = []
    model.transformer.final_norm.register_forward_hook(lambda *called: seen.append(called[-1]))
    states: list[tuple[np.ndarray, np.ndarray]] = []
    with torch.inference_mode():
        for rows in np.array_split(np.concatenate([learned, asked]), 100):
            batch = collate(corpus, rows)
            model(batch.token_ids, batch.lengths)
            states.append(summed(seen.pop(), batch.lengths))
    cls, mean = (np.concatenate(side) for side in zip(*states, strict=True))
    labels = reviews.labels

    def accuracy(features: Any, strength: float) -> float:
        fitted = LogisticRegression(C=strength, max_iter=5_000).fit(features[: len(learned)], labels[learned])
        return float(fitted.score(features[len(learned) :], labels[asked]))

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    words.fit([reviews.texts[row] for row in learned])
    table = torch.nn.functional.normalize(found.tensors[WORD_TABLE].float())
    vocabulary = found.pieces.vocabulary
    near = (table @ table.T).fill_diagonal_(-1.0).argmax(dim=1).tolist()
    return Probe(
        cls=accuracy(standard(cls, len(learned)), 0.01),
        mean=accuracy(standard(mean, len(learned)), 0.01),
        words=accuracy(words.transform([reviews.texts[row] for row in [*learned, *asked]]), 30.0),
        nearest=tuple((word, vocabulary[near[vocabulary.index(word)]]) for word in JUDGING if word in vocabulary),
    )


def summed(states: torch.Tensor, lengths: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return of states `(B, T + 2, H)` that of [CLS], and the mean of the pieces', `(B, H)` each."""
    real = (torch.arange(states.shape[1] - 2) < lengths[:, None])[..., None]
    mean = (states[:, 1:-1] * real).sum(dim=1) / real.sum(dim=1)
    return states[:, 0].numpy(), mean.numpy()


def standard(features: np.ndarray, learned: int) -> np.ndarray:
    """Return features `(N, H)` with mean 0 and deviation 1 over the first `learned` rows."""
    known = features[:learned]
    return np.asarray((features - known.mean(axis=0)) / known.std(axis=0))


def main() -> None:
    """Train on all labels and the twins of each seed, record what they reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="the file that the encoder that ships has read")
    parser.add_argument("--labelled", type=int, default=2_000)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--epochs", type=int, default=4, help="on a few labelled reviews")
    parser.add_argument("--processes", type=int, default=1, help="trainings at a time")
    options = parser.parse_args()
    recorded = PRETRAININGS.read().recordings[PRETRAINING]
    start = recording(PRETRAINING).recorded.runs[0]
    assert recorded.reached is not None  # `benchmarks.bert_models` wrote it
    whole, twins = tunings(options)
    probe = probed(twins[0])
    print(probe.sentence, flush=True)
    with ProcessPoolExecutor(options.processes, multiprocessing.get_context("spawn")) as pool:
        everything, *few = pool.map(trained, [whole, *twins])
    parts = load_reviews(whole.data, silent).parts
    found = FineTunings(
        labelled=options.labelled,
        tested=TESTED,
        recipe=recipe(twins[0]),
        scratch=tuple(one.accuracies["from scratch"] for one in few),
        tuned=tuple(one.accuracies["fine-tuned"] for one in few),
        updates=start.steps,
        read=start.tokens,
        reached=recorded.reached,
        probe=probe,
        whole=Whole(
            labelled=int(np.isin(parts, (TRAIN, VALIDATION)).sum()),
            tested=int((parts == TEST).sum()),
            recipe=recipe(whole),
            accuracy=everything.accuracies["fine-tuned"],
            cpu_seconds=everything.seconds,
            before_seconds=recorded.cpu_seconds,
        ),
    )
    TUNINGS.write(found)
    print(*found.sentences, sep="\n", flush=True)


if __name__ == "__main__":
    main()
