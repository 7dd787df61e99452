"""Holds the walls of ARCHITECTURE.md: reading order, I/O at the rim, frozen values, budgets, what is banned by name.

A check takes a module's name and its tree and gives complaints. Each has a control: a source that it must reject.
"""

from __future__ import annotations

import ast
import statistics
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

ROOT = Path(__file__).parents[1]

# Modules in the order in which to read them; each imports only from those before it. ARCHITECTURE.md has the same list.
ORDER = [
    *(
        "patterns",
        "credentials",
        "values",
        "outcomes",
        "rich",
        "suggest",
        "rules",
        "rule_settings",
        "dates",
        "names",
        "whiteboards",
        "mkdocs_code",
        "config",
        "graph_config",
    ),
    *("changes",),
    *("files", "packed", "positions"),
    *("below", "beside", "sealed"),
    *("syntax.tree", "syntax.limits", "syntax.html", "syntax.lookups", "syntax.links", "syntax.pieces"),
    *("syntax.val", "syntax.claims"),
    *("syntax.obsidian",),
    *("syntax.emphasis", "syntax.inline", "syntax.ends"),
    *("syntax.drawers", "syntax.lists", "syntax.outline", "syntax.moves", "syntax.block_text", "syntax.parse"),
    *("syntax.faults", "syntax.lost", "syntax.edn"),
    *("queries.dates", "queries.simple", "queries.terms", "queries.functions", "queries.clauses"),
    *("queries.transforms",),
    *("queries.advanced", "queries.sums", "macros", "queries.asked"),
    *("python_scopes", "python_names", "python_source", "python_imports", "python_given"),
    *("references", "asides", "suppressions", "cells.attributes", "cells.options", "cells.note_options"),
    *("note", "tasks", "public", "facts", "filters"),
    *("graph", "imports", "irregular_words", "word_forms", "stems", "mentions"),
    *("search_words", "search_index", "search_merge"),
    *("queries.rows", "queries.filters", "queries.attributes", "queries.datalog", "queries.answers"),
    *(
        "quoting",
        "latex",
        "latex_looks",
        "latex_words",
        "latex_damage",
        "latex_limits",
        "math",
        "formula_text",
        "diagrams",
        "calc",
    ),
    *("python_sketch", "python_shadow", "python_syntax", "python_findings", "python_check"),
    *("checks.context", "checks.spelling", "checks.structure", "checks.labels", "checks.lost", "checks.tasks"),
    *("checks.pages", "checks.blocks", "checks.assets", "checks.formulas", "checks.unread", "checks.properties"),
    *("checks.suppressions", "checks.values"),
    *("checks.secrets", "checks.diagrams"),
    *("checks.filenames", "checks.circles", "checks.imports", "checks.network", "checks.queries", "checks.mentions"),
    *("checks", "report.visible", "report.place", "report.text", "report.machine", "report.statistics"),
    *("report.gitlab", "report.junit", "report.sarif", "report.manual", "report"),
    *("edits", "fixes", "rule_pages", "cells.library", "cells.plan", "cells.naming"),
    *("cells.environment", "cells.history"),
    *("cells.schedule", "cells.events", "cells.digests", "cells.observed", "cells.packages", "cells.inputs"),
    *("cells.weighing", "cells.reports", "cells.failures", "cells.claims"),
    *("cells.store", "cells.sources", "cells.secrets", "cells.revealing", "cells.recorded", "cells.archive"),
    *("cells.showing", "cells.tracing", "cells.spoken", "cells.shell", "cells.line", "cells.launching", "cells.runner"),
    *("cells.graphics", "cells.sockets"),
    *("cells.confine", "cells.sandbox", "cells.removing"),
    *(
        "cells.importer",
        "cells.zygote",
        "cells.session",
        "cells.warm",
        "cells.process",
        "cells.stowing",
        "cells.workers",
    ),
    *("cells.machine", "cells.shipping", "cells.fleet", "cells.cluster"),
    *("cells.keeping", "cells.recording"),
    *("render.result_words", "render.words", "render.urls", "render.html", "render.highlight"),
    *("render.colours", "render.shapes", "render.legible"),
    *("render.svg", "render.font", "render.mathml"),
    *("render.policy",),
    *("render.reading_words",),
    *("render.context", "render.plain", "render.days", "render.inline", "render.prose"),
    *("render.imports", "render.streams", "render.diagrams"),
    *("render.forms", "render.curves", "render.chart", "render.sessions", "render.outputs", "render.parts"),
    *("render.properties", "render.extras", "render.outline", "render.anchors", "render.written"),
    *("render.quotes", "render.results"),
    *("render.numerals",),
    *("render.vals", "render.macros"),
    *("render.namespaces", "render.journals", "render.recent"),
    *("layout.communities", "layout.forces", "layout.discs", "layout", "render.graph_words", "render.graph"),
    "render.surroundings",
    *("render.backlinks", "render.mentions", "render.search", "render.page"),
    *("render.made", "render.redirects"),
    *("render.rules", "render.site"),
    *("cells.tolerance", "cells.pixels", "cells.pictures"),
    *("cells.comparing", "cells.drift", "cells.results"),
    *("record", "linking", "memo", "cache", "shelf", "kb", "query", "kept", "trace"),
    *(
        "disk",
        "ledger",
        "examining",
        "crew",
        "relinking",
        "checking",
        "verdicts",
        "stale",
        "git",
        "output",
        "addresses",
    ),
    *("cells.expected",),
    *("navigation",),
    *("cells.grants",),
    *("asking", "swap", "terminal", "front", "outside", "cells.ground", "untouched"),
    *("publish", "marks", "shells", "ready", "standing", "past", "theme"),
    *("mkdocs_plugin", "server"),
    *(
        "commands.isolating",
        "commands.trusting",
        "commands.opening",
        "commands.reporting",
        "commands.fixing",
        "commands.external",
        "commands.changes",
    ),
    *("commands.check", "commands.targets", "commands.watching", "commands.refusing", "commands.plan"),
    *("commands.why", "commands.sessions", "commands.ending", "commands.recording"),
    *("commands.revealing",),
    *("commands.run", "commands.building", "commands.build", "commands.accept"),
    *("commands.serve", "commands.new", "commands.init", "commands.graph", "commands.tree", "commands.explain"),
    *(
        "commands.query",
        "commands.cache",
        "commands.clean",
        "commands.doctor",
        "commands.completion",
        "cli",
        "__main__",
    ),
]
# What touches the world: files, processes, the terminal, the clock.
RIM = {
    "past",
    "edits",
    "disk",
    "cache",
    "examining",
    "crew",
    "checking",
    "git",
    "output",
    "rule_pages",
    "asking",
    "swap",
}
RIM |= {
    "theme",
    "verdicts",
    "ledger",
    "relinking",
    "publish",
    "front",
    "mkdocs_plugin",
    "server",
    "terminal",
    "cli",
    "__main__",
}
RIM |= {"cells.confine", "cells.weighing", "cells.sandbox", "cells.grants", "commands.doctor"}
RIM |= {f"cells.{name}" for name in ("environment", "history", "store", "shell", "session", "runner", "zygote")}
RIM |= {f"cells.{name}" for name in ("warm", "process", "workers", "tracing", "digests", "observed", "importer")}
RIM |= {f"cells.{name}" for name in ("packages", "inputs", "events", "keeping", "showing", "expected")}
RIM |= {
    f"cells.{name}"
    for name in ("archive", "recording", "ground", "line", "launching", "graphics", "removing", "sockets")
}
RIM |= {"below", "beside", "sealed", "shelf", "outside", "untouched", "commands.building"}
RIM |= {"cells.stowing"}
RIM |= {f"cells.{name}" for name in ("machine", "shipping", "fleet", "cluster")}
RIM |= {f"commands.{name}" for name in ("opening", "watching", "build", "serve", "check", "reporting", "new", "init")}
RIM |= {f"commands.{name}" for name in ("changes", "targets", "sessions", "cache", "clean", "trusting")}
# Regular expressions read note text in syntax/ alone; the others read names, LaTeX, SVG and what programs print.
MAY_IMPORT_RE = {
    "patterns",
    "credentials",
    "whiteboards",
    "tasks",
    "stems",
    "mentions",
    "search_words",
    "syntax.obsidian",
    "latex_damage",
}
MAY_IMPORT_RE |= {
    "dates",
    "graph_config",
    "names",
    "references",
    "latex",
    "latex_looks",
    "latex_words",
    "calc",
    "cells.failures",
    "cells.tolerance",
    "cells.pictures",
    "cells.secrets",
    "cells.revealing",
    "render.streams",
    "render.curves",
    "diagrams",
    "render.colours",
    "render.shapes",
    "render.legible",
    "render.svg",
    "render.mathml",
    "render.diagrams",
}
MAY_IMPORT_RE |= {
    "syntax.html",
    "syntax.lookups",
    "syntax.links",
    "syntax.inline",
    "syntax.ends",
    "syntax.drawers",
    "syntax.val",
    "syntax.claims",
}
MAY_IMPORT_RE |= {
    "syntax.lists",
    "syntax.outline",
    "syntax.parse",
    "syntax.faults",
    "syntax.lost",
    "syntax.edn",
    "syntax.emphasis",
    "syntax.block_text",
}
IMPORTED_ONCE = ("mkdocs", "lsprotocol", "dask", "distributed")
MAY_FORK = {
    "cells.session",
    "cells.zygote",
    "crew",
}  # a session's supervisor; cold checks and builds
BASES = {"Protocol", "NamedTuple", "TypedDict", "Exception", "KbError"}
BASES |= {"Mapping", "Sequence", "Set", "Generic"}  # tables that are read like any other
BASES |= {
    "BasePlugin",
    "BaseConfig",
    "ArgumentParser",
    "BaseHTTPRequestHandler",
    "FileSystemEventHandler",
    "HTMLParser",
    "BytecodeCache",
    "Unpickler",
}  # the shells' frameworks ask for it
LONG: set[str] = set()  # scanners' state machines, up to 100 lines: cutting one apart hides its states

WORLD = {"os", "shutil", "subprocess", "socket", "tempfile", "time", "logging", "asyncio", "threading"}
WORLD |= {
    "multiprocessing",
    "importlib",
    "pkgutil",
    "pathlib.Path",
    "sys.stdin",
    "sys.stdout",
    "sys.stderr",
    "sys.argv",
    "sys.exit",
}
ACTS = {"open", "print", "input", "exec", "eval", "__import__", "environ", "Path", "stdin", "stdout", "stderr", "argv"}
ACTS |= {"read_text", "write_text", "read_bytes", "write_bytes", "iterdir", "glob", "rglob", "unlink", "mkdir", "now"}
BANNED = {"pickle", "marshal", "shelve", "dill", "joblib", "system", "popen", "unsafe_load", "full_load"}
ALLOWED = {("packed", "marshal"), ("packed", "pickle")}  # bytes of our own, and tuples alone: see the module
BANNED |= {"Loader", "UnsafeLoader", "FullLoader"}
MUTABLE = {"list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque", "count", "ChainMap"}
READ_ONLY = {"Mapping", "Sequence", "Collection"}

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Check: TypeAlias = Callable[[str, ast.Module], Iterator[str]]
Trees: TypeAlias = Mapping[str, ast.Module]


def name_of(node: ast.AST | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return name_of(inner)
    return ""


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names, `package.module.name` where a name is taken out of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def functions(tree: ast.AST) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def lines(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def reading_order(module: str, tree: ast.Module) -> Iterator[str]:
    above = {"__version__", *ORDER[: ORDER.index(module)]} if module in ORDER else set()
    for name in imported(tree):
        inside = name.removeprefix("kbtool.")
        known = inside == name or {inside, inside.rpartition(".")[0]} & above
        if name.startswith(".") or not known:
            yield f"imports {name}, which does not stand above it"


def world_at_the_rim(module: str, tree: ast.Module) -> Iterator[str]:
    if module not in RIM:
        yield from reaches(tree)


def reaches(tree: ast.Module) -> Iterator[str]:
    acts = {name_of(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)} & ACTS
    yield from (f"reaches the world: {name}" for name in imported(tree) if {name, name.partition(".")[0]} & WORLD)
    yield from (f"reaches the world: {name}" for name in sorted(acts))


def no_module_state(module: str, tree: ast.Module) -> Iterator[str]:
    displays = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp | ast.GeneratorExp
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and name_of(node.annotation) in READ_ONLY:
            continue  # mypy refuses to change it
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) else None
        if isinstance(node, ast.Assign) and name_of(node.targets[0]) == "__all__":
            continue
        if isinstance(value, displays) or (isinstance(value, ast.Call) and name_of(value) in MUTABLE):
            yield f"line {node.lineno}: a mutable value of the module"
    yield from (f"line {node.lineno}: global" for node in ast.walk(tree) if isinstance(node, ast.Global))
    for function in functions(tree):  # a cache without parameters is a constant made late; one with them must be small
        caches = [one for one in function.decorator_list if name_of(one) in ("cache", "lru_cache")]
        if ast.unparse(function.args) and not all(is_small(one) for one in caches):
            yield f"{function.name} keeps its answers"


def is_small(cache: ast.expr) -> bool:
    """Whether a cache has a size that bounds it."""
    sizes = [word.value for word in cache.keywords if word.arg == "maxsize"] if isinstance(cache, ast.Call) else []
    return any(isinstance(size, ast.Constant) and isinstance(size.value, int) and size.value <= 64 for size in sizes)


def frozen_dataclasses(module: str, tree: ast.Module) -> Iterator[str]:
    for node in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for made in (item for item in node.decorator_list if name_of(item) == "dataclass"):
            words = {word.arg: ast.unparse(word.value) for word in made.keywords} if isinstance(made, ast.Call) else {}
            if words.get("frozen") != "True":
                yield f"{node.name} is not frozen"


def short_functions(module: str, tree: ast.Module) -> Iterator[str]:
    for node in functions(tree):
        if lines(node) > (100 if f"{module}.{node.name}" in LONG else 60):
            yield f"{node.name} has {lines(node)} lines"


def few_parameters(module: str, tree: ast.Module) -> Iterator[str]:
    for node in functions(tree):
        spec = node.args
        names = [arg.arg for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg) if arg]
        if len(names) - (names[:1] in (["self"], ["cls"])) > 4:
            yield f"{node.name} has {len(names)} parameters"


def short_file(module: str, tree: ast.Module) -> Iterator[str]:
    length = max((node.end_lineno or 0 for node in tree.body), default=0)
    if length > 400:
        yield f"{length} lines"


def few_bases(module: str, tree: ast.Module) -> Iterator[str]:
    for node in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        yield from (f"{node.name} inherits {name_of(base)}" for base in node.bases if name_of(base) not in BASES)


def no_stray_regex(module: str, tree: ast.Module) -> Iterator[str]:
    names = {name.removeprefix("kbtool.").partition(".")[0] for name in imported(tree)}
    if module not in MAY_IMPORT_RE and {"re", "regex", "patterns"} & names:
        yield "imports re"


def nothing_banned(module: str, tree: ast.Module) -> Iterator[str]:
    parts = {part for name in imported(tree) for part in name.split(".")}
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and (node.type is None or "BaseException" in ast.unparse(node.type)):
            yield f"line {node.lineno}: an except that catches everything"
        elif isinstance(node, ast.keyword) and node.arg == "shell":
            yield f"line {node.value.lineno}: shell="
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "yaml.load":
            yield f"line {node.lineno}: yaml.load"
        elif isinstance(node, ast.Name | ast.Attribute):
            parts.add(name_of(node))
    yield from (f"names {name}" for name in sorted(parts & BANNED) if (module, name) not in ALLOWED)


CONTROLS: tuple[tuple[Check, str], ...] = (
    (reading_order, "def f():\n    from kbtool.graph import Names"),
    (reading_order, "if TYPE_CHECKING:\n    import kbtool.cli"),
    (reading_order, "from . import tree"),
    (world_at_the_rim, "def f(p):\n    return open(p)"),
    (world_at_the_rim, "from pathlib import Path"),
    (world_at_the_rim, "import os.path"),
    (world_at_the_rim, "def f():\n    sys.stdout.write('')"),
    (world_at_the_rim, "from sys import stdout"),
    (world_at_the_rim, "import importlib.resources"),
    (no_module_state, "CACHE = {}"),
    (no_module_state, "seen: set[str] = set()"),
    (no_module_state, "def f():\n    global x"),
    (no_module_state, "@functools.lru_cache(maxsize=None)\ndef f(x): ..."),
    (no_module_state, "@lru_cache\ndef f(x): ..."),
    (frozen_dataclasses, "@dataclass\nclass A: ..."),
    (frozen_dataclasses, "@dataclasses.dataclass(slots=True)\nclass A: ..."),
    (short_functions, "def f():\n" + "    x = 1\n" * 60),
    (few_parameters, "def f(a, b, c, *, d, e): ..."),
    (few_parameters, "class A:\n    def f(self, a, b, c, d, *e): ..."),
    (short_file, "x = 1\n" * 401),
    (few_bases, "class A(B): ..."),
    (no_stray_regex, "def f():\n    import re"),
    (no_stray_regex, "from kbtool.patterns import regex"),
    (nothing_banned, "try: ...\nexcept: ..."),
    (nothing_banned, "try: ...\nexcept (OSError, BaseException): ..."),
    (nothing_banned, "from pickle import loads"),
    (nothing_banned, "run(x, shell=True)"),
    (nothing_banned, "yaml.load(x)"),
)
CHECKS = tuple(dict.fromkeys(check for check, _ in CONTROLS))
GOOD = """
from dataclasses import dataclass
from kbtool.values import Span
NAMES = ("a", frozenset({"b"}))
SIGNS: Mapping[str, str] = {"a": "b"}
@dataclass(frozen=True, slots=True)
class A:
    span: Span
    def f(self, a, b, c, d): ...
class Broken(Exception): ...
@lru_cache(maxsize=16)
def pattern(format): ...
"""


def modules() -> Trees:
    """By name below `kbtool`, without `__init__`s that hold nothing but a docstring (and the version)."""
    trees = {
        path.relative_to(ROOT / "kbtool"): ast.parse(path.read_text("utf-8")) for path in ROOT.glob("kbtool/**/*.py")
    }
    named = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): tree for path, tree in trees.items()}
    return {name: tree for name, tree in named.items() if name != "__init__" and any(map(is_code, tree.body))}


def is_code(node: ast.stmt) -> bool:
    return not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


TREES = modules()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("module", TREES)
def test_module_keeps_the_walls(module: str, check: Check) -> None:
    assert list(check(module, TREES[module])) == []


@pytest.mark.parametrize(("check", "source"), CONTROLS)
def test_check_rejects_its_control(check: Check, source: str) -> None:
    assert list(check("note", ast.parse(source))) != []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_check_accepts_good_code(check: Check) -> None:
    assert list(check("note", ast.parse(GOOD))) == []


def test_reading_order_names_every_module_once() -> None:
    assert sorted(ORDER) == sorted(TREES)


def test_architecture_document_has_the_same_reading_order() -> None:
    document = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    fence = document.partition("## Reading order")[2].split("```")[1]
    assert fence.split() == ["text", *ORDER]


def test_rim_is_no_wider_than_it_must_be() -> None:
    assert {module for module in (RIM & TREES.keys()) - {"__main__"} if not list(reaches(TREES[module]))} == set()


def frameworks_in_one_file(trees: Trees) -> Iterator[str]:
    for package in IMPORTED_ONCE:
        users = [m for m, tree in trees.items() if package in {name.partition(".")[0] for name in imported(tree)}]
        if len(users) > 1:
            yield f"{package} is imported in {', '.join(users)}"


def fork_in_two_files(trees: Trees) -> Iterator[str]:
    users = {m for m, tree in trees.items() if "os.fork" in {ast.unparse(node.func) for node in calls(tree)}}
    if users - MAY_FORK:
        yield f"os.fork is called in {', '.join(sorted(users))}"


def short_on_the_whole(trees: Trees) -> Iterator[str]:
    sizes = [lines(node) for tree in trees.values() for node in functions(tree)] or [0]
    middle, ninth = statistics.median(sizes), statistics.quantiles([*sizes, *sizes], n=10)[-1]
    if middle > 6 or ninth >= 25:
        yield f"half of the functions have {middle} lines or more, one in ten {ninth} or more"


def body(length: int) -> str:
    return "def f():\n" + "    x = 1\n" * (length - 1)


TOGETHER: tuple[tuple[Callable[[Trees], Iterator[str]], tuple[str, str]], ...] = (
    (frameworks_in_one_file, ("import mkdocs.config", "def f():\n    from mkdocs import plugins")),
    (fork_in_two_files, ("os.fork()", "def f():\n    return os.fork()")),
    (short_on_the_whole, (body(7), body(8))),
    (short_on_the_whole, (body(2) * 8, body(30) * 2)),
)


@pytest.mark.parametrize("check", dict.fromkeys(check for check, _ in TOGETHER), ids=lambda check: check.__name__)
def test_modules_together_keep_the_walls(check: Callable[[Trees], Iterator[str]]) -> None:
    assert list(check(TREES)) == []


@pytest.mark.parametrize(("check", "sources"), TOGETHER)
def test_check_rejects_its_two_modules(check: Callable[[Trees], Iterator[str]], sources: tuple[str, str]) -> None:
    assert list(check({source: ast.parse(source) for source in sources})) != []
    assert list(check({"a": ast.parse(body(5))})) == []
