"""What is measured at each step, and what it means."""
