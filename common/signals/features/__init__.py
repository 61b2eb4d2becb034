"""The feature vector of a clip: one file per group, and the registry that holds them together."""
