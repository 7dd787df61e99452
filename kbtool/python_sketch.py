"""Sketches: code in a cell that shows an idea and cannot run, told from a typo in code that was meant to.

Only explicit marks count: `...` used as a value, a placeholder in angle brackets or `…`, a block whose body is nothing
but a comment; or that most of a cell's names come from nowhere.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import NamedTuple

from kbtool.python_source import Broken, without_strings

MANY = 3
"""Fewer names than this that come from nowhere are typos."""
LONGEST = 40
"""Of a placeholder, in characters."""
OMISSIONS = ("# ...", "#...", "# …", "#…")


class Mark(NamedTuple):
    """What shows that code is a sketch: lines from 1, columns from 0 in characters; `sure` when nothing else must."""

    line: int
    column: int
    end_column: int
    text: str
    sure: bool


def mark_of_broken(text: str, broken: Broken) -> Mark | None:
    """What shows that code which does not compile was not meant to."""
    bare = "…" in text or "..." in text or "<" in text
    lines = list(without_strings(text)) if bare else []
    for number, line in enumerate(lines, 1):
        for start, end in (*_signs(line, number == broken.line), *_placeholders(line)):
            return Mark(number, start, end, line[start:end], True)
    if broken.message.startswith("expected an indented block"):
        return _empty_body(text, broken.line)
    return None


def _signs(line: str, at_fault: bool) -> Iterator[tuple[int, int]]:
    """`…` anywhere; `...` where the fault is, or where it is all of a line or of a value."""
    if "…" in line:
        yield line.index("…"), line.index("…") + 1
    start = line.find("...")
    if start < 0:
        return
    before, after = line[:start].rstrip()[-1:], line[start + 3 :].strip()
    alone = not before and not after
    value = before == "=" and not after
    if alone or value or (at_fault and before and before in "(,"):
        yield start, start + 3


def _placeholders(line: str) -> Iterator[tuple[int, int]]:
    """`<your code>`."""
    start = line.find("<")
    while start >= 0:
        end = line.find(">", start, start + LONGEST)
        word = line[start + 1 : end] if end > 0 else ""
        named = word[:1].isalpha() and word[-1:].isalnum() and word.replace("_", "").replace("-", "").replace(" ", "")
        if named and named.isalnum() and line[:start].rstrip()[-1:] in ("", "=", "(", ",", "[", ":"):
            yield start, end + 1
        start = line.find("<", start + 1)


def _empty_body(text: str, fault: int) -> Mark | None:
    """A comment where Python wants a block: of the lines above the fault the last that hold something."""
    lines = text.split("\n")
    for number in range(min(fault, len(lines)), 0, -1):
        line = lines[number - 1].strip()
        if line.startswith("#"):
            start = len(lines[number - 1]) - len(lines[number - 1].lstrip())
            return Mark(number, start, start + len(line), line, True)
        if line and number < fault:
            return None
    return None


# ---------------------------------------------------------------- code that compiles


def mark_of_tree(text: str, tree: ast.Module) -> Mark | None:
    """What shows that code which compiles is a sketch, or may be one."""
    found = list(_ellipses(tree)) if "..." in text else []
    sure = next((node for node, certain in found if certain), None)
    node = sure or next((node for node, _ in found), None)
    if node is not None:
        line = text.split("\n")[node.lineno - 1]
        start = len(line.encode("utf-8", "surrogatepass")[: node.col_offset].decode("utf-8", "ignore"))
        return Mark(node.lineno, start, start + 3, "...", sure is not None)
    if "# ..." in text or "#..." in text or "…" in text:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip() in OMISSIONS:
                return Mark(number, len(line) - len(line.lstrip()), len(line.rstrip()), line.strip(), False)
    return None


def _ellipses(tree: ast.Module) -> Iterator[tuple[ast.expr, bool]]:
    """Each `...` that stands for something left out, and whether it stands in the place of a value."""
    stack: list[tuple[ast.AST, bool]] = [(node, False) for node in reversed(tree.body)]
    while stack:
        node, in_class = stack.pop()
        yield from _of_node(node, in_class)
        inside = isinstance(node, ast.ClassDef) or (in_class and not isinstance(node, ast.FunctionDef))
        stack.extend((child, inside) for child in reversed(list(ast.iter_child_nodes(node))))


def _of_node(node: ast.AST, in_class: bool) -> Iterator[tuple[ast.expr, bool]]:
    match node:
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.Constant() as value) if not in_class and _is(value):
            yield value, True
        case ast.For(iter=value) | ast.If(test=value) | ast.While(test=value) if _is(value):
            yield value, True
        case ast.List(elts=parts) | ast.Set(elts=parts):
            yield from ((part, True) for part in parts if _is(part))
        case ast.BinOp(left=left, right=right):
            yield from ((part, True) for part in (left, right) if _is(part))
        case ast.Call(args=parts, keywords=words):
            yield from ((part, False) for part in (*parts, *(word.value for word in words)) if _is(part))
        case ast.Module() | ast.If() | ast.For() | ast.With() | ast.Try():
            yield from ((part.value, False) for part in node.body if isinstance(part, ast.Expr) and _is(part.value))
        case ast.Return(value=ast.Constant() as value) if _is(value):
            yield value, False


def _is(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def mostly_unknown(unknown: Collection[str], known: Collection[str]) -> bool:
    """Whether so many of a cell's names come from nowhere that it was never meant to run."""
    return len(unknown) >= MANY and len(unknown) > len(known)
