"""Marks of emphasis: which there are, and where one that opened closes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kbtool.patterns import regex
from kbtool.syntax.tree import EmphasisKind
from kbtool.values import Span

SPACE = " \t\x1a\x0c"
WHITE = SPACE + "\n\r"
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~\\"
BESIDE_UNDERSCORE = frozenset(_PUNCTUATION + WHITE)
"""What may stand beside an underscore that marks emphasis."""
ANY_CODE = r"`[^`\r\n]+`|``(?:[^`]|`(?!`))*+``"
MARKS: Mapping[str, tuple[tuple[str, EmphasisKind], ...]] = {
    "*": (("***", "strong-em"), ("**", "strong"), ("*", "em")),
    "_": (("___", "strong-em"), ("__", "strong"), ("_", "em")),
    "~": (("~~", "strike"),),
    "^": (("^^", "mark"),),
    "=": (("==", "mark"),),
}
NOWHERE = -2
# Everything up to the next mark of that kind; code and escaped characters are stepped over whole.
_STEPS: Mapping[str, re.Pattern[str]] = {
    char: regex(rf"(?:{ANY_CODE}|\\[\s\S]|[^{re.escape(char)}\\`]+|`)+") for char in MARKS
}


def closing_mark(text: str, body: Span, mark: str) -> int:
    """Where `mark` closes in `body`: -1 when at once, NOWHERE when not at all.

    That is not in code, not escaped, and not behind white space within.
    """
    char, width, end = mark[0], len(mark), body.end
    step = _STEPS[char]
    at, before = body.start, ""
    while at < end:
        m = step.match(text, at, end)
        if m:
            at = m.end()
            before = text[at - 1]
        elif not text.startswith(mark, at) or at + width > end:
            at, before = at + 1, text[at]
        elif (before and before in WHITE and at + width < end) or _inside_word(text, mark, at, end):
            at, before = at + width, char
        else:
            return at if at > body.start else -1
    return NOWHERE


def _inside_word(text: str, mark: str, at: int, end: int) -> bool:
    """Whether an underscore mark has a word to its right, where it can't close."""
    right = at + len(mark)
    return mark[0] == "_" and right < end and text[right] not in BESIDE_UNDERSCORE
