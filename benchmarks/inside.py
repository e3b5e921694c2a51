"""The deep network of makemore part 3 on our own titles, beside the lecture's figures, and how soon the knobs answer.

    python -m benchmarks.inside

One thread. Saturated shares and gradients are means over ten draws; the last rows are after 1,001 updates at rate 0.1,
as the lecture's notebook prints its figures with batch norm.
"""

from __future__ import annotations

import math
import time

import torch
import torch.nn.functional as F

from sentiment_core.datasets import load_reviews
from sentiment_core.embeddings import load_saved
from sentiment_core.inside.batch import word_batch
from sentiment_core.inside.deep import (
    BATCH,
    GAIN,
    PUBLISHED_GRADIENT,
    PUBLISHED_LOSS,
    PUBLISHED_SATURATED,
    DeepNet,
    spread,
)
from sentiment_core.inside.measures import saturated_share
from sentiment_core.inside.starts import SCHEMES, Start, push
from sentiment_core.inside.titles import Characters, characters
from sentiment_core.numerics import prepare_thread
from sentiment_core.settings import DataConfig
from sentiment_core.text import TextEncoder


def percent(shares: object) -> str:
    """Return shares as the lecture prints them."""
    return ", ".join(f"{100 * float(share):.2f}" for share in shares)  # type: ignore[attr-defined]


def trained(data: Characters, norm: bool, updates: int = 1001) -> str:
    """Return shares and gradients of the last of `updates` updates."""
    torch.manual_seed(1)
    network = DeepNet(len(data.alphabet), GAIN, norm)
    parameters = list(network.parameters())
    for _ in range(updates):
        chosen = torch.randint(len(data.targets), (BATCH,))
        logits, outputs = network(data.contexts[chosen])
        loss = F.cross_entropy(logits, data.targets[chosen])
        gradients = torch.autograd.grad(loss, [*outputs, *parameters])
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients[len(outputs) :], strict=True):
                parameter -= 0.1 * gradient
    shares = [saturated_share(output.detach().numpy()) for output in outputs]
    deviations = ", ".join(f"{float(gradient.std()):.1e}" for gradient in gradients[: len(outputs)])
    return f"saturated {percent(shares)} %, gradient std {deviations}, loss {float(loss.detach()):.3f}"


def main() -> None:
    """Print the figures."""
    prepare_thread(threads=1)
    began = time.perf_counter()
    data = characters()
    print(
        f"{len(data.titles):,} titles, {len(data.targets):,} examples, {len(data.alphabet)} characters, "
        f"ln = {math.log(len(data.alphabet)):.3f}"
    )
    for norm in (False, True):
        found = spread(data, GAIN, norm)
        low, high = found.saturated.min(axis=0), found.saturated.max(axis=0)
        print(f"\nbatch norm: {norm}")
        print(f"  saturated here    {percent(found.saturated.mean(axis=0))} % (from {percent(low)} to {percent(high)})")
        print(f"  saturated lecture {percent(PUBLISHED_SATURATED[norm])} %")
        print(f"  gradient std      {', '.join(f'{value:.1e}' for value in found.gradient_std.mean(axis=0))}")
        print(f"  loss {found.losses.mean():.3f}; lecture {PUBLISHED_LOSS[0]} to {PUBLISHED_LOSS[1]} (ln 27 = 3.296)")
        print(f"  after 1,001 updates: {trained(data, norm)}")
    print(
        f"  lecture with norm, after 1,001 updates: gradient std {PUBLISHED_GRADIENT[0]:.2e} to "
        f"{PUBLISHED_GRADIENT[1]:.2e}"
    )
    print(f"\nall of it: {time.perf_counter() - began:.1f} s")
    vectors = load_saved("glove-50")
    batch = word_batch(load_reviews(DataConfig()), vectors, TextEncoder(vectors.words, "word"), steps=50)
    for layers in (1, 2):
        starts = [Start(seed=seed, layers=layers) for seed in (1, 2, 3)]
        starts += [Start(scheme, layers=layers) for scheme in SCHEMES[1:]]
        push(batch, starts)
        taken = []
        for _ in range(10):
            began = time.perf_counter()
            push(batch, starts)
            taken.append(time.perf_counter() - began)
        print(
            f"bench, {len(starts)} networks of {layers} x 64 units, 32 reviews of {batch.steps} words: "
            f"{1000 * sorted(taken)[5]:.0f} ms"
        )
    began = time.perf_counter()
    spread(data, 1.0, False)
    print(f"deep network, ten draws: {1000 * (time.perf_counter() - began):.0f} ms")


if __name__ == "__main__":
    main()
