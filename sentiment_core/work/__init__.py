"""One desk for all background work: kinds, queue, limits, workers, executors, and what they leave behind."""
