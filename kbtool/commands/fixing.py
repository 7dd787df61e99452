"""`check --fix` and `check --diff`: mends what can be mended, or shows what that would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kbtool import edits, terminal
from kbtool.commands import opening
from kbtool.filters import counting
from kbtool.fixes import Mended, Sources, every_rule, mended, unified
from kbtool.report.visible import visible
from kbtool.values import Diagnostic, NoteId


def mend(opened: opening.Opened, unsafe: bool) -> Mended:
    """The base with its fixes made, in memory; what is wrong with it then is what the configuration lets count."""
    config, files = opened.project.config, opened.snapshot.files
    # What could not be read as it stands must not be written either.
    unreadable = {problem.note for problem in files.problems}
    judged = every_rule(config)

    def check(sources: Sources) -> tuple[Diagnostic, ...]:
        return opened.kb.check(opened.kb.snapshot(files._replace(sources=sources, config=judged)))

    def may_change(note: NoteId) -> bool:
        return opened.asked(note) and note not in unreadable

    def wanted(one: Diagnostic) -> bool:
        fix = one.fix
        allowed = fix is not None and (fix.safe or unsafe) and all(may_change(edit.note) for edit in fix.edits)
        return allowed and opened.asked(one.note) and bool(counting([one], config))

    done = mended(files.sources, check, wanted, judged)
    left = tuple(one for one in counting(done.found, config) if opened.asked(one.note))
    return replace(done, found=left)


def write(opened: opening.Opened, done: Mended) -> Mapping[NoteId, str]:
    """Writes the notes that changed, all or none, and says so; the texts as they are then."""
    old = opened.snapshot.files.sources
    wanted = [edits.Change(note, old[note].text.encode(), done.sources[note].text.encode()) for note in done.changed]
    if wanted:
        edits.apply(opened.project.base, wanted)
    terminal.warn(_told("fixed", done) if wanted else "nothing to fix")
    return {note: source.text for note, source in done.sources.items()}


def show(opened: opening.Opened, done: Mended) -> None:
    """Prints what the fixes would change, as a patch."""
    prefix, old = opening.from_here(opened.project.base), opened.snapshot.files.sources
    for note in done.changed:
        terminal.say_patch(unified(old[note].text, done.sources[note].text, visible(prefix + note)))
    terminal.warn(_told("would fix", done) if done.changed else "nothing to fix")


def _told(what: str, done: Mended) -> str:
    problems = f"{done.fixed:,} problem{'' if done.fixed == 1 else 's'}"
    notes = f"{len(done.changed):,} note{'' if len(done.changed) == 1 else 's'}"
    refused = f"; {done.refused:,} left alone, which would have broken something else" if done.refused else ""
    return f"{what} {problems} in {notes}{refused}"
