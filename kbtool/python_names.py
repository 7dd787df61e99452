"""What the code of a cell binds and uses: how each kind of node of Python's tree is visited."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kbtool.python_scopes import Import, Place, Program, Scope, Walk, place

_CATCH_NAME_ERRORS = frozenset(("NameError", "UnboundLocalError", "Exception", "BaseException"))
_CATCH_IMPORT_ERRORS = frozenset(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))
# Annotations are not evaluated where they stand: from 3.14 on never before somebody asks for them.
_LAZY_ANNOTATIONS = sys.version_info >= (3, 14)
_FUTURE_ANNOTATIONS = 0x1000000  # the compiler's flag of `from __future__ import annotations`


def read_cell(program: Program, tree: ast.Module, index: int, *, quiet: bool) -> None:
    """Read the next cell; `quiet` when what it misses is nobody's business."""
    walk = Walk(_VISITS, program, index)
    walk.quiet = quiet
    for statement in tree.body:
        walk.run([statement])
        if isinstance(statement, ast.Delete):
            walk.delete(statement)
    free = walk.call_functions()
    program.loads |= walk.loads
    if not quiet:
        program.missing += (use for use in walk.missing if use.name not in walk.made_global)
        program.free += free


# ---------------------------------------------------------------- how each kind of node is visited


def _leaf(walk: Walk, node: ast.AST) -> None:
    """It holds no names."""


def _name(walk: Walk, node: ast.Name) -> None:
    if isinstance(node.ctx, ast.Store):
        walk.bind_in(walk.scope, node.id, node)
    else:
        walk.use(node.id, node)


def _attribute(walk: Walk, node: ast.Attribute) -> None:
    walk.stack.append(node.value)


def _call(walk: Walk, node: ast.Call) -> None:
    match node:
        case ast.Call(func=ast.Name(id="dir" | "vars"), args=[], keywords=[]):
            walk.program.unknown = True  # the code asks which names there are
        case ast.Call(func=ast.Name(id="var") | ast.Attribute(attr="var"), args=[ast.Constant(value=str()), *_]):
            walk.program.unknown = True  # SymPy's `var("x y")` binds them
    walk.then(node.func, *node.args, *(word.value for word in node.keywords))


def _compare(walk: Walk, node: ast.Compare) -> None:
    walk.then(node.left, *node.comparators)


def _assign(walk: Walk, node: ast.Assign) -> None:
    target = node.targets[0]
    if isinstance(target, ast.Name):
        if walk.scope is None:
            if target.id == "__all__":
                _mention(walk, [node.value])
        elif walk.scope.kind == "function":
            _assigned(walk, target.id, target)
    walk.then(node.value, *node.targets)


def _assigned(walk: Walk, name: str, node: ast.AST) -> None:
    """A variable of a function, which is there to be looked up."""
    if walk.scope is not None and not walk.quiet:
        walk.scope.assigned.setdefault(name, node)


def _mention(walk: Walk, nodes: Iterable[ast.AST | None]) -> None:
    """Names that are not looked up here, but may be by whoever reads annotations and `__all__`."""
    for node in nodes:
        for inner in ast.walk(node) if node is not None else ():
            if isinstance(inner, ast.Name):
                walk.loads.add(inner.id)
            elif isinstance(inner, ast.Constant) and isinstance(inner.value, str) and len(inner.value) < 200:
                walk.loads.update(
                    "".join(char if char.isalnum() or char == "_" else " " for char in inner.value).split()
                )


def _aug_assign(walk: Walk, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Name):
        walk.use(node.target.id, node.target)
    walk.then(node.value, node.target)


def _ann_assign(walk: Walk, node: ast.AnnAssign) -> None:
    in_function = walk.scope is not None and walk.scope.kind == "function"
    _mention(walk, [node.annotation])
    if in_function and node.value is not None and isinstance(node.target, ast.Name):
        _assigned(walk, node.target.id, node.target)
    if node.value is not None or in_function or not isinstance(node.target, ast.Name):
        walk.then(node.target)
    if node.value is not None:
        walk.then(node.value)
    if not in_function:  # there it is never evaluated
        walk.then(*_annotations(walk, [node.annotation]))


def _annotations(walk: Walk, nodes: Iterable[ast.expr | None]) -> list[ast.expr]:
    """Those annotations that are evaluated where they stand."""
    nodes = list(nodes)
    _mention(walk, nodes)
    if _LAZY_ANNOTATIONS or walk.program.flags & _FUTURE_ANNOTATIONS:
        return []
    return [node for node in nodes if node is not None]


def _named_expr(walk: Walk, node: ast.NamedExpr) -> None:
    scope = walk.scope
    while scope is not None and scope.kind == "comprehension":
        scope = scope.outer
    walk.then(node.value, (walk.bind_out, (scope, node.target)))


def _parameters(spec: ast.arguments) -> list[ast.arg]:
    everything = (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg)
    return [argument for argument in everything if argument is not None]


def _defaults(spec: ast.arguments) -> list[ast.expr]:
    return [*spec.defaults, *(node for node in spec.kw_defaults if node is not None)]


def _function(walk: Walk, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    parameters = _parameters(node.args)
    types = getattr(node, "type_params", [])
    # Annotations with type parameters have a scope of their own; they are left alone.
    written = [*(argument.annotation for argument in parameters), node.returns]
    _mention(walk, written if types else ())
    notes = [] if types else _annotations(walk, written)
    walk.then(*node.decorator_list, *types, *_defaults(node.args), *notes, (walk.bind, (node.name, node)))
    walk.later((argument.arg for argument in parameters), node.body)


def _lambda(walk: Walk, node: ast.Lambda) -> None:
    walk.then(*_defaults(node.args))
    walk.later((argument.arg for argument in _parameters(node.args)), [node.body])


def _class(walk: Walk, node: ast.ClassDef) -> None:
    walk.then((walk.bind, (node.name, node)))
    walk.inside(Scope("class", walk.visible), node.body)
    types = getattr(node, "type_params", [])
    walk.then(*node.decorator_list, *types, *node.bases, *(word.value for word in node.keywords))


def _type_parameter(walk: Walk, node: Any) -> None:
    walk.bind_in(walk.scope, node.name, node)  # wider than Python's scope for it, which does no harm


def _type_alias(walk: Walk, node: Any) -> None:
    walk.then(*node.type_params, node.name)
    walk.later((), [node.value])


def _comprehension(walk: Walk, node: Any) -> None:
    first, *others = node.generators
    parts = [first.target, *first.ifs]
    for other in others:
        parts += [other.iter, other.target, *other.ifs]
    parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    if isinstance(node, ast.GeneratorExp):
        walk.later((), parts, "comprehension")
    else:
        walk.inside(Scope("comprehension", walk.visible), parts)
    walk.then(first.iter)


def _if(walk: Walk, node: ast.If) -> None:
    if _asks_for_version(node.test):
        _silently(walk, [*node.body, *node.orelse])
        walk.then(node.test)
    else:
        walk.then(node.test, *node.body, *node.orelse)


def _asks_for_version(test: ast.expr) -> bool:
    """One branch of such an `if` is for another Python, or for a type checker."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case ast.Compare(left=ast.Attribute(attr="version_info")):
            return True
        case ast.Compare(left=ast.Subscript(value=ast.Attribute(attr="version_info"))):
            return True
    return False


def _for(walk: Walk, node: ast.For | ast.AsyncFor) -> None:
    walk.then(node.iter, (walk.start_loop, None), node.target, *node.body, (walk.end_loop, None), *node.orelse)


def _while(walk: Walk, node: ast.While) -> None:
    walk.then((walk.start_loop, None), node.test, *node.body, (walk.end_loop, None), *node.orelse)


def _try(walk: Walk, node: Any) -> None:
    body: list[Any] = node.body
    if _any_catches(node, _CATCH_NAME_ERRORS):
        body = [(walk.start_silence, None), *body, (walk.end_silence, None)]
    body = [*body, *node.handlers]
    if _any_catches(node, _CATCH_IMPORT_ERRORS):
        body = [(walk.start_optional, None), *body, (walk.end_optional, None)]
    walk.then(*body, *node.orelse, *node.finalbody)


def _any_catches(node: Any, errors: frozenset[str]) -> bool:
    return any(handler.type is None or _catches(handler.type, errors) for handler in node.handlers)


def _handler(walk: Walk, node: ast.ExceptHandler) -> None:
    if node.name:
        walk.then((walk.end_handler, (node.name, node.name in walk.program.defined)))
        walk.then((walk.bind, (node.name, node)), *node.body)
    else:
        walk.then(*node.body)
    if node.type is not None:
        walk.then(node.type)


def _with(walk: Walk, node: ast.With | ast.AsyncWith) -> None:
    guards = (item.context_expr for item in node.items)
    caught = [argument for guard in guards if isinstance(guard, ast.Call) for argument in guard.args]
    body: list[Any] = node.body
    if any(_catches(argument, _CATCH_IMPORT_ERRORS) for argument in caught):
        body = [(walk.start_optional, None), *body, (walk.end_optional, None)]
    if any(_catches(argument, _CATCH_NAME_ERRORS) for argument in caught):
        _silently(walk, body)
    else:
        walk.then(*body)
    walk.then(*node.items)


def _silently(walk: Walk, body: Iterable[Any]) -> None:
    """Visit code whose missing names do no harm."""
    walk.then((walk.start_silence, None), *body, (walk.end_silence, None))


def _catches(node: ast.expr, errors: frozenset[str]) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in errors
        case ast.Tuple(elts=parts):
            return any(isinstance(part, ast.Name) and part.id in errors for part in parts)
    return False


def _import(walk: Walk, node: ast.Import) -> None:
    for alias in node.names:
        name = alias.asname or alias.name.partition(".")[0]
        at = place(walk.index, alias)
        source = at._replace(end_line=at.line, end_column=at.column + len(alias.name.encode()))
        _imported(walk, alias, (name, alias.name), source)
        walk.bind_in(walk.scope, name, alias)
        walk.program.unknown |= alias.name in ("builtins", "__main__")


def _import_from(walk: Walk, node: ast.ImportFrom) -> None:
    module = "" if node.level else node.module or ""
    at = place(walk.index, node)
    start = at.column + len("from ")
    source = Place(at.cell, at.line, start, at.line, start + len(module.encode()))
    for alias in node.names:
        name = alias.asname or alias.name
        _imported(walk, alias, ("" if name == "*" else name, module), source)
        if alias.name == "*":
            walk.program.unknown = True
        else:
            walk.bind_in(walk.scope, name, alias)


def _imported(walk: Walk, alias: ast.alias, names: tuple[str, str], source: Place) -> None:
    """A name, empty for a star, comes from a module, empty for one of the same package."""
    name, module = names
    kept = not name or name == "_" or alias.asname == alias.name or module.startswith("__future__")
    optional = bool(walk.quiet or walk.optional or walk.silent)
    at = place(walk.index, alias)
    walk.program.imports.append(Import(name, module, at, source, walk.scope is not None, optional, kept))
    walk.program.imported.add(name)


def _global(walk: Walk, node: ast.Global) -> None:
    if walk.scope is not None:
        walk.scope.made_global.update(node.names)


def _nonlocal(walk: Walk, node: ast.Nonlocal) -> None:
    """The variables of functions around this one are used by it."""
    scope = walk.scope
    while scope is not None:
        scope.loads.update(node.names)
        scope = scope.outer


def _capture(walk: Walk, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping) -> None:
    name = node.rest if isinstance(node, ast.MatchMapping) else node.name
    if name is not None:
        walk.then((walk.bind, (name, node)))
    walk.children(node)


def _joined_str(walk: Walk, node: ast.JoinedStr) -> None:
    # Before 3.12 the columns of the parts of an f-string are not to be relied on.
    if walk.whole is None and sys.version_info < (3, 12):
        walk.whole = node
        walk.then((walk.end_string, None))
    walk.children(node)


_VISITS: Mapping[type, Callable[[Walk, Any], None]] = {
    ast.Constant: _leaf,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Compare: _compare,
    ast.Assign: _assign,
    ast.AugAssign: _aug_assign,
    ast.AnnAssign: _ann_assign,
    ast.NamedExpr: _named_expr,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _lambda,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.ExceptHandler: _handler,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.MatchAs: _capture,
    ast.MatchStar: _capture,
    ast.MatchMapping: _capture,
    ast.JoinedStr: _joined_str,
    # From Python 3.12 on; `ast.AST` stands for those that are missing and is never a node's class.
    getattr(ast, "TypeVar", ast.AST): _type_parameter,
    getattr(ast, "ParamSpec", ast.AST): _type_parameter,
    getattr(ast, "TypeVarTuple", ast.AST): _type_parameter,
    getattr(ast, "TypeAlias", ast.AST): _type_alias,
}
