"""Inside a network, before and while it learns: starts, saturation, norms and clipping, small enough to watch."""
