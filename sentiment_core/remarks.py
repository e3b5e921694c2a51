"""What is odd about reviews that are trained on, counted: copies, contradictions, one class that is rare."""

from __future__ import annotations

import numpy as np

from sentiment_core.datasets import TEST, Reviews

# One in fewer than so many reviews: naming the other class every time is right more than nine times in ten.
RARE = 10


def remarks(reviews: Reviews) -> tuple[str, ...]:
    """Return a sentence for each oddity; a copy is the same text but for case, white space and `<br />`."""
    said = []
    _, group, sizes = np.unique(reviews.hashes, return_inverse=True, return_counts=True)
    if repeated := int(np.sum(sizes > 1)):
        members = int(sizes[sizes > 1].sum())
        said.append(
            f"{members:,} of the {len(reviews):,} reviews are copies of one another, {repeated:,} texts in all."
        )
        test = reviews.parts == TEST
        learned = np.bincount(group[~test], minlength=len(sizes)) > 0
        if leaked := int(np.sum(learned[group[test]])):
            said.append(
                f"{leaked:,} of the {int(test.sum()):,} test reviews have a copy in training or validation: the test "
                "accuracy rewards remembering them."
            )
        positive = np.bincount(group, weights=reviews.labels == 1, minlength=len(sizes))
        if both := int(np.sum((positive > 0) & (positive < sizes))):
            said.append(f"{both:,} texts have both labels: no model can be right about all their copies.")
    counts = np.bincount(reviews.labels, minlength=2)
    if RARE * counts.min() < len(reviews):
        share = counts.max() / len(reviews)
        name = ("negative", "positive")[counts.argmax()]
        said.append(f"{share:.1%} of the reviews are {name}: always saying so reaches an accuracy of {share:.3f}.")
    return tuple(said)
