"""One training loop for every experiment: lockstep runs, measured gradients, callbacks at named moments."""
