"""The room of a class: who is in it, what is open for all, what they predict and train."""
