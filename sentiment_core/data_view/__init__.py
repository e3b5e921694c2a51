"""What the reviews are made of, before any model: lengths, coverage, single reviews, padding, neighbours of words."""
