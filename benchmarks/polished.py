"""Train the model that ships further on short opinions, many negated or ironic, and hold it to itself otherwise.

    python -m benchmarks.polished --data FILE.csv.gz --start SHIPPED --to LAB --out POLISHED

`SHIPPED` is a copy of what `benchmarks.pretrained ship` left, `LAB` has the examples of `benchmarks.distilled write`.
Each update sees short opinions, written anew (`benchmarks.verdicts`, set phrases, `ironies.txt`), and whole, cut, mixed
and spliced reviews, of which it is to say what the model that it began with says, with the same words hidden (Li and
Hoiem 2016, *Learning without forgetting*). No opinion shares four words in a row with an example of the Explain page,
or six with what `benchmarks.stumbles` asks.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.distilled import read, save, training_rows
from benchmarks.edited_pairs import HALVES
from benchmarks.edits import Tokens
from benchmarks.learner import DEVICE, Network, gather, one_cycle
from benchmarks.stumbles import read_stumbles
from benchmarks.variants import Examples, Kind, Writer
from benchmarks.verdicts import verdict
from sentiment_core.explain.predictor import Predictor, load
from ui.kit.examples import EXAMPLES

# By slot of `ironies.txt`.
WORDS = {
    "n": "sequel remake prequel musical western thriller comedy romance blockbuster spin-off cartoon slasher fantasy",
    "h": "hero heroine villain detective lover monster cop couple doctor robot",
    "v": "wonderful great marvelous clever fascinating thrilling beautiful original witty exciting inspired funny"
    " brilliant amazing charming lovely",
    "w": "car gun sword train dance love chase battle",
    "u": "two three four",
    "m": "masterpiece triumph classic miracle",
}
IRONIES = Path(__file__).with_name("ironies.txt")
FURTHER = Path(__file__).with_name("further_phrases.txt")
LONGEST, LONGEST_OPINION = 350, 250
HIDDEN, HIDDEN_OF_OPINIONS = (0.0, 0.12, 0.24), 0.06
SHARES = {Kind.WHOLE: 0.6, Kind.CROP: 0.12, Kind.MIXED: 0.18, Kind.SPLICED: 0.1}


# Token ids and the P(positive) to be learned.
Text = tuple[list[int], float]


class Source(NamedTuple):
    """Short texts to learn: how one is written, for a label where it asks; how many an update has; their weight."""

    write: Callable[[int], Text]
    count: int
    weight: float


class Stage(NamedTuple):
    """How a stage trains: updates, peak rate, tokens of reviews an update, share of the past in the mean of weights.

    `nearness`: weight of the log-odds' distance beside that of the probabilities.
    """

    updates: int
    rate: float
    tokens: int
    averaging: float
    nearness: float


class Opinionated(NamedTuple):
    """A stage with its opinions: how many an update, their weight, the share of ironic ones."""

    stage: Stage
    opinions: int
    weight: float
    irony: float


STAGES = (
    Opinionated(Stage(1_600, 6e-4, 2_200, 0.97, 0.0), 32, 0.5, 0.25),
    Opinionated(Stage(5_000, 2.5e-4, 4_000, 0.998, 0.02), 40, 0.12, 0.15),
)


class Opinions:
    """Writes short opinions as token ids, with the P(positive) to be learned."""

    def __init__(self, start: Predictor, writer: Writer, seed: int) -> None:
        self.writer, self.rng = writer, Random(seed)
        self.phrases = [[*one, *further] for one, further in zip(writer.phrases, writer.encoded(FURTHER), strict=True)]
        lines = [line.split(" / ") for line in IRONIES.read_text(encoding="utf-8").strip().splitlines()]
        self.ironies = [[line[1] for line in lines], [line[0] for line in lines]]
        asked = [item.text for half in HALVES for item in read_stumbles(half)]
        self.forbidden = {4: _runs(_tokens(start, EXAMPLES.values()), 4), 6: _runs(_tokens(start, asked), 6)}

    def source(self, count: int, weight: float, irony: float) -> Source:
        """Return opinions as something to learn."""
        return Source(lambda label: self.write(label, irony), count, weight)

    def allowed(self, words: Tokens) -> bool:
        """Tell whether a text shares no run of words with what is asked."""
        return not any(_runs([words], size) & runs for size, runs in self.forbidden.items())

    def write(self, label: int, irony: float) -> Text:
        """Return one, 1 for praise and 0 for blame."""
        while True:
            parts, target = self._said(label, irony)
            words = [word for part in parts for word in part]
            if not self.allowed(words):
                continue
            if ids := [self.writer.places[word] for word in words if word in self.writer.places]:
                return ids[:LONGEST_OPINION], target if label else 1 - target

    def _said(self, label: int, irony: float) -> tuple[list[Tokens], float]:
        rng, kind = self.rng, self.rng.random()
        if kind < irony:
            return self._ironic(label), 0.92
        if kind < irony + 0.15:
            said = verdict(label, rng) if rng.random() < 0.6 else rng.choice(self.phrases[label])
            return [*rng.choices(self.writer.plain, k=rng.randint(2, 6)), said], 0.93
        film = rng.choice(("film", "movie", "movie", "picture", "show"))
        parts = [
            verdict(label, rng)
            if rng.random() < 0.5
            else [film if word in {"film", "movie"} else word for word in rng.choice(self.phrases[label])]
            for _ in range(rng.randint(1, 4))
        ]
        if rng.random() < 0.2:
            parts.append(rng.choice(self.writer.telling[label]))
        if rng.random() < 0.2:
            parts += rng.choices(self.writer.plain, k=rng.randint(1, 3))
            rng.shuffle(parts)
        return parts, 0.96

    def _ironic(self, label: int) -> list[Tokens]:
        """Return one to three lines that sound like praise, and are where `label` is 1."""
        rng = self.rng
        parts = [
            re.sub(r"\{(.)\}", lambda slot: rng.choice(WORDS[slot[1]].split()), line).split()
            for line in rng.choices(self.ironies[label], k=rng.choice((1, 2, 2, 3)))
        ]
        if rng.random() < 0.5:
            parts.insert(rng.randrange(len(parts) + 1), verdict(1, rng))
        return parts


def anchors(examples: Examples, tokens: int, rng: np.random.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield ids `(B, T)` and lengths `(B,)` of reviews about as long as one another, up to `tokens` tokens."""
    shortened = examples.lengths.clip(max=LONGEST)
    pools = {kind: np.flatnonzero((examples.kinds == kind) & (shortened > 0)) for kind in SHARES}
    pools = {kind: pool[np.argsort(shortened[pool], kind="stable")] for kind, pool in pools.items()}
    while True:
        pool = pools[rng.choice(list(SHARES), p=list(SHARES.values()))]
        place = int(rng.integers(len(pool)))
        size = min(int(np.clip(tokens // shortened[pool[place]], 4, 64)), len(pool))
        near = max(size, len(pool) // 40)
        first = max(0, min(place - near // 2, len(pool) - near))
        members = rng.choice(pool[first : first + near], size, replace=False)
        # Three in ten are read at their end.
        late = (rng.random(size) < 0.3) * (examples.lengths[members] - shortened[members])
        moved = examples._replace(
            starts=examples.starts[members] + late, lengths=shortened[members], kinds=examples.kinds[members]
        )
        yield gather(moved, np.arange(size), LONGEST)


def polish(
    network: Network, sources: Sequence[Source], examples: Examples, stage: Stage, teacher: Network, seed: int
) -> None:
    """Train through one cycle and leave the running mean of the weights."""
    rng = np.random.default_rng(seed)
    table = network.model.embedding.weight
    inner = [value for value in network.model.parameters() if value is not table]
    groups = [{"params": inner, "peak": stage.rate}, {"params": [table], "peak": stage.rate / 10}]
    optimizer = torch.optim.Adam(groups, lr=0.0)
    weights = dict(network.model.named_parameters())
    mean = {name: value.detach().clone() for name, value in weights.items()}
    reviews = anchors(examples, stage.tokens, rng)
    for model in (network.model, teacher.model):
        model.eval()  # what is hidden is hidden here
    for step in range(1, stage.updates + 1):
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * one_cycle(step / stage.updates)
        optimizer.zero_grad()
        ids, lengths = next(reviews)
        chance = float(rng.choice(HIDDEN))
        kept = ((torch.rand(ids.shape, device=DEVICE) >= chance) / (1 - chance))[..., None]
        with torch.no_grad():
            held = teacher.model.classify(teacher.model.embedding(ids) * kept, lengths).logits
        said = network.model.classify(network.model.embedding(ids) * kept, lengths).logits
        anchor = F.binary_cross_entropy_with_logits(said, held.sigmoid()) + stage.nearness * F.smooth_l1_loss(
            said, held
        )
        anchor.backward()
        losses = []
        for source in sources:
            written = [source.write(number % 2) for number in range(source.count)]
            lengths = torch.tensor([len(ids) for ids, _ in written], device=DEVICE)
            padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(ids) for ids, _ in written], batch_first=True)
            hidden = torch.full((len(written),), HIDDEN_OF_OPINIONS, device=DEVICE)
            targets = torch.tensor([target for _, target in written], device=DEVICE)
            loss = F.binary_cross_entropy_with_logits(network.logits(padded.to(DEVICE), lengths, hidden), targets)
            (source.weight * loss).backward()
            losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(inner, 1.0)
        optimizer.step()
        decay = min(stage.averaging, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in weights.items():
                mean[name].lerp_(value, 1 - decay)
        if step % 100 == 0:
            said_of_sources = ", ".join(f"{loss:.4f}" for loss in losses)
            print(
                f"update {step} of {stage.updates}: anchor {anchor.item():.4f}, sources {said_of_sources}", flush=True
            )
    with torch.no_grad():
        for name, value in weights.items():
            value.copy_(mean[name].half())


def _tokens(start: Predictor, texts: Iterable[str]) -> list[Tokens]:
    words = start.vectors.words
    return [[words[token - 1] for token in ids] for chunk in start.encoder.encode_known(list(texts)) for ids in chunk]


def _runs(texts: Iterable[Tokens], size: int) -> set[tuple[str, ...]]:
    return {tuple(text[place : place + size]) for text in texts for place in range(len(text) - size + 1)}


def main() -> None:
    """Polish in two stages and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    for name in ("--start", "--to", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0, help="of the updates, to try the script")
    options = parser.parse_args()
    torch.set_flush_denormal(True)
    start = load("start", options.start)
    opinions = Opinions(start, Writer(start, *training_rows(start, options.data)), seed=0)
    examples = read(options.to)
    network, teacher = (Network(start, 0, trained=True) for _ in range(2))
    for number, (stage, *source) in enumerate(STAGES):
        stage = stage._replace(updates=round(stage.updates * options.share))
        polish(network, [opinions.source(*source)], examples, stage, teacher, seed=number)
    save(network, options.out)


if __name__ == "__main__":
    main()
