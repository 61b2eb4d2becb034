"""The models that scripts/models brings by name.

A sha256 stands here only where it was computed from the publisher's own file; where none does, what arrives is
hashed, shown and recorded, and a later change of it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One file as its publisher has it; None where its hash is not known beforehand."""

    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model: the files below `url`, and the page where a person can fetch them."""

    kind: str
    url: str
    page: str
    licence: str
    files: dict[str, Published] = field(default_factory=dict)


def _whisper(size: str, *others: str) -> Entry:
    page = f"https://huggingface.co/Systran/faster-whisper-{size}"
    names = ("config.json", "tokenizer.json", *others, "model.bin")  # the large one last: what is wrong shows early
    return Entry(
        kind="recogniser",
        url=f"{page}/resolve/main",
        page=f"{page}/tree/main",
        licence="MIT",
        files={name: Published() for name in names},
    )


MODELS: dict[str, Entry] = {
    "faster-whisper-tiny": _whisper("tiny", "vocabulary.txt"),
    "faster-whisper-small": _whisper("small", "vocabulary.txt"),
    "faster-whisper-large-v3": _whisper("large-v3", "vocabulary.json", "preprocessor_config.json"),
}
