"""Labs that walk through programs line by line: tensors, blanks to fill, the training loop."""
