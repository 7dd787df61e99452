"""`kbtool check`: says what is wrong with a base, and mends it on request; executes nothing.

It asks the web only when told to.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from kbtool import disk
from kbtool.commands import changes, opening, reporting
from kbtool.config import Config, KbError
from kbtool.filters import counting, in_order
from kbtool.rule_settings import BadSetting, read_names
from kbtool.values import Diagnostic


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    opening.add_paths(parser)
    rules = parser.add_argument_group("rules")
    lists = {"metavar": "RULE,…", "action": "append", "default": []}
    rules.add_argument("--select", **lists, help="look for these alone: names, patterns (bad-*), all")  # type: ignore[arg-type]
    rules.add_argument("--ignore", **lists, help="look for all but these")  # type: ignore[arg-type]
    rules.add_argument("--strict", action="store_true", help="count warnings as errors")
    rules.add_argument("--external", action="store_true", help="ask the web whether links to it still lead somewhere")
    changes.add_changed(parser, "check")
    fixes = parser.add_argument_group("fixes")
    fixes.add_argument("--fix", action="store_true", help="mend what can be mended without losing any meaning")
    fixes.add_argument("--unsafe", action="store_true", help="with --fix or --diff: mend also where meaning may change")
    fixes.add_argument("--diff", action="store_true", help="print what --fix would change, and write nothing")
    reporting.add_arguments(parser.add_argument_group("report"))  # type: ignore[arg-type]


def run(options: argparse.Namespace) -> int:
    """0 when no error is shown, 1 when one is, or with --diff when there is something to change."""
    _refuse_nonsense(options)
    opened = _opened(options)
    if options.diff:
        from kbtool.commands import fixing

        done = fixing.mend(opened, options.unsafe)
        fixing.show(opened, done)
        return int(bool(done.changed))
    if options.fix:
        from kbtool.commands import fixing

        done = fixing.mend(opened, options.unsafe)
        texts, found = fixing.write(opened, done), _asked(opened, opening.with_records(opened, done.found))
    else:
        found, texts = opening.check(opened), opened.texts
    if options.external:
        from kbtool.commands.external import external

        found = in_order([*found, *counting(external(opened), opened.project.config)])
    reporting.report(opened, found, texts, options)
    return int(opening.failed(found, opened, options.strict))


def _asked(opened: opening.Opened, found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(one for one in found if opened.asked(one.note))


def _refuse_nonsense(options: argparse.Namespace) -> None:
    if options.unsafe and not (options.fix or options.diff):
        raise KbError("--unsafe says which fixes to make: it goes with --fix or --diff")
    if options.diff and (options.format != "text" or options.statistics or options.output_file):
        raise KbError("--diff prints a patch, not a report: it goes with no --format, --statistics or --output-file")
    if options.statistics and options.format not in ("text", "json"):
        raise KbError(f"--statistics comes as text or json, not as {options.format}")


def _opened(options: argparse.Namespace) -> opening.Opened:
    """The base, its notes that count, and a configuration that the command line had its say in."""
    path, revision = changes.path_and_revision(options.changed)
    selection = disk.select([*([Path(path)] if path else []), *options.paths])
    config = _config(selection.project.config, options)
    opened = opening.open_selection(selection._replace(project=selection.project._replace(config=config)))
    if revision is None:
        return opened
    known = {*opened.checked.notes, *(one.note for one in opened.checked.found)}
    changed = changes.changed(opened.project.base, revision)
    return opened._replace(selected=frozenset(note for note in known if note in changed and opened.asked(note)))


def _config(config: Config, options: argparse.Namespace) -> Config:
    select, ignore = _rules("--select", options.select), _rules("--ignore", options.ignore)
    if select:
        # Who asks for rules by hand wants them, whatever the configuration leaves out.
        return config._replace(select=select, ignore=ignore)
    return config._replace(ignore=(*config.ignore, *ignore))


def _rules(flag: str, given: list[str]) -> tuple[str, ...]:
    words = [word.strip() for one in given for word in one.split(",")]
    try:
        return read_names(word for word in words if word)
    except BadSetting as error:
        raise KbError(f"{flag}: {error}") from None
