"""Executes the cells of one note in the process that `session` has forked for that, and reports on each.

It imports nothing but the standard library, and is given `showing`, which `session` loads beside it. A cell's code is
called `<cell 3>` and counts its own lines, so that nothing in an outcome depends on where the cell stands in the note.
"""

from __future__ import annotations

import ast
import faulthandler
import json
import linecache
import os
import resource
import signal
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from typing import Any, NoReturn

_FUTURE = 0x1FF0000  # the compiler's flags that `from __future__` sets
_GIB = 1 << 30
_REFUSALS = ("SandboxError", "LaunchError", "NeedsDevice")
"""Why cells are not begun: the sandbox cannot be had, the launcher cannot, or no such device."""
_MESSAGE = 2000  # characters of an exception's message


# ---------------------------------------------------------------- the runner


def run(ends: tuple[int, int, int], sibling: Callable[[str], Any]) -> NoReturn:
    """Execute the cells of the task, report, and leave without tearing the interpreter down.

    `ends` are the runner's line, where dumps go, and the task; `sibling` loads a module that lies beside this one.
    """
    control, dumps, task = ends
    os.setsid()  # a group of its own: killing it does not reach the supervisor
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for inherited in ends:
        os.set_inheritable(inherited, False)
    with open(task, "rb") as file:  # noqa: PTH123 -- a descriptor
        work = json.load(file)
    faulthandler.enable(dumps, all_threads=False)
    faulthandler.register(signal.SIGUSR1, dumps, all_threads=False)
    warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")  # `plt.show()` is harmless here
    sibling("importer").install(work["imported"])
    asked, speaking, unknown = work["confinement"], sibling("line"), ""
    barred = sibling("confine").refusal(asked)
    if asked and asked["seccomp"] and not asked["local"]:
        sibling("sockets").explain()

    def perform(line: Any) -> None:
        _execute(work, (line, speaking.Streams(line)), (barred, unknown), sibling)

    if work["processes"] and not barred:
        unknown = sibling("launching").launch(work, (speaking.Line(control), dumps), perform)
    perform(speaking.Line(control))
    os._exit(0)


def _execute(
    work: dict[str, Any], ends: tuple[Any, Any], refusals: tuple[str, str], sibling: Callable[[str], Any]
) -> None:
    """Execute the cells and report on each to the line, which is one of `ends`, beside the two streams."""
    line, streams = ends
    program = _Program(sibling, work["output_limit"])
    _prepare(work["imports"], work["seed"])
    hidden = work["device"] == "cuda" and sibling("graphics").is_hidden()
    why = (*refusals, _lacking(work["device"], work["gpu_memory"], hidden))
    wrong = [one for one in zip(_REFUSALS, why, strict=True) if one[1]]
    if work["cpus"] and "torch" in sys.modules:  # which else takes no more threads than there are cores
        sys.modules["torch"].set_num_threads(work["cpus"])
    if work["base"]:
        sys.path.append(work["base"])  # modules beside the notes
        sys.dont_write_bytecode = True  # where others read
    trace = sibling("tracing").Trace(work["own"])
    trace.start()
    for cell in work["cells"]:
        line.tell({"begin": cell["index"]})
        report = _refused(cell, *wrong[0]) if wrong else program.run_cell(cell)
        if cell is work["cells"][-1] and work["device"] == "cuda":
            report = _asserted(report, sibling("graphics").device())
        if os.getpid() != line.owner:  # the note's code forked, and both came out
            streams.flush()
            os._exit(0)
        streams.flush()
        line.ask(report)
        if report["state"] == "failed":
            break
    trace.stop("\n".join(cell["code"] for cell in work["cells"]))
    line.ask({"device": sibling("graphics").device(), "modules": _modules(), "trace": trace.facts()})


def _prepare(imports: list[str], seed: int) -> None:
    """Import the generators that the note imports, and seed them; what cannot be imported fails where the note asks."""
    for name, function in (("random", "seed"), ("numpy.random", "seed"), ("torch", "manual_seed")):
        if name.partition(".")[0] in imports:
            with suppress(Exception):
                __import__(name)
                getattr(sys.modules[name], function)(seed)
    if "matplotlib" in imports:
        import logging

        # Once on a machine this makes a list of fonts, for seconds, and says so: that belongs to no cell.
        logging.disable(logging.WARNING)
        with suppress(Exception):
            __import__("matplotlib.font_manager")
        logging.disable(logging.NOTSET)


def _lacking(device: str, memory: int, hidden: bool) -> str:
    """Why the session cannot have what its note needs; empty when it can. `memory` is that of a GPU, in bytes.

    `hidden`: there is a GPU that it may not see.
    """
    if device != "cuda":
        return ""
    if hidden:
        return "sessions may not use this machine's GPU without `--allow gpu`"
    with _Raised() as raised:
        __import__("torch")
        cuda = sys.modules["torch.cuda"]
        if not cuda.is_available():
            return "PyTorch finds no CUDA device on this machine"
        there = cuda.get_device_properties(0).total_memory
        if memory > there:
            name, needed, had = cuda.get_device_name(), f"{memory / _GIB:.1f} GiB", f"{there / _GIB:.1f} GiB"
            return f"it needs {needed} of a GPU's memory, and {name} has {had}"
        return ""
    return f"PyTorch, which finds CUDA devices, cannot be imported: {_message(raised.error or ImportError())}"


def _refused(cell: dict[str, Any], name: str, why: str) -> dict[str, Any]:
    """The report on a cell that was not begun for want of something."""
    outputs: list[tuple[str, str, list[Any]]] = [("error", f"{name}: {why}", [])]
    how = {"end": cell["index"], "state": "failed", "outputs": outputs, "error": (name, why, 0), "seconds": 0.0}
    return {**how, "values": []}


def _asserted(report: dict[str, Any], device: str) -> dict[str, Any]:
    """The last report of a session that needs a GPU: it failed if it came to its end on a `device` that is none."""
    if report["state"] != "ok" or device != "cpu":
        return report
    why = "the note asks for `device=cuda`, and its code computed nothing there: send tensors or the model to it"
    trace: tuple[str, str, list[Any]] = ("error", f"DeviceError: {why}", [])
    return {**report, "state": "failed", "outputs": [*report["outputs"], trace], "error": ("DeviceError", why, 0)}


def _modules() -> list[str]:
    """The top-level modules that were imported and belong neither to Python nor to the base."""
    names = {name.partition(".")[0] for name in list(sys.modules) if name[0] != "_"}
    return sorted(names - sys.stdlib_module_names - {"kb"})


class _Raised:
    """`with` this, whatever is raised is kept."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> _Raised:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.error = error
        return True


class _Stopped(Exception):
    """Why a cell that is no plain Python failed, at a line of it; `shown` is what stands under it."""

    def __init__(self, name: str, message: str, line: int, shown: str) -> None:
        super().__init__(message)
        self.name = name
        self.line = line
        self.shown = shown


class _Program:
    """The module `__main__` that the cells make up."""

    def __init__(self, sibling: Callable[[str], Any], limit: int) -> None:
        self.sibling = sibling
        self.limit = limit
        self.showing = sibling("showing")
        self.values = self.showing.Values()
        self.bound: frozenset[str] = frozenset()  # names that the last cell binds, as far as its text tells
        self.own = sys.modules["__main__"]  # a module that nobody holds may lose its names
        self.module = types.ModuleType("__main__")
        self.flags = 0
        self.owner = os.getpid()
        sys.modules["__main__"] = self.module
        sys.argv = [""]

    def run_cell(self, cell: dict[str, Any]) -> dict[str, Any]:
        """Execute a cell; what it showed beside its streams, and how it ended."""
        name, code = f"<cell {cell['index']}>", cell["code"]
        linecache.cache[name] = (len(code), None, [f"{line}\n" for line in code.split("\n")], name)
        outputs: list[tuple[str, str, list[tuple[str, str]]]] = []
        began = time.perf_counter()
        self.bound = frozenset()
        with _Raised() as raised:
            value = self.perform(cell["kind"], code, name)
            if _is_shown(value):
                outputs.append(("value", _cut(repr(value), self.limit), self.showing.forms(value, self.limit)))
        with _Raised() as drawing:
            self.showing.draw(outputs.append)
        error = raised.error or drawing.error
        state, problem, text = self.verdict(error, cell["raises"], name)
        if text:
            outputs.append(("error", _cut(text, self.limit), []))
        seconds = time.perf_counter() - began
        report = {"end": cell["index"], "state": state, "outputs": outputs, "error": problem, "seconds": seconds}
        return {**report, "values": self.values.news(vars(self.module), self.bound)}

    def perform(self, kind: str, code: str, name: str) -> Any:
        """Execute a cell of any kind; the value that it shows."""
        match kind:
            case "transcript":
                return self.converse(code, name)
            case "bash":
                return self.call_bash(code, name)
        return self.execute(code, name)

    def call_bash(self, code: str, name: str) -> None:
        """Execute a cell of bash."""
        found = self.sibling("shell").run(code, name)
        if found:
            message, line = found
            place = f'File "{name}", line {line}\n' if line else ""
            raise _Stopped("ExitCode", message, line, f"{place}ExitCode: {message}\n")

    def execute(self, code: str, name: str) -> Any:
        """Execute code; the value of its last expression, unless a semicolon follows it."""
        tree = compile(code, name, "exec", ast.PyCF_ONLY_AST | self.flags, dont_inherit=True)
        self.bound = _stored(tree)
        last = tree.body[-1] if tree.body else None
        final = tree.body.pop() if isinstance(last, ast.Expr) and not _has_semicolon(code, last) else None
        body = compile(tree, name, "exec", self.flags, dont_inherit=True)
        self.flags |= body.co_flags & _FUTURE
        if not isinstance(final, ast.Expr):
            return exec(body, vars(self.module))  # noqa: S102 -- what this program is for
        value = compile(ast.Expression(final.value), name, "eval", self.flags, dont_inherit=True)
        exec(body, vars(self.module))  # noqa: S102
        return eval(value, vars(self.module))  # noqa: S307

    def converse(self, code: str, name: str) -> None:
        """Execute what was typed in a transcript, statement by statement, as long as the answers are as written."""
        spoken = self.sibling("spoken")
        for example in spoken.examples(code, name):
            heard = spoken.listening(self.limit)
            with redirect_stdout(heard), _Raised() as raised:
                # The lines above keep the lines of the cell.
                typed = "\n" * example.lineno + example.source
                body = compile(typed, name, "single", self.flags, dont_inherit=True)
                self.flags |= body.co_flags & _FUTURE
                self.bound |= _stored(ast.parse(typed))
                exec(body, vars(self.module))  # noqa: S102
            if raised.error is not None and not spoken.is_awaited(example, raised.error):
                raise raised.error
            found = spoken.mismatch(example, heard.getvalue(), raised.error, name)
            if found:
                raise _Stopped("Mismatch", *found)

    def verdict(self, error: BaseException | None, expected: str, name: str) -> tuple[str, Any, str]:
        """The cell's state, its error (name, message, line of the cell), and the text that is shown."""
        if error is None and not expected:
            return "ok", None, ""
        if error is None:
            message = f"`{expected}` was expected, and nothing was raised"
            return "failed", ("NotRaised", message, 0), f"NotRaised: {message}"
        if isinstance(error, _Stopped):
            return "ok" if expected == error.name else "failed", (error.name, str(error), error.line), error.shown
        refused = isinstance(error, BlockingIOError | RuntimeError) and os.getpid() == self.owner
        crowded = self.sibling("weighing").crowd(error) if refused else ""
        trace = traceback.TracebackException(type(error), error, error.__traceback__, lookup_lines=False, compact=True)
        line, shown = _line(trace, error, name), _text(trace)
        if expected and self.is_expected(error, expected):
            return "ok", (type(error).__name__, _message(error), line), shown
        if crowded:
            return "failed", ("ProcessLimit", crowded, line), f"{shown}ProcessLimit: {crowded}\n"
        return "failed", (type(error).__name__, _message(error), line), shown

    def is_expected(self, error: BaseException, expected: str) -> bool:
        """Whether an exception is of the class that `raises=` names, as the note's code has it or as it is called."""
        first, *rest = expected.split(".")
        found = vars(self.module).get(first)
        for part in rest:
            found = getattr(found, part, None)
        if isinstance(found, type):
            return isinstance(error, found)
        kinds = type(error).__mro__
        return any(expected in (kind.__name__, f"{kind.__module__}.{kind.__name__}") for kind in kinds)


def _stored(tree: ast.AST) -> frozenset[str]:
    """The names that code assigns to, those of functions among them."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return frozenset(node.id for node in nodes if isinstance(node.ctx, ast.Store))


def _has_semicolon(code: str, last: ast.Expr) -> bool:
    line = code.split("\n")[(last.end_lineno or 1) - 1].encode()
    return line[last.end_col_offset :].lstrip().startswith(b";")


def _is_shown(value: object) -> bool:
    """Whether a value says something: artists of a plot do not, the plot itself is shown."""
    parts = value[:8] if type(value) in (list, tuple) else ()  # type: ignore[index]
    return value is not None and not any(type(part).__module__.startswith("matplotlib.") for part in (value, *parts))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… (cut, {len(text):,} characters)"


def _message(error: BaseException) -> str:
    with _Raised() as raised:
        return str(error.msg if isinstance(error, SyntaxError) else error)[:_MESSAGE]
    return f"<no message: {type(raised.error).__name__}>"


# ---------------------------------------------------------------- tracebacks


def _line(trace: traceback.TracebackException, error: BaseException, name: str) -> int:
    """The cell's line that failed: the innermost of its frames, or where its code does not compile."""
    lines = [frame.lineno for frame in trace.stack if frame.filename == name]
    if isinstance(error, SyntaxError) and error.filename == name and not lines:
        return error.lineno or 0
    return (lines[-1] or 0) if lines else 0


def _text(trace: traceback.TracebackException) -> str:
    """A traceback with the frames of the note alone."""
    chain: list[traceback.TracebackException | None] = [trace]
    while chain:
        part = chain.pop()
        if part is None:
            continue
        frames = [frame for frame in part.stack or () if frame.filename.startswith("<cell ")]
        part.stack = traceback.StackSummary.from_list(frames) if frames else None  # type: ignore[assignment]
        chain += [part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or ())]
    return "".join(trace.format())
