"""The network that ships, with word vectors that learn, and one way to train it. For `benchmarks.distilled`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.variants import Examples
from sentiment_core.explain.predictor import Predictor
from sentiment_core.models import SentimentModel, build_model

LARGEST_BATCH = 128
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")

Picked = Callable[[np.random.Generator], np.ndarray]


class Network:
    """The network of `START` with vectors that learn; each example has a word dropout of its own."""

    def __init__(self, start: Predictor, seed: int, layers: int = 1, *, trained: bool = False) -> None:
        """Begin with the vectors of `start`; `trained`: with all its weights."""
        table = torch.from_numpy(start.embed(np.arange(len(start.vectors.words) + 1)))
        config = start.config.model.model_copy(update={"word_dropout": 0.0, "num_layers": layers})
        self.model: SentimentModel = build_model(config, table, seed, DEVICE)
        if trained:
            self.model.load_state_dict(start.model.state_dict(), strict=False)  # the vectors are there already
        self.generator = torch.Generator(device=DEVICE).manual_seed(seed)

    def logits(self, ids: torch.Tensor, lengths: torch.Tensor, dropout: torch.Tensor) -> torch.Tensor:
        """Return the log-odds `(B,)` of `ids (B, T)`, `lengths (B,)`; `dropout (B,)`: each token's chance to go."""
        kept = torch.rand(ids.shape, generator=self.generator, device=DEVICE) >= dropout[:, None]
        vectors = self.model.embedding(ids) * (kept / (1 - dropout[:, None]))[..., None]
        return self.model.classify(vectors, lengths).logits

    def train(
        self,
        examples: Examples,
        targets: np.ndarray,
        dropout: np.ndarray,
        pick: Picked,
        *,
        epochs: int,
        seed: int,
        updates: int | None = None,
        rate: float = 4e-3,
        averaging: float = 0.998,
        longest: int = 600,
        tokens: int = 32_000,
    ) -> None:
        """Train through one cycle and leave the running mean of the weights, in half precision.

        A batch has `tokens` tokens at most, padding counted. Vectors move a tenth as fast as
        the network.
        """
        rng = np.random.default_rng(seed)
        table = self.model.embedding.weight
        inner = [value for value in self.model.parameters() if value is not table]
        groups = [{"params": inner, "peak": rate}, {"params": [table], "peak": rate / 10}]
        optimizer = torch.optim.Adam(groups, lr=0.0)
        weights = dict(self.model.named_parameters())
        mean = {name: value.detach().clone() for name, value in weights.items()}
        step = 0
        self.model.train()
        for epoch in range(epochs):
            plan = batches(pick(rng), examples.lengths.clip(max=longest), tokens, rng)
            updates = updates or len(plan) * epochs
            total = torch.zeros((), device=DEVICE)
            for members in plan[: updates - step]:
                step += 1
                factor = one_cycle(step / updates)
                for group in optimizer.param_groups:
                    group["lr"] = group["peak"] * factor
                ids, lengths = gather(examples, members, longest)
                optimizer.zero_grad()
                loss = F.binary_cross_entropy_with_logits(
                    self.logits(ids, lengths, torch.from_numpy(dropout[members]).to(DEVICE)),
                    torch.from_numpy(targets[members]).to(DEVICE),
                )
                loss.backward()
                torch.nn.utils.clip_grad_norm_(inner, 1.0)
                optimizer.step()
                total += loss.detach()
                decay = min(averaging, (1 + step) / (10 + step))
                with torch.no_grad():
                    for name, value in weights.items():
                        mean[name].lerp_(value, 1 - decay)
            print(f"epoch {epoch + 1}, update {step} of {updates}, loss {float(total) / len(plan):.4f}", flush=True)
            if step >= updates:
                break
        with torch.no_grad():
            for name, value in weights.items():
                value.copy_(mean[name].half())

    @torch.inference_mode()
    def ask(self, examples: Examples, longest: int) -> np.ndarray:
        """Return the log-odds `(N,)` of all examples, read up to `longest` tokens."""
        self.model.eval()
        found = np.zeros(len(examples.starts), dtype=np.float32)
        rng = np.random.default_rng(0)
        for members in batches(np.arange(len(found)), examples.lengths.clip(max=longest), 64_000, rng):
            ids, lengths = gather(examples, members, longest)
            found[members] = self.model(ids, lengths).logits.float().cpu().numpy()
        return found


def one_cycle(share: float) -> float:
    """Return the factor of the rate after `share` of the updates: a linear rise over 15 %, a cosine down."""
    return share / 0.15 if share < 0.15 else 0.5 * (1 + math.cos(math.pi * (share - 0.15) / 0.85)) + 1e-3


def batches(members: np.ndarray, lengths: np.ndarray, tokens: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return `members` in batches of about equal lengths, in random order; padding counts as `tokens`, too."""
    order = members[np.argsort(lengths[members] * rng.uniform(0.9, 1.1, len(members)), kind="stable")]
    found = []
    while len(order):
        size = min(LARGEST_BATCH, len(order))
        while size > 1 and lengths[order[:size]].max() * size > tokens:
            size = max(1, int(size * 0.8))
        found.append(order[:size])
        order = order[size:]
    rng.shuffle(found)
    return found


def gather(examples: Examples, members: np.ndarray, longest: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return padded ids `(B, T)` and lengths `(B,)` of some examples."""
    lengths = examples.lengths[members].clip(max=longest)
    steps = np.arange(lengths.max())
    places = np.minimum(examples.starts[members][:, None] + steps, len(examples.ids) - 1)
    ids = np.where(steps < lengths[:, None], examples.ids[places], 0).astype(np.int64)
    return torch.from_numpy(ids).to(DEVICE), torch.from_numpy(lengths).to(DEVICE)
