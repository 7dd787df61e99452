"""What two runs of a cell gave, side by side: pieces that are equal or not, exactly or within a tolerance. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import unified_diff
from hashlib import sha256
from itertools import islice, zip_longest
from typing import NamedTuple, TypeAlias

from kbtool.cells.pictures import other_figure
from kbtool.cells.tolerance import EXACT, Tolerance, drift
from kbtool.outcomes import CellOutcome, Output
from kbtool.render.html import sanitise
from kbtool.render.streams import plain_text, settled, untimed
from kbtool.render.svg import picture_of
from kbtool.rich import ARRAY, HTML, LATEX, MARKDOWN, TABLE, Table, read_table

_NAMES = (
    ("stdout", "standard output"),
    ("stderr", "standard error"),
    ("error", "the traceback"),
    ("value", "the value"),
    ("figure", "the figure"),
    ("state", "the state"),
)
_DIGEST = "sha256 "
_AROUND = 2
"""Equal lines that are shown around a difference."""
_LOOKED_AT = 300
"""Lines from the first difference on among which differences are looked for."""
_SHOWN, _WIDE = 14, 160
"""Lines of a difference that are shown, and characters of a line."""


class Part(NamedTuple):
    """A piece of what a cell gave: an output, `state`, or `name` with a name that it bound; and its text.

    Of a figure that is its SVG, or the digest of one that is too large to be kept.
    """

    kind: str
    name: str
    lines: tuple[str, ...]

    @property
    def spoken(self) -> str:
        """What people call it."""
        return f"`{self.name}`" if self.kind == "name" else dict(_NAMES)[self.kind]


Same: TypeAlias = Callable[[Sequence[str], Sequence[str]], bool]
"""Whether two texts, in lines, are equal."""


class Measure(NamedTuple):
    """How pieces are compared: texts, and what is drawn in figures."""

    same: Same
    drawn: Tolerance


class Difference(NamedTuple):
    """The first part that two runs do not share, and how they differ in it, as a diff."""

    what: str
    diff: tuple[str, ...]


# ---------------------------------------------------------------- what is compared


def parts(cell: CellOutcome) -> tuple[Part, ...]:
    """All that a cell gave, as it is compared: in lines without white space at their ends."""
    outputs = tuple(map(_part, settled(cell.outputs)))
    values = sorted((name, text) for name, text, _ in cell.values)
    return (*filter(None, outputs), *(Part("name", name, (text,)) for name, text in values))


def _part(output: Output) -> Part | None:
    picture = picture_of(output)
    if picture:
        return figure_part(picture)
    lines = _lines(_value(output) if output.kind == "value" else untimed(plain_text(output.text)))
    if output.kind == "error":
        lines = tuple(_without_frames(lines))
    return Part(output.kind, "", lines) if lines else None


def _without_frames(lines: Iterable[str]) -> Iterator[str]:
    """A traceback without its places: cells above shift numbers, and each Python marks the lines in its own way."""
    inside = False
    for line in lines:
        inside = line.startswith('  File "') or (inside and line.startswith("  "))
        if not inside:
            yield line


def figure_part(svg: str) -> Part:
    """A figure as a part."""
    return Part("figure", "", _lines(svg))


def digested(part: Part) -> Part:
    """What stands for a figure that is too large to be kept."""
    text = "\n".join(part.lines).encode("utf-8", "surrogatepass")
    return part._replace(lines=(f"{_DIGEST}{sha256(text).hexdigest()}",))


def is_digest(lines: Sequence[str]) -> bool:
    """Whether these lines are no figure, but stand for one."""
    return len(lines) == 1 and lines[0].startswith(_DIGEST)


def _value(output: Output) -> str:
    """What a page shows of a value: texts such as `<Frame at 0x7f…>` stand for nothing where there is a richer form."""
    data = dict(output.data)
    table = read_table(data.get(TABLE, ""))
    if table is not None:
        return _table(table)
    kind = next((kind for kind in (LATEX, HTML, MARKDOWN) if kind in data and ARRAY not in data), "")
    # Ids, styles and scripts, which libraries like to make anew each time, are on no page.
    return plain_text(sanitise(data[kind]) if kind == HTML else data.get(kind, output.text))


def _table(table: Table) -> str:
    rows = zip(table.labels, table.rows, strict=True)
    lines = ("  ".join([label, *map(str, row)]) for label, row in rows)
    return "\n".join([f"{table.total} × {table.width}", "  ".join(table.columns), *lines])


def _lines(text: str) -> tuple[str, ...]:
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return tuple(lines)


# ---------------------------------------------------------------- equal


def _same_lines(old: Sequence[str], new: Sequence[str]) -> bool:
    return tuple(old) == tuple(new)


line_by_line = Measure(_same_lines, EXACT)


def within(tolerance: Tolerance) -> Measure:
    """Texts are the same but for white space, and for numbers that the tolerance allows."""

    def same(old: Sequence[str], new: Sequence[str]) -> bool:
        first, second = _collapsed(old), _collapsed(new)
        if first == second or tolerance == EXACT:
            return first == second
        found = drift(first, second, tolerance)
        return found is not None and not found.others

    return Measure(same, tolerance)


def _collapsed(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())


# ---------------------------------------------------------------- not equal


def difference(old: Iterable[Part], new: Iterable[Part], how: Measure, names: tuple[str, str]) -> Difference | None:
    """The first part that differs, None when all are the same; `names` are those of the two runs."""
    for one, other in zip_longest(old, new):
        if one is None or other is None or one[:2] != other[:2]:
            return _only_one(one, other, names)
        if one.kind == "figure":
            if found := _figures(one.lines, other.lines, how.drawn):
                return Difference(one.spoken, found)
        elif not how.same(one.lines, other.lines):
            return Difference(one.spoken, tuple(_diff(one.lines, other.lines, how.same, names)))
    return None


def _figures(old: Sequence[str], new: Sequence[str], drawn: Tolerance) -> tuple[str, ...]:
    if old != new and (is_digest(old) or is_digest(new)):
        return ("it is too large to be kept, and its digest is another one",)
    return other_figure("\n".join(old), "\n".join(new), drawn)


def _only_one(old: Part | None, new: Part | None, names: tuple[str, str]) -> Difference:
    what = " or ".join(dict.fromkeys(part.spoken for part in (old, new) if part))
    return Difference(what, tuple(_diff(_shown(old), _shown(new), _same_lines, names)))


def _shown(part: Part | None) -> Sequence[str]:
    if part is None:
        return ()
    return ("[figure]",) if part.kind == "figure" else (f"{part.spoken}:", *part.lines)


def _diff(old: Sequence[str], new: Sequence[str], same: Same, names: tuple[str, str]) -> Iterator[str]:
    """A unified diff from the first difference on; lines that are equal within the tolerance count as equal."""
    pairs = enumerate(zip_longest(old, new))
    first = next((at for at, (a, b) in pairs if a is None or b is None or not same((a,), (b,))), 0)
    start = max(0, first - _AROUND)
    before, after = old[start : start + _LOOKED_AT], list(new[start : start + _LOOKED_AT])
    for at, (a, b) in enumerate(zip(before, after, strict=False)):
        if same((a,), (b,)):
            after[at] = a
    found = list(islice(unified_diff(before, after, *names, lineterm="", n=_AROUND), _SHOWN + 3))
    for line in found[: _SHOWN + 2]:
        if not line.startswith("@@"):  # numbers of lines that nobody sees
            yield line if len(line) <= _WIDE else line[: _WIDE - 1] + "…"
    if len(found) > _SHOWN + 2:
        yield "…"
