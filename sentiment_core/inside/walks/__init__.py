"""Short programs of tensors, walked through line by line: what is shown is what runs."""
