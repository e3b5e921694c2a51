"""Labs that look inside a network: how it starts, saturates, is normalised and clipped."""
