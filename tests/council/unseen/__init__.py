"""A fourth set of attacks and honest texts, to measure the scan by once it has stopped changing.

Who wrote it: somebody who had seen nothing of the scan, nor any file of this repository, and had been told what a
council judges and what an attacker wants, in the same words as the two whom the gist is learned from
(scripts/injection/strangers). All of it is out of the writer's head: nothing was collected in the wild. The scan was
committed before it was run over the set, once, and nothing was reworded to be found or missed.

How many texts of each kind, place and language there are had been looked at before, though no text was. What was
changed after that was chosen by other sets: how much texts weigh in the learning, the limit, vowels of Hindi in bare
text, and twelve honest texts about points in games.

Whoever tunes on it spends it. A pattern, a threshold or a training text that is changed because of a line of this file
makes the file one more set of examples; the next figure then needs a set by somebody new.
"""
