"""The sample talk: written, drawn and spoken by this machine, for a first run without footage.

script    what is said, and over which picture
voice     sentences to sound, by a voice on this machine
pictures  backgrounds and the presenter, drawn with Pillow
film      the two put together
"""

from __future__ import annotations

from common.media.sample.film import Sample, make_sample

__all__ = ["Sample", "make_sample"]
