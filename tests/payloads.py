"""The hostile texts in `tests/hostile/`, and real pages that hold them."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "hostile"
_PICTURES = str.maketrans("␊␉␀␌", "\n\t\0\f")


def payloads(name: str) -> tuple[str, ...]:
    """The payloads of a file, one a line; lines with `#!` say what they are."""
    lines = (_FOLDER / f"{name}.txt").read_text("utf-8").split("\n")
    return tuple(line.translate(_PICTURES) for line in lines if line and not line.startswith("#!"))


HTML, MARKUP, LATEX, SVG = map(payloads, ("html", "markup", "latex", "svg"))


def drawing(inside: str) -> str:
    """A picture that holds a payload."""
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {names} width="90" height="90">{inside}<path d="M0 0h9v9z"/></svg>'
