"""The names of a note's code, scope by scope, as Python resolves them.

The tree is walked with a stack of its own, since expressions may be nested deeper than Python calls. Entries are nodes,
and pairs of a function and its argument that run when their turn comes (a scope ends, a loop ends).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

_MODULE_NAMES = (
    "__name__",
    "__file__",
    "__doc__",
    "__package__",
    "__loader__",
    "__spec__",
    "__annotations__",
    "__builtins__",
)
_CLASS_NAMES = ("__class__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__")
# `WindowsError` is there on Windows alone, `_` only in interactive Python, and only after a value was shown.
BUILTINS = frozenset((*dir(builtins), *_MODULE_NAMES, *_CLASS_NAMES, "WindowsError")) - {"_"}

_BINDS_UNSEEN = frozenset(("exec", "globals", "locals"))
_NAME_ERRORS = frozenset(("NameError", "UnboundLocalError"))


class Place(NamedTuple):
    """Where a name stands: lines of the cell's code from 1, columns from 0 in UTF-8 bytes, as `ast` has them."""

    cell: int
    line: int
    column: int
    end_line: int
    end_column: int


class Use(NamedTuple):
    """A name that is looked up among the names of the note."""

    name: str
    place: Place


class Import(NamedTuple):
    """A name that an import binds; `source` is where the module's name stands.

    `optional` when the code does without, or when nobody runs it; `kept` when it need not be used.
    """

    name: str
    module: str
    place: Place
    source: Place
    in_function: bool
    optional: bool
    kept: bool


class Program:
    """What the cells read so far have bound and missed.

    `bound` gives the first binding of every name, `defined` what is bound at the end of the last cell read. `missing`
    were looked up before anything bound them; `free` are looked up by functions, whenever those are called.
    `unknown` when a name may have been bound unseen. `words` are those of cells that do not compile: they may be names.
    `loads` are all names that are looked up, `cell_loads` those of each cell; `unused` are local variables that their
    function never looks up; `rebound` are names of Python's own and of imports that a cell gives to something else.
    """

    __slots__ = (
        *("bound", "defined", "deleted", "expects_name_errors", "flags", "free", "missing", "unknown", "words"),
        *("imports", "imported", "loads", "cell_loads", "unused", "rebound", "evaluates"),
    )

    def __init__(self) -> None:
        self.bound: dict[str, Place] = {}
        self.defined: set[str] = set()
        self.deleted: set[str] = set()
        self.missing: list[Use] = []
        self.free: list[Use] = []
        self.unknown = False
        self.words: set[str] = set()
        self.expects_name_errors = False
        self.flags = 0
        self.imports: list[Import] = []
        self.imported: set[str] = set()
        self.loads: set[str] = set()
        self.cell_loads: dict[int, set[str]] = {}
        self.unused: list[Use] = []
        self.rebound: set[str] = set()
        self.evaluates = False


_Kind: TypeAlias = Literal["function", "class", "comprehension"]
_Entry: TypeAlias = Any  # a node, or a function of the walk and its argument
Visits: TypeAlias = "Mapping[type, Callable[[Walk, Any], None]]"
"""How a walk visits each kind of node that is not just the sum of its parts."""


class Scope:
    """A scope inside the module; `outer` is the one that it sees, which is never a class (None for the module)."""

    __slots__ = ("assigned", "kind", "loads", "made_global", "names", "outer", "uses")

    def __init__(self, kind: _Kind, outer: Scope | None, names: Iterable[str] = ()) -> None:
        self.kind = kind
        self.outer = outer
        self.names = set(names)
        self.made_global: set[str] = set()
        self.uses: list[Use] = []
        self.loads: set[str] = set()
        self.assigned: dict[str, ast.AST] = {}


class Walk:
    """The reading of one cell."""

    __slots__ = (
        *("visits", "program", "index", "scope", "visible", "stack", "loops", "silent", "whole"),
        *("waiting", "missing", "made_global", "functions", "loads", "quiet", "optional"),
    )

    def __init__(self, visits: Visits, program: Program, index: int) -> None:
        self.visits = visits
        self.program = program
        self.index = index
        self.scope: Scope | None = None  # where names are bound
        self.visible: Scope | None = None  # what a function defined here sees
        self.stack: list[_Entry] = []
        self.loops = 0
        self.silent = 0
        self.whole: ast.AST | None = None  # pointed at in place of what is inside it
        self.waiting: list[Use] = []  # missed in a loop, which may bind them further down
        self.missing: list[Use] = []
        self.made_global: set[str] = set()
        self.functions: list[tuple[Scope, list[ast.AST]]] = []
        self.loads: set[str] = program.cell_loads.setdefault(index, set())
        self.quiet = False
        self.optional = 0

    def run(self, nodes: list[ast.AST]) -> None:
        """Visit nodes and all below them, in the order in which they are evaluated."""
        stack = self.stack
        self.then(*nodes)
        while stack:
            entry = stack.pop()
            if entry.__class__ is tuple:
                entry[0](entry[1])
            else:
                self.visits.get(entry.__class__, Walk.children)(self, entry)

    def children(self, node: ast.AST) -> None:
        """Visit a node's parts in the order of its fields."""
        found: list[_Entry] = []
        for field in node._fields:
            value = getattr(node, field, None)
            if value.__class__ is list:
                found += (item for item in value if isinstance(item, ast.AST))
            elif isinstance(value, ast.AST) and field not in ("ctx", "op"):
                found.append(value)
        self.then(*found)

    def then(self, *entries: _Entry) -> None:
        """Visit entries next, in this order, before what was put down earlier."""
        self.stack.extend(reversed(entries))

    def call_functions(self) -> list[Use]:
        """Visit the bodies of functions and give what they look up among the note's names."""
        for scope, body in self.functions:  # grows meanwhile
            self.scope = self.visible = scope
            self.loops = self.silent = self.optional = 0
            self.run(body)
        self._find_unused()
        return [use for scope, _ in self.functions for use in scope.uses if not _is_seen(use.name, scope)]

    def _find_unused(self) -> None:
        """Local variables that neither their function nor one inside it looks up."""
        for scope, _ in reversed(self.functions):
            inner = scope
            while inner.outer is not None:
                inner.outer.loads |= inner.loads - inner.names
                inner = inner.outer
                if inner.kind != "comprehension":  # that one had ended before what is inside it was visited
                    break
            for name, node in scope.assigned.items():
                if name not in scope.loads and name not in scope.made_global and not name.startswith("_"):
                    self.program.unused.append(Use(name, place(self.index, node)))

    # ------------------------------------------------------------ names

    def use(self, name: str, node: ast.AST) -> None:
        """A name is looked up."""
        self.loads.add(name)
        if self.scope is not None:
            self.scope.loads.add(name)
            self.special(name)
            if not self.silent:
                self.scope.uses.append(Use(name, place(self.index, self.whole or node)))
        elif name not in self.program.defined:
            self.look_up(Use(name, place(self.index, self.whole or node)))

    def look_up(self, use: Use) -> None:
        """A name that the module has not bound so far is looked up there."""
        if use.name in BUILTINS:
            self.special(use.name)
        elif not (self.silent or self.program.unknown or use.name in self.program.words):
            (self.waiting if self.loops else self.missing).append(use)

    def special(self, name: str) -> None:
        """Some built-in names change what can be said of others."""
        if name in _BINDS_UNSEEN:
            self.program.unknown = True
        elif name == "eval":
            self.program.evaluates = True
        elif name in _NAME_ERRORS:
            self.program.expects_name_errors = True

    def bind(self, binding: tuple[str, ast.AST]) -> None:
        """A name is bound in the scope at hand."""
        self.bind_in(self.scope, *binding)

    def bind_in(self, scope: Scope | None, name: str, node: ast.AST) -> None:
        """A name is bound in a scope, or in the module where `global` says so."""
        if scope is not None and name not in scope.made_global:
            scope.names.add(name)
            return
        if name not in self.program.bound:
            self.program.bound[name] = place(self.index, node)
        if node.__class__ is ast.Name and (name in BUILTINS or name in self.program.imported):
            self.program.rebound.add(name)
        self.program.defined.add(name)
        self.program.deleted.discard(name)
        if self.scope is not None:
            self.made_global.add(name)

    def bind_out(self, binding: tuple[Scope | None, ast.Name]) -> None:
        """`:=` binds outside comprehensions."""
        scope, target = binding
        self.bind_in(scope, target.id, target)

    def delete(self, statement: ast.Delete) -> None:
        """A `del` that is sure to run takes names away; one in a branch may not have run."""
        names = {target.id for target in statement.targets if isinstance(target, ast.Name)}
        self.program.defined -= names
        self.program.deleted |= names

    # ------------------------------------------------------------ scopes and regions

    def inside(self, scope: Scope, entries: Iterable[_Entry]) -> None:
        """Visit entries in a scope that runs at once; functions in it see it unless it is a class."""
        before = (self.scope, self.visible)
        sees = scope.outer if scope.kind == "class" else scope
        self.then((self.enter, (scope, sees)), *entries, (self.leave, (scope, before)))

    def enter(self, scopes: tuple[Scope, Scope | None]) -> None:
        self.scope, self.visible = scopes

    def leave(self, ended: tuple[Scope, tuple[Scope | None, Scope | None]]) -> None:
        """What a scope did not bind is looked up outside it."""
        scope, (self.scope, self.visible) = ended
        rest = [use for use in scope.uses if use.name not in scope.names]
        outer = self.scope if self.scope is not None else scope.outer
        if outer is not None:
            outer.loads |= scope.loads
        if scope.outer is not None:
            scope.outer.uses += rest
            return
        for use in rest:
            if use.name not in self.program.defined:
                self.look_up(use)

    def later(self, names: Iterable[str], body: Iterable[ast.AST], kind: _Kind = "function") -> None:
        """A body that runs when somebody asks for it."""
        self.functions.append((Scope(kind, self.visible, names), list(body)))

    def start_loop(self, _: None) -> None:
        self.loops += 1

    def end_loop(self, _: None) -> None:
        self.loops -= 1
        if not self.loops:
            self.missing += (use for use in self.waiting if use.name not in self.program.defined)
            self.waiting = []

    def start_optional(self, _: None) -> None:
        self.optional += 1

    def end_optional(self, _: None) -> None:
        self.optional -= 1

    def start_silence(self, _: None) -> None:
        self.silent += 1

    def end_silence(self, _: None) -> None:
        self.silent -= 1

    def end_string(self, _: None) -> None:
        self.whole = None

    def end_handler(self, handler: tuple[str, bool]) -> None:
        """`except … as name` takes the name away at its end."""
        name, was_defined = handler
        if self.scope is None and not was_defined:
            self.program.defined.discard(name)


def _is_seen(name: str, scope: Scope | None) -> bool:
    """Whether a name in a function is its own, or belongs to a function around it."""
    while scope is not None and name not in scope.made_global:
        if name in scope.names:
            return True
        scope = scope.outer
    return False


def place(cell: int, node: Any) -> Place:
    """Where a node stands; of a function or a class, its name and what is before it."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            keyword = {"FunctionDef": "def ", "ClassDef": "class "}.get(type(node).__name__, "async def ")
            end = node.col_offset + len((keyword + node.name).encode())
            return Place(cell, node.lineno, node.col_offset, node.lineno, end)
    return Place(cell, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
