"""The stages: one file each with `def run(work: Work) -> Outcome`. Each reads its inputs, calls the libraries
below (media, signals, scoring, council) and says what it found; the order and the limits are in pipeline.definition.
"""
