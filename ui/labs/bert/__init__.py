"""The BERT lab: a masked language model to ask, to look into and to train."""
