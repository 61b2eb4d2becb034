"""The tables of the READMEs below terraform/: files, variables and outputs of each folder, read from the files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

MARK = "<!-- From here on written by scripts/stages. -->"
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.M | re.S)


def pages(root: Path) -> dict[Path, str]:
    """Each README as it should be: what stands above the mark is people's, all below is made."""
    found = {}
    for readme in sorted(root.rglob("README.md")):
        if ".terraform" in readme.parts:
            continue
        head = readme.read_text().partition(MARK)[0].rstrip()
        found[readme] = "\n".join([head, "", MARK, "", *_tables(readme.parent)]).rstrip() + "\n"
    return found


def _tables(folder: Path) -> Iterator[str]:
    files = sorted(folder.glob("*.tf"))
    blocks = [match.groups() for file in files for match in _BLOCK.finditer(file.read_text())]
    told = [(file.name, first[2:]) for file in files if (first := file.read_text().partition("\n")[0])[:2] == "# "]
    yield from _table("Files", ("file", "what"), [(f"`{name}`", what) for name, what in told])
    variables = [
        (f"`{name}`", f"`{_type(body)}`", _default(body), _said(body)) for kind, name, body in blocks if kind[0] == "v"
    ]
    yield from _table("Variables", ("variable", "type", "default", "what"), variables)
    outputs = [(f"`{name}`", _said(body)) for kind, name, body in blocks if kind[0] == "o"]
    yield from _table("Outputs", ("output", "what"), outputs)


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        yield from (f"## {title}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|")
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""


def _said(body: str) -> str:
    found = re.search(r'description\s*=\s*"(.*)"$', body, re.M)
    return found[1] if found else ""


def _type(body: str) -> str:
    """The type without the fields of its objects."""
    found = re.search(r"^  type\s*=\s*(\S+)", body, re.M)
    kind = found[1] if found else "any"
    return re.sub(r"\(object\(\{.*", "(object)", re.sub(r"^object\(\{.*", "object", kind))


def _default(body: str) -> str:
    found = re.search(r"^  default\s*=\s*(.+)$", body, re.M)
    if found is None:
        return "needed"
    return "see the file" if found[1] in ("{", "[") else f"`{found[1]}`"
