"""What a stage may ask language models, and how that is paid for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from common.ports.language import LanguageModel, Question, Reply, Seats


class Asking(Protocol):
    """One run's questions. Booked before they are asked, asked at most once whatever happens, kept when answered."""

    @property
    def seats(self) -> Seats: ...

    def book(self, wanted: Mapping[str, int]) -> Mapping[str, str]:
        """Set aside what asking may cost, in micros by seat; returns the seats that it is refused to, each with why.

        Once per run, before anything is asked; a later attempt of the run is given what the first one was. The
        cheapest are served first.
        """

    def ask(self, model: LanguageModel, question: Question, *, name: str, timeout_s: float) -> Reply:
        """The answer that is kept of this question to this model (it costs nothing), or a new one.

        `name` is the question's within the run. Raises as LanguageModel.ask does, and Transient where an earlier
        attempt sent it and nobody knows what became of it. From several threads at once.
        """

    def close(self) -> int:
        """Give back what was set aside and not spent; what the run has spent, in micros. Asking is over then."""
