"""What `check --external` adds: the addresses of the web that notes link."""

from __future__ import annotations

from kbtool import terminal
from kbtool.addresses import addresses, problems
from kbtool.asking import Manners, ask, cache_file
from kbtool.commands.opening import Opened
from kbtool.values import Diagnostic


def external(opened: Opened) -> tuple[Diagnostic, ...]:
    """The problems of the addresses in the notes that were asked for."""
    config, snapshot = opened.project.config, opened.snapshot
    places = addresses(note for note in snapshot.notes.values() if opened.asked(note.id))
    progress = terminal.ProgressLine("asking the web")
    manners = Manners(allowed=config.external_allow, days=config.external_days)
    answers = ask(places, manners, cache_file(), progress)
    progress.end()
    texts = {note: source.text for note, source in snapshot.files.sources.items()}
    return tuple(problems(places, answers, texts))
