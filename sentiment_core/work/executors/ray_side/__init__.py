"""What runs in processes of its own that belong to a Ray cluster: the only place that imports Ray."""
