"""The command line: translates arguments into calls, and errors into exit codes."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from kbtool import __version__

COMMANDS = (
    ("check", "say what is wrong with links, blocks, formulas and code; executes nothing"),
    ("run", "run the Python cells of notes whose results are not known yet"),
    ("plan", "say what run would do, and why; executes nothing"),
    ("why", "say why a note's code would run again, or what its results stand on"),
    ("accept", "keep what cells with expect= give now as what they must give from now on"),
    ("build", "check, run what changed, and build the site"),
    ("serve", "show the site here, and each edit at once; runs code only when told"),
    ("new", "start a note"),
    ("init", "start a base"),
    ("graph", "print pages and the links between them"),
    ("query", "find blocks and pages with a query as in Logseq"),
    ("tree", "print the blocks of notes as Logseq sees them"),
    ("explain", "tell what a rule means and how to mend what it finds"),
    ("cache", "say what is kept outside of bases, and where"),
    ("clean", "take away the site and what is kept of a base"),
    ("doctor", "say what this machine has of what kbtool uses, and why not of the rest"),
    ("completion", "print a completion script for a shell"),
)

OK, PROBLEMS, BROKEN, INTERRUPTED = 0, 1, 2, 130
EPILOG = "exit codes: 0 no error, 1 errors were shown, 2 could not run, 130 interrupted"


class _Parser(argparse.ArgumentParser):
    """Wrong usage exits with 2 and names the command's help."""

    def error(self, message: str) -> NoReturn:
        self.exit(BROKEN, f"error: {message}\nhelp: {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code: 0 no error, 1 errors were shown, 2 could not run, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_closed_streams()
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # `| head` closed the pipe: not our error, and nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _open_closed_streams() -> None:
    """A closed standard stream (`>&-`) swallows what is written to it, instead of being no stream at all."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 -- for as long as we live


def _run(arguments: list[str]) -> int:
    if arguments and not arguments[0].startswith("-") and arguments[0] not in dict(COMMANDS):
        return _unknown(arguments[0])
    collecting = gc.isenabled()
    gc.disable()  # imports make many objects and no garbage; to look through them takes a twentieth of a warm check
    try:
        options = parser(arguments[0] if arguments else None).parse_args(arguments)
    finally:
        if collecting:
            gc.enable()
    if not options.command:
        parser(None).print_help()
        return OK
    from kbtool.config import KbError

    try:
        command = importlib.import_module(f"kbtool.commands.{options.command}")
        return int(command.run(options))
    except BrokenPipeError:
        raise
    except (KbError, OSError) as error:
        from kbtool import terminal
        from kbtool.report.visible import visible

        # The text may quote a configuration or a file name, which a stranger may have written.
        first, *rest = (visible(line) for line in (str(error) or type(error).__name__).splitlines())
        terminal.warn("\n".join([f"error: {first}", *(f"help: {line}" for line in rest)]))
        return BROKEN


def _unknown(word: str) -> int:
    from kbtool.suggest import did_you_mean

    near = did_you_mean(word, [name for name, _ in COMMANDS])
    hint = f"did you mean {near}?" if near else "kbtool --help lists the commands"
    sys.stderr.write(f"error: no command named {word}\nhelp: {hint}\n")
    return BROKEN


def parser(wanted: str | None) -> argparse.ArgumentParser:
    """The parser: of one command where that is wanted, else of all, whose own arguments it knows for "*" alone."""
    top = _Parser(prog="kbtool", description="Compile a Logseq-style knowledge base.", epilog=EPILOG)
    # For the one command that speaks of all the others.
    top.set_defaults(whole_parser=lambda: parser("*"))
    top.add_argument("--version", action="version", version=f"kbtool {__version__}")
    # Told its name, argparse need not look how wide the terminal is.
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser, prog="kbtool")
    only = [pair for pair in COMMANDS if pair[0] == wanted]
    for name, summary in only or COMMANDS:
        one = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".", epilog=EPILOG)
        if wanted in (name, "*"):
            importlib.import_module(f"kbtool.commands.{name}").arguments(one)
    return top
