"""Credentials of well-known forms, which nobody writes by chance. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from kbtool.patterns import regex

_KNOWN = (
    ("an AWS access key", ("AKIA", "ASIA"), regex(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a private key", ("-----BEGIN",), regex(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")),
    (
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        regex(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})"),
    ),
    (
        "an API key",
        ("sk-", "hf_", "AIza"),
        regex(r"\b(?:sk-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|AIza[0-9A-Za-z_-]{35})"),
    ),
    ("a Slack token", ("xox",), regex(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
)
"""What they are, how each begins, and their forms; most texts have none of the beginnings, which is quick to see."""
_SHOWN = 6
"""Characters of a secret that a message shows."""
LEAST = 8
"""Characters from which on a secret is not met by chance."""
_COVER = "•"


class Credential(NamedTuple):
    """A credential in a text, and how to speak of it without repeating it."""

    said: str
    start: int
    end: int


def credentials(text: str) -> Iterator[Credential]:
    """The credentials in a text; words of one sign again and again are placeholders, and none."""
    for what, signs, form in _KNOWN:
        if not any(sign in text for sign in signs):
            continue
        for found in form.finditer(text):
            if len(set(found[0][-12:])) > 1:
                yield Credential(f"{what} ({found[0][:_SHOWN]}…)", found.start(), found.end())


@lru_cache(maxsize=8)  # a line may have megabytes, and a report many things to say of it
def covered(line: str) -> str:
    """A line without its credentials, which reports repeat nowhere: as long, with their first letters."""
    pieces, at = [], 0
    for found in sorted(credentials(line), key=lambda one: one.start):
        if found.end > at:
            start = max(found.start, at)
            pieces += [line[at:start], cover(line[start : found.end], 0, found.end - start)]
            at = found.end
    return "".join((*pieces, line[at:]))


def cover(line: str, start: int, end: int) -> str:
    """A line with a stretch that nobody can read any more."""
    seen = min(end, start + min(_SHOWN, (end - start) // 4))
    return line[:seen] + _COVER * (end - seen) + line[end:]
