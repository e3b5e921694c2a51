"""Models that leave and come back: one archive with weights, settings, words, vectors, a card and a loader."""
