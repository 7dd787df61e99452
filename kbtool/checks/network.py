"""Checks of the base as a whole: pages nobody links, circles, files nobody shows, names that look the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from kbtool import names
from kbtool.checks.context import Base
from kbtool.checks.spelling import difference
from kbtool.facts import Facts
from kbtool.graph import ToNote, page_target
from kbtool.rules import speaks
from kbtool.values import Diagnostic, Label, NoteId, Span

_TOP = Span(0, 0)
_ENTRANCES = frozenset({"contents", "favorites", "index", "readme", "home"})
_HIGHLIGHTS = "hls__"


# ---------------------------------------------------------------- pages that nothing leads to, or that lead nowhere


def orphan_page(base: Base) -> Iterator[Diagnostic]:
    """Pages that no other note mentions, and that no list of Logseq's shows."""
    if not speaks("orphan-page", base.config):
        return
    mentioned = _mentioned(base)
    for note in base.notes.values():
        if note.defines and not _is_entrance(note, base) and not _is_mentioned(note, mentioned):
            advice = "mention it where a reader would look for it, or give it `tags::`"
            yield Diagnostic("orphan-page", note.id, _TOP, f"no note mentions «{note.name}»", (), advice)


def _mentioned(base: Base) -> dict[str, NoteId | None]:
    """For each key the note that mentions it, None for several."""
    found: dict[str, NoteId | None] = {}
    for note in base.notes.values():
        for key in {reference.key for reference in note.refers}:
            found[key] = note.id if key not in found else None
    return found


def _is_mentioned(note: Facts, mentioned: Mapping[str, NoteId | None]) -> bool:
    """Whether another note mentions one of its names or blocks."""
    return any(mentioned.get(one.key, note.id) != note.id for one in note.defines)


def _is_entrance(note: Facts, base: Base) -> bool:
    """Pages that a reader finds without links: journals, the first page, templates, namespaces, by their properties."""
    key = note.defines[0].key
    return (
        note.journal is not None
        or key in _ENTRANCES
        or key == names.key(base.names.home)
        or key.startswith(_HIGHLIGHTS)
        or "template" in note.id.lower()
        or "шаблон" in note.id.lower()
        or key in base.names.parents
        or any(names.key(parent) in base.names.pages for parent in names.parents(note.name))
        or any(reference.property and reference.block == 0 for reference in note.refers)
    )


def dead_end(base: Base) -> Iterator[Diagnostic]:
    """Pages that mention nothing and lead to no other place."""
    if not speaks("dead-end", base.config):
        return
    for note in base.notes.values():
        quiet = note.journal is None and note.defines and not note.leads
        if quiet and not any(one.kind != "asset" for one in note.refers) and not note.name.startswith(_HIGHLIGHTS):
            message = f"«{note.name}» mentions no other page"
            yield Diagnostic("dead-end", note.id, _TOP, message, (), "link a word of it to the page that says more")


# ---------------------------------------------------------------- names


def look_alike_page(base: Base) -> Iterator[Diagnostic]:
    """Names of different pages that no reader can tell apart."""
    first: dict[str, tuple[Facts, int]] = {}
    for note in base.notes.values():
        for number, shape in enumerate(note.looks):
            other, position = first.setdefault(shape, (note, number))
            if other is not note and other.defines[position].key != note.defines[number].key:
                yield _look_alike((note, number), (other, position))


def _look_alike(found: tuple[Facts, int], other: tuple[Facts, int]) -> Diagnostic:
    mine, theirs = found[0].defines[found[1]], other[0].defines[other[1]]
    differs = difference(theirs.key, mine.key, "this one")
    message = f"«{theirs.name}» is another page, and looks the same: they differ only by {differs}"
    labels = (Label(other[0].id, theirs.span, "the other one"),)
    advice = "make one note of both, or rename one"
    return Diagnostic("look-alike-page", found[0].id, mine.span, message, labels, advice)


def alias_cycle(base: Base) -> Iterator[Diagnostic]:
    """Pages that are their own alias, and pages that are aliases of each other in a circle."""
    next_pages: dict[str, list[str]] = {}
    for note in base.notes.values():
        aliases = [one for one in note.defines if one.kind == "alias"]
        if aliases:
            next_pages[note.id] = [to for one in aliases for to in base.names.pages.get(one.key, ()) if to != note.id]
        for one in aliases:
            if one.key == note.defines[0].key:
                message = f"«{one.name}» is the page's own name, not another one"
                yield Diagnostic("alias-cycle", note.id, one.span, message, (), "take it out of the aliases")
    for circle in _circles(next_pages):
        path = " → ".join(f"«{base.notes[NoteId(ident)].name}»" for ident in (*circle, circle[0]))
        here = base.notes[NoteId(circle[0])]
        span = next(
            one.span
            for one in here.defines
            if one.kind == "alias" and circle[1 % len(circle)] in base.names.pages.get(one.key, ())
        )
        advice = "keep one of them as the page, and take the alias away from the others"
        yield Diagnostic("alias-cycle", here.id, span, f"aliases in a circle: {path}", (), advice)


# ---------------------------------------------------------------- embeds


class _Arrow(NamedTuple):
    note: NoteId
    span: Span


def embed_cycle(base: Base) -> Iterator[Diagnostic]:
    """Pages and blocks that show each other, or themselves."""
    arrows: dict[str, dict[str, _Arrow]] = {}
    for note in base.notes.values():
        for kind, key, start, end, owners in note.embeds:
            to = _shown(kind, key, base)
            if to:
                sources = owners if kind == "block" else (f"page {note.id}", *owners)
                for source in sources:
                    arrows.setdefault(source, {}).setdefault(to, _Arrow(note.id, Span(start, end)))
    for circle in _circles({source: list(targets) for source, targets in arrows.items()}):
        yield _circle(circle, arrows, base)


def _shown(kind: str, key: str, base: Base) -> str:
    if kind != "embed":
        return key
    target = page_target(key, base.names)
    return f"page {target.note}" if isinstance(target, ToNote) else ""


def _circle(circle: Sequence[str], arrows: Mapping[str, Mapping[str, _Arrow]], base: Base) -> Diagnostic:
    steps = [arrows[one][other] for one, other in zip(circle, (*circle[1:], circle[0]), strict=True)]
    first = min(range(len(steps)), key=lambda i: steps[i])
    steps, circle = [*steps[first:], *steps[:first]], [*circle[first:], *circle[:first]]
    called = [
        f"«{base.notes[NoteId(one[5:])].name}»" if one.startswith("page ") else f"(({one[:8]}…))" for one in circle
    ]
    if len(circle) == 1:
        message = f"{'the page' if circle[0].startswith('page ') else 'the block'} shows itself: {called[0]}"
    else:
        message = f"these show each other: {' → '.join((*called, called[0]))}"
    labels = tuple(Label(one.note, one.span, "and this") for one in steps[1:4])
    advice = "Logseq stops at the fifth repetition; take one of the embeds out, or write a link"
    return Diagnostic("embed-cycle", steps[0].note, steps[0].span, message, labels, advice)


_Graph: TypeAlias = Mapping[str, Sequence[str]]


def _circles(graph: _Graph) -> Iterator[list[str]]:
    """One shortest circle for each set of nodes that reach each other."""
    for group in _components(graph):
        if len(group) > 1 or group[0] in graph.get(group[0], ()):
            yield _shortest(min(group), frozenset(group), graph)


def _components(graph: _Graph) -> Iterator[list[str]]:
    """Sets of nodes that reach each other: Tarjan's algorithm without recursion."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    held: set[str] = set()
    for root in sorted(graph):
        if root in order:
            continue
        work = [(root, iter(graph.get(root, ())))]
        while work:
            node, rest = work[-1]
            if node not in order:
                order[node] = low[node] = len(order)
                stack.append(node)
                held.add(node)
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    cut = stack.index(node)
                    group, stack = stack[cut:], stack[:cut]
                    held.difference_update(group)
                    yield group
            elif following not in order:
                work.append((following, iter(graph.get(following, ()))))
            elif following in held:
                low[node] = min(low[node], order[following])


def _shortest(start: str, group: frozenset[str], graph: _Graph) -> list[str]:
    came: dict[str, str] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for following in graph.get(node, ()):
            if following == start:
                path = [node]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return path[::-1]
            if following in group and following not in came:
                came[following] = node
                queue.append(following)
    return [start]


# ---------------------------------------------------------------- files


def unused_asset(base: Base) -> Iterator[Diagnostic]:
    """Files in `assets/` and `draws/` that no note names; what belongs to a PDF goes with it."""
    if not speaks("unused-asset", base.config):
        return
    candidates = {path for path in base.names.assets if path.startswith(("assets/", "draws/"))}
    used = {one.key for note in base.notes.values() for one in note.refers if one.kind == "asset"}
    lengths = sorted({len(path) for path in candidates})
    for note in base.notes.values():
        for tail in note.files:
            used.update(tail[:length] for length in lengths if tail[:length] in candidates)
    read = {note.name[len(_HIGHLIGHTS) :] for note in base.notes.values() if note.name.startswith(_HIGHLIGHTS)}
    for path in sorted(candidates - used):
        owner = _owner(path)
        if owner not in read and f"assets/{owner}.pdf" not in used:
            message = f"no note shows or links `{path}`"
            yield Diagnostic("unused-asset", NoteId(path), _TOP, message, (), "delete the file, or link it")


def _owner(path: str) -> str:
    """The name of the PDF that a file may belong to: `F` for `assets/F.pdf`, `assets/F.edn`, `assets/F/1.png`."""
    inside = path.partition("/")[2]
    return inside.partition("/")[0] if "/" in inside else inside.rpartition(".")[0]
