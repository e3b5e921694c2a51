"""The labs and their figures."""
