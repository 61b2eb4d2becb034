"""The words that models are asked with, one file each: a line with the version, a line that is empty, the words."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    name: str
    version: int
    text: str

    @property
    def id(self) -> str:
        """name@version, which goes with every answer."""
        return f"{self.name}@{self.version}"


def load(name: str) -> Prompt:
    """Changed words need a new version, or old answers would pass for answers to them; a test sees to it."""
    first, _, text = resources.files(__package__).joinpath(f"{name}.md").read_text("utf-8").partition("\n\n")
    return Prompt(name=name, version=int(first.removeprefix("version: ")), text=text)
