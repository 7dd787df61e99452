"""A project whose pages say what its notes compute, for tries; and what happened in these."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import NamedTuple

NOTES = 6
SETTINGS = "site_name: x\ndocs_dir: kb\ntheme: {name: material, font: false}\nplugins: [kbtool]\n"


class Plan(NamedTuple):
    """How many tries there are to be (0: all), what decides which, and whether they are a control."""

    tries: int
    chance: random.Random
    control: bool


class Report:
    """What happened in so many tries, and what was wrong."""

    def __init__(self) -> None:
        self.tries = 0
        self.ends: Counter[str] = Counter()
        self.wrong: list[str] = []

    def expect(self, holds: bool, *about: object) -> None:
        """Writes down what does not hold."""
        if not holds:
            self.wrong.append(" ".join(map(str, about))[:2000])

    def said(self) -> str:
        """The report as a line."""
        return json.dumps({"tries": self.tries, "ends": self.ends, "wrong": self.wrong}, ensure_ascii=False)


def text(number: int, version: int) -> str:
    """A note whose page says what its code computes."""
    other = f"[[n{(number + 1) % NOTES}]]"
    code = f"total = {number} * 1000 + {version}\nprint('computed', total)"
    fence = "".join(f"  {line}\n" for line in code.split("\n"))
    return f"- version {version} of {other}\n- ```python\n{fence}  ```\n- it is {{{{val total}}}}\n"


def write(project: Path, version: int) -> None:
    """All notes in a version."""
    for number in range(NOTES):
        (project / f"kb/pages/n{number}.md").write_text(text(number, version), "utf-8")


def prepare(project: Path) -> None:
    """A project with notes in their first version."""
    (project / "kb/pages").mkdir(parents=True)
    (project / "mkdocs.yml").write_text(SETTINGS, "utf-8")
    write(project, 0)


def shown(project: Path) -> list[str]:
    """What the pages of the site say that the notes computed; a page that is not whole says nothing."""
    found = []
    for number in range(NOTES):
        path = project / f"site/n{number}/index.html"
        page = path.read_text("utf-8") if path.is_file() else ""
        whole = page.rstrip().endswith("</html>")
        found.append(page.partition("computed ")[2].partition("<")[0].strip() if whole else "")
    return found


def computed(version: int) -> list[str]:
    """What they say of a version."""
    return [str(number * 1000 + version) for number in range(NOTES)]


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def litter(project: Path) -> list[str]:
    """What no command should leave, once another one came to its end."""
    beside = [path.name for path in project.iterdir() if path.name not in ("cache", "kb", "mkdocs.yml", "site")]
    own = project / "kb/.kbtool"
    return [*beside, *(str(path) for path in own.rglob("*") if path.name.endswith(".tmp") or "edits" in path.parts)]
