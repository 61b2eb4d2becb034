"""`scripts/run` and `scripts/serve`: people's way into the pipeline on one machine.

inputs    what was asked for, checked before anything starts
session   submit, run to the end, follow duplicates, hand out the results
screen    progress as it happens
export    results as files in a folder
"""
