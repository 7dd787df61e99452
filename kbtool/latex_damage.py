"""What copying does to LaTeX: backslashes doubled by JSON and Python strings, escapes added by exporters of Markdown,
braces left out where Logseq's KaTeX insists on them.

All of it is valid LaTeX that means something else, so no converter complains; it is told by what an author cannot have
meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kbtool.latex import Token, tokens
from kbtool.latex_words import Replacement, Rewritten, applied
from kbtool.patterns import regex

NEAR = 40
"""How far back the character is looked for that stands before a command."""
NAME = regex(r"[a-zA-Z]+")
RUN = regex(r"((?:\\{4})+)|(?<!\\)(\\{2})(?=[,;:!{}|%])")
"""Of doubled backslashes, those of row ends, spaces and braces; `\\\\` before a space may be a row end as it is."""
LITERAL = frozenset(
    {
        *(r"\text", r"\textbf", r"\textit", r"\textrm", r"\textsf", r"\texttt", r"\textup", r"\textnormal", r"\mbox"),
        *(r"\hbox", r"\operatorname", r"\operatorname*", r"\mathrm", r"\mathtt", r"\mathsf", r"\mathit", r"\mathbf"),
        *(r"\url", r"\href", r"\tag", r"\label", r"\ref", r"\textcolor", r"\color"),
    }
)
"""Commands in whose group a `\\_` is an underscore that the author wants to see."""
BARE_SCRIPT = regex(
    r"[_^]\s*(\\(?:operatorname\*?|textcolor|color|min|max|lim|limsup|liminf|inf|sup|det|gcd|Pr|log|ln|exp|sin|cos"
    r"|tan|ker|dim|deg|hom|arg|argmin|argmax|sum|prod|hat|tilde|bar|vec|dot|ddot|check|overline|underline|sqrt"
    r"|widehat|widetilde|boldsymbol|bm|overset|underset|stackrel|quad|qquad|phantom|boxed|iff|implies)(?![a-zA-Z]))"
)
"""Scripts that KaTeX refuses without braces: all that it calls a function and does not allow as an argument."""
DISPLAY_ONLY = regex(r"\\begin\s*\{(align\*?|gather\*?|alignat\*?|equation\*?|CD)\}")
"""Environments that KaTeX refuses in running text."""

OURS_IN_OTHER_WORDS: Mapping[str, str] = {
    r"\abs": r"write `\lvert x \rvert`",
    r"\norm": r"write `\lVert x \rVert`",
    r"\mathbbm": r"write `\mathbb`",
    r"\mathds": r"write `\mathbb`",
}
"""Commands of packages that everybody loads, which the site shows and KaTeX does not."""
OURS = regex(r"\\(?:abs|norm|mathbbm|mathds)(?![a-zA-Z])")


class Doubled(NamedTuple):
    """A backslash too many, before a command's name; `sure` when no line break can have been meant."""

    start: int
    name: str
    sure: bool


TAKES_TWO = frozenset((r"\textcolor", r"\overset", r"\underset", r"\stackrel"))
TAKES_ONE = frozenset(
    {
        *(r"\operatorname", r"\operatorname*", r"\hat", r"\tilde", r"\bar", r"\vec", r"\dot", r"\ddot", r"\check"),
        *(r"\overline", r"\underline", r"\sqrt", r"\widehat", r"\widetilde", r"\boldsymbol", r"\bm", r"\phantom"),
        *(r"\boxed", r"\color"),
    }
)
DOUBLED = regex(r"\\\\[a-zA-Z]{2}")


class Found(NamedTuple):
    """A piece of LaTeX, and what could stand in its place; nothing when nobody knows."""

    start: int
    end: int
    text: str


def doubled(latex: str) -> tuple[Doubled, ...]:
    """Where `\\\\` is followed at once by letters that may spell a command, and no matrix has its row end there."""
    if not DOUBLED.search(latex):
        return ()
    found = list(tokens(latex))
    single = any(token.text[1:2].isalpha() for token in found if token.text[0] == "\\")
    return tuple(_doubled(latex, found, single))


def _doubled(latex: str, found: list[Token], single: bool) -> Iterator[Doubled]:
    depth = 0
    for token in found:
        depth += {"\\begin": 1, "\\end": -1}.get(token.text, 0)
        name = NAME.match(latex, token.end) if token.text == "\\\\" else None
        if name is None or len(name.group()) < 2:
            continue
        before = latex[max(0, token.start - NEAR) : token.start].rstrip()[-1:]
        after = latex[name.end() : name.end() + 1]
        if depth <= 0:
            yield Doubled(token.start, name.group(), not single or after == "{")
        elif before and before in "&={(^_+-,":
            yield Doubled(token.start, name.group(), True)
        elif after == "{":
            yield Doubled(token.start, name.group(), False)


def halved(latex: str, found: tuple[Doubled, ...]) -> Rewritten:
    """The formula with one backslash before each command; where all were doubled, row ends and the like as well."""
    gone = [Replacement(one.start, one.start + 1, "") for one in found]
    if not any(token.text[1:2].isalpha() for token in tokens(latex) if token.text[0] == "\\"):
        gone += [_half(run) for run in RUN.finditer(latex)]
    gone.sort()
    return Rewritten(applied(latex, gone), tuple(gone))


def _half(run: re.Match[str]) -> Replacement:
    return Replacement(run.start(), run.start() + len(run.group(1) or run.group(2)) // 2, "")


def stray_scripts(latex: str) -> Iterator[Found]:
    """`x\\_i`, `\\sum\\_{i=1}`: an underscore that was meant to lower what follows."""
    depth = literal = 0
    before = ""
    for token in tokens(latex) if "\\_" in latex else ():
        if token.text == "{":
            depth += 1
            literal = literal or (depth if before in LITERAL else 0)
        elif token.text == "}":
            literal = 0 if depth == literal else literal
            depth -= 1
        elif token.text == "\\_" and not literal and _lowers(latex, token):
            yield Found(token.start, token.end, "_")
        before = token.text


def _lowers(latex: str, token: Token) -> bool:
    """Whether it stands between a symbol and a script, and not inside a name such as `batch\\_size`."""
    before, after = latex[max(0, token.start - NEAR) : token.start], latex[token.end : token.end + 2]
    if after[:1] == "{":
        return bool(before.strip())
    base = re.search(r"(?:\\[a-zA-Z]+|(?<![a-zA-Z])[a-zA-Z]|[)\]}'])$", before)
    script = after[:1].isalnum() and not after[1:2].isalnum() and after[1:2] != "\\"
    return base is not None and (script or bool(re.match(r"\\[a-zA-Z]", after)))


def bare_scripts(latex: str) -> Iterator[Found]:
    """`x_\\max`, `A^\\operatorname{T}`: without braces, where KaTeX wants them."""
    for match in BARE_SCRIPT.finditer(latex):
        end, word = match.end(), match.group(1)
        wanted = 2 if word in TAKES_TWO else 1 if word in TAKES_ONE else 0
        while wanted and latex[end : end + 1] == "{" and (closed := _closed(latex, end)):
            end, wanted = closed, wanted - 1
        known = not wanted and word != "\\color"
        yield Found(match.start(1), end, "{" + latex[match.start(1) : end] + "}" if known else "")


def _closed(latex: str, start: int) -> int:
    """Where the group that begins here ends; 0 when it does not."""
    depth = 0
    for token in tokens(latex[start : start + 1_000]):
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if depth == 0:
            return start + token.end
    return 0
