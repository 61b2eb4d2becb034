"""What the product does with a model of clicks: its history, its registry, its training, what it says of a clip."""
