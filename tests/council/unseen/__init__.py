"""A third set of attacks and honest texts, to measure the scan by once it has stopped changing.

Who wrote it: somebody who had opened neither the patterns nor their cues, nor the learned part, nor what takes off
disguises, nor the page about them, nor the attacks they were made with. Of `blind.py` its first 60 lines had been
read, for the shape of the data. It was written after the patterns, and beside or after the learned part, out of the
writer's head: nothing here was collected in the wild. Nothing was run over it before it was committed, and nothing was
reworded to be found or missed.

Whoever tunes on it spends it. A pattern, a threshold or a training text that is changed because of a line of this file
makes the file one more set of examples; the next figure then needs a set by somebody new.
"""
