"""What the code of a note imports from other notes, and what it offers to theirs; found without running anything.

The module `kb` stands for the base: `kb["page"]` and `kb.page` are the note of that page as a module, and so is what
`import kb.page` and `from kb.page import name` import. A page that only the running code could name is a problem, so
that all is known before anything runs. Only cells that `run` executes and that parse are looked at.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from kbtool.python_names import read_cell
from kbtool.python_scopes import Program
from kbtool.python_source import Code, characters, code_of, runs, tree_of
from kbtool.values import ANYTHING, Cell, CodeImport, Diagnostic, NoteId, Span

MODULE = "kb"
"""The module that stands for the base."""

Meaning: TypeAlias = tuple[Literal["base", "page", "module"], str]
"""What a name of the code stands for: the module `kb`, or a note by its page's name or an identifier."""
_BASE: Meaning = ("base", "")
_ADVICE = 'name the page where it is imported, as in `kb["тензор"]`: what a note imports is known before it runs'


class CodeLinks(NamedTuple):
    """What a note's code imports, each thing once; the names that its `export` cells bind, None without such cells."""

    imports: tuple[CodeImport, ...]
    offers: tuple[str, ...] | None
    problems: tuple[Diagnostic, ...]


class _Read(NamedTuple):
    """A cell with its nodes, each with the one that is pointed at in its place; no nodes where nothing is imported."""

    code: Code
    tree: ast.Module | None
    nodes: tuple[tuple[Any, Any], ...]


class _Meant(NamedTuple):
    """What names stand for; `unsure` are those of the module `kb` that are bound to something else, too, and where."""

    names: Mapping[str, Meaning]
    unsure: tuple[tuple[Code, Any, str], ...]


def code_links(note: NoteId, cells: Iterable[Cell]) -> CodeLinks:
    """What the cells of a note import from other notes, and offer to them."""
    codes = [code_of(cell.number, cell) for cell in cells if runs(cell)]
    uses = any(MODULE in code.text and "import" in code.text for code in codes)
    read = [_read(code, uses) for code in codes if uses or code.options.export]
    meant = _meant(read)
    found: dict[tuple[object, ...], CodeImport] = {}
    problems = [_problem(note, _span(code, node), _bound_twice(name)) for code, node, name in meant.unsure]
    for one in read:
        for it in _uses(one, meant.names):
            if isinstance(it, CodeImport):
                found.setdefault((it.how, it.name, it.member, it.exported), it)
            else:
                problems.append(_problem(note, *it))
    imports = sorted(found.values(), key=lambda it: (it.start, it.member))
    return CodeLinks(tuple(imports), _offers(read), tuple(problems))


def _read(code: Code, uses: bool) -> _Read:
    tree = tree_of(code.text)
    return _Read(code, tree, tuple(_nodes(tree)) if tree is not None and uses else ())


def _nodes(tree: ast.Module) -> Iterator[tuple[Any, Any]]:
    """All nodes in the order of the text; before 3.12 the places inside an f-string are not to be relied on."""
    stack: list[tuple[Any, Any]] = [(tree, None)]
    while stack:
        node, whole = stack.pop()
        if whole is None and isinstance(node, ast.JoinedStr) and sys.version_info < (3, 12):
            whole = node
        yield node, whole or node
        stack.extend((child, whole) for child in reversed(list(ast.iter_child_nodes(node))))


# ---------------------------------------------------------------- what a note offers


def _offers(read: Sequence[_Read]) -> tuple[str, ...] | None:
    """The names that `export` cells bind at top level, those with a leading `_` left out."""
    exported = [one for one in read if one.code.options.export]
    if not exported:
        return None
    program = Program()
    for code, tree, _ in exported:
        if tree is None:
            program.unknown = True
        else:
            read_cell(program, tree, code.number, quiet=True)
    unseen = program.unknown or "__getattr__" in program.defined
    names = sorted(name for name in program.defined if not name.startswith("_"))
    return (*names, ANYTHING) if unseen else tuple(names)


# ---------------------------------------------------------------- what names stand for


def _meant(read: Sequence[_Read]) -> _Meant:
    """The names that stand for `kb` or a note wherever they are bound; of others nobody can tell."""
    nodes = [(one.code, node) for one in read for node, _ in one.nodes]
    bases = {name for _, node in nodes for name, meaning in _bindings(node, frozenset()) if meaning == _BASE}
    known: dict[str, dict[Meaning | None, tuple[Code, Any]]] = {}
    taken = {id(node.targets[0]) for _, node in nodes if isinstance(node, ast.Assign) and _page_of(node.value, bases)}
    for code, node in nodes:
        for name, meaning in () if id(node) in taken else _bindings(node, bases):
            known.setdefault(name, {}).setdefault(meaning, (code, node))
    names = {name: meaning for name, found in known.items() for meaning in found if meaning and len(found) == 1}
    other = ((name, place) for name in bases for meaning, place in known[name].items() if meaning != _BASE)
    return _Meant(names, tuple((*place, name) for name, place in sorted(other, key=lambda one: one[0])))


def _bindings(node: Any, bases: Iterable[str]) -> Iterator[tuple[str, Meaning | None]]:
    """The names that a node binds, and what each then stands for."""
    match node:
        case ast.Import(names=aliases):
            yield from (_imported(alias) for alias in aliases)
        case ast.ImportFrom(module=module, level=level, names=aliases):
            whole = level == 0 and module == MODULE
            yield from ((one.asname or one.name, ("module", one.name) if whole else None) for one in aliases)
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if page := _page_of(value, bases):
            yield name, page
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name, None
        case ast.arg(arg=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name, None
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, None
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name, None


def _imported(alias: ast.alias) -> tuple[str, Meaning | None]:
    top, _, rest = alias.name.partition(".")
    if top != MODULE:
        return alias.asname or top, None
    return (alias.asname, ("module", rest)) if alias.asname and rest else (alias.asname or top, _BASE)


def _page_of(value: ast.expr, bases: Iterable[str]) -> Meaning | None:
    """The page that `kb["page"]` names."""
    match value:
        case ast.Subscript(value=ast.Name(id=base), slice=ast.Constant(value=str(page))) if base in bases:
            return "page", page
    return None


# ---------------------------------------------------------------- what is imported

_Found: TypeAlias = CodeImport | tuple[Span, str]
"""An import, or a place and what is wrong there."""


def _uses(read: _Read, names: Mapping[str, Meaning]) -> Iterator[_Found]:
    code, held = read.code, set[int]()
    for node, whole in read.nodes:
        match node:
            case ast.Import(names=aliases):
                yield from (_whole(code, alias) for alias in aliases if alias.name.startswith(f"{MODULE}."))
            case ast.ImportFrom(level=0, module=str(module)) if module.partition(".")[0] == MODULE:
                yield from _import_from(code, node)
            case ast.Attribute(value=ast.Name() as base) | ast.Subscript(value=ast.Name() as base) if (
                names.get(base.id) == _BASE
            ):
                held.add(id(base))
                yield from _of_base(code, node, whole)
            case ast.Name(id=name) if names.get(name) == _BASE and id(node) not in held:
                yield _span(code, whole), f"`{name}` is handed on: which notes the code imports cannot be told"
        if isinstance(node, ast.Attribute) and not _is_special(node.attr) and (of := _note_of(node.value, names)):
            yield _import(code, (*of, node.attr), _end_of(code, node, whole))


def _whole(code: Code, alias: ast.alias) -> CodeImport:
    """`import kb.page`."""
    start = _offset(code, alias.lineno, alias.col_offset) + len(MODULE) + 1
    name = alias.name.partition(".")[2]
    return _import(code, ("module", name, ""), Span(start, start + len(name)))


def _import_from(code: Code, node: ast.ImportFrom) -> Iterator[_Found]:
    """`from kb.page import name`, and `from kb import page`."""
    page = (node.module or "").partition(".")[2]
    if page:
        at = code.line(node.lineno).find(page, characters([code.line(node.lineno)], 1, node.col_offset))
        start = code.offset(node.lineno, at) if at >= 0 else _span(code, node).start
        yield _import(code, ("module", page, ""), Span(start, start + len(page)))
    for alias in node.names:
        start = _offset(code, alias.lineno, alias.col_offset)
        span = Span(start, start + len(alias.name))
        if alias.name != "*":
            yield _import(code, ("module", page, alias.name) if page else ("module", alias.name, ""), span)
        elif not page:
            yield span, f"`from {MODULE} import *` names no page"


def _of_base(code: Code, node: ast.Attribute | ast.Subscript, whole: Any) -> Iterator[_Found]:
    """`kb["page"]` and `kb.page`."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=str(page))):
            yield _import(code, ("page", page, ""), _inside(code, node.slice, whole))
        case ast.Subscript():
            place = _span(code, node.slice if whole is node else whole)
            yield place, f"which page `{MODULE}[…]` means is known only when the code runs"
        case ast.Attribute(attr=name) if not _is_special(name):
            yield _import(code, ("module", name, ""), _end_of(code, node, whole))


def _note_of(node: ast.expr, names: Mapping[str, Meaning]) -> Meaning | None:
    """The note that an expression stands for, None for anything else."""
    match node:
        case ast.Name(id=name) if names.get(name, _BASE) != _BASE:
            return names[name]
        case ast.Subscript(value=ast.Name(id=base), slice=ast.Constant(value=str(page))) if names.get(base) == _BASE:
            return "page", page
        case ast.Attribute(value=ast.Name(id=base), attr=name) if names.get(base) == _BASE and not _is_special(name):
            return "module", name
    return None


def _is_special(name: str) -> bool:
    """A name that every module has."""
    return name.startswith("__") and name.endswith("__")


def _import(code: Code, what: tuple[str, str, str], span: Span) -> CodeImport:
    how, name, member = what
    return CodeImport("page" if how == "page" else "module", name, member, *span, code.options.export)


# ---------------------------------------------------------------- places and problems


def _offset(code: Code, line: int, column: int) -> int:
    return code.offset(line, characters([code.line(line)], 1, column))


def _span(code: Code, node: Any) -> Span:
    start = _offset(code, node.lineno, node.col_offset)
    return Span(start, max(start, _offset(code, node.end_lineno, node.end_col_offset)))


def _end_of(code: Code, node: ast.Attribute, whole: Any) -> Span:
    """The last name of `a.b.name`."""
    span = _span(code, whole)
    return Span(max(span.start, span.end - len(node.attr)), span.end) if whole is node else span


def _inside(code: Code, node: ast.expr, whole: Any) -> Span:
    """A string without its quotes, where it is written in the plainest way."""
    if isinstance(whole, ast.JoinedStr):
        return _span(code, whole)
    span = _span(code, node)
    text = (
        code.line(node.lineno)
        .encode("utf-8", "replace")[node.col_offset : node.end_col_offset]
        .decode("utf-8", "replace")
    )
    plain = isinstance(node, ast.Constant) and text[:1] in ("'", '"') and text[1:-1] == node.value
    return Span(span.start + 1, span.end - 1) if plain else span


def _bound_twice(name: str) -> str:
    return f"`{name}` stands for something else here, too: which notes the code imports cannot be told"


def _problem(note: NoteId, span: Span, message: str) -> Diagnostic:
    return Diagnostic("dynamic-import", note, span, message, (), _ADVICE)
