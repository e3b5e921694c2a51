"""What measurements say: where runs part, verdicts, the sweep, clipping over seeds."""
