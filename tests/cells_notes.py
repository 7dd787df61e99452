"""Notes with cells, made by hand for tests: every cell stands in a bullet of its own, two columns in."""

from __future__ import annotations

from typing import NamedTuple

from kbtool.note import Note
from kbtool.values import Cell, CellOptions, Diagnostic, Name, NoteId, Span

NOTE = NoteId("pages/softmax.md")


class Made(NamedTuple):
    """A note and its text."""

    note: Note
    text: str

    def line(self, offset: int) -> int:
        """The line of the note, from 1, of an offset."""
        return self.text.count("\n", 0, offset) + 1

    def shown(self, problem: Diagnostic) -> str:
        """`rule line:column text: message` of a problem."""
        start, end = problem.span
        column = start - (self.text.rfind("\n", 0, start) + 1) + 1
        return f"{problem.rule} {self.line(start)}:{column} {self.text[start:end]}: {problem.message}"


def made(*codes: str | tuple[str, CellOptions], path: str = NOTE) -> Made:
    """A note whose cells hold these codes."""
    text = "title:: softmax\n\n"
    cells = []
    for index, given in enumerate(codes):
        code, options = given if isinstance(given, tuple) else (given, CellOptions())
        start = len(text)
        text += "- Текст:\n  ```python\n"
        lines = []
        for line in code.split("\n"):
            lines.append(len(text) + 2)
            text += f"  {line}\n"
        text += "  ```\n"
        language = text.index("python", start)
        word = Span(language, language + len("python"))
        cells.append(Cell(index, index, Span(start, len(text)), code, tuple(lines), options, word))
    note = Note(NoteId(path), Name("softmax"), None, (), (), tuple(cells), (), (), (), ())
    return Made(note, text)
