"""The report on a model of clicks: what it is worth, said to whoever has to decide whether to rely on it."""
