"""Addresses of the web in notes: which are there, and what is wrong with one, given what its host answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from kbtool.note import Note
from kbtool.values import Diagnostic, Edit, Fix, NoteId, Span

_DEAD = frozenset({404, 410})
_BROKEN = 500


class Place(NamedTuple):
    """Where an address stands in a note."""

    note: NoteId
    span: Span


class Answer(NamedTuple):
    """What a host said: HTTP's `status`, 0 and `why` when it can't be asked; `moved`: where a page went for good."""

    status: int
    moved: str = ""
    why: str = ""


def addresses(notes: Iterable[Note]) -> Mapping[str, tuple[Place, ...]]:
    """Each address of the notes that can be asked for, without its `#fragment`, and where it stands."""
    found: dict[str, tuple[Place, ...]] = {}
    for note in notes:
        for link in note.addresses:
            address = link.target.partition("#")[0]
            if is_askable(address):
                found[address] = (*found.get(address, ()), Place(note.id, link.target_span))
    return found


def is_askable(address: str) -> bool:
    """Whether an address is one of http or https with a host, and no user name."""
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        return False


def problems(
    places: Mapping[str, tuple[Place, ...]], answers: Mapping[str, Answer], texts: Mapping[NoteId, str]
) -> Iterator[Diagnostic]:
    """What the answers mean for the notes."""
    for address, answer in answers.items():
        for place in places[address]:
            found = _problem(address, answer, place)
            if found and answer.moved:
                found = _moved(address, answer, place, texts[place.note])
            if found:
                yield found


def _problem(address: str, answer: Answer, place: Place) -> Diagnostic | None:
    host = urlsplit(address).hostname
    if answer.status in _DEAD:
        message = f"`{host}` has no such page: it answers {answer.status}"
        advice = "correct the address, or look for the page at web.archive.org"
        return Diagnostic("external-link", place.note, place.span, message, (), advice)
    if answer.moved:
        return Diagnostic("external-link-moved", place.note, place.span, "")
    if not answer.status or answer.status >= _BROKEN:
        message = f"`{host}` cannot be asked: {answer.why or f'it answers {answer.status}'}"
        advice = "try again later; a host that stays away should not be linked"
        return Diagnostic("external-link-unreachable", place.note, place.span, message, (), advice)
    return None


def _moved(address: str, answer: Answer, place: Place, text: str) -> Diagnostic:
    message = f"this page has moved for good to {answer.moved}"
    written = text[slice(*place.span)]
    new = answer.moved + written[len(address) :]
    plain = written.startswith(address) and not set(answer.moved) & set(' ()[]<>"')
    fix = Fix("write the new address", (Edit(place.note, place.span, new),), safe=False) if plain else None
    return Diagnostic("external-link-moved", place.note, place.span, message, (), f"write {answer.moved}", fix)
