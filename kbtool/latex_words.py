"""Formulas in other words: what Logseq's KaTeX knows and math-core does not, said so that it does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kbtool.latex import Token, tokens
from kbtool.latex_looks import SIZES, box, colour, size
from kbtool.patterns import regex

TEXTS = frozenset(
    {
        r"\text",
        r"\textbf",
        r"\textit",
        r"\textrm",
        r"\textsf",
        r"\texttt",
        r"\textup",
        r"\textnormal",
        r"\mbox",
        r"\hbox",
    }
)
FONTS = frozenset(
    {r"\mathrm", r"\mathbf", r"\mathsf", r"\mathtt", r"\mathit", r"\mathnormal", r"\rm", r"\bf", r"\text"}
)
BOXES: Mapping[str, int] = {r"\colorbox": 1, r"\fcolorbox": 2}
"""Commands for coloured boxes, and how many colours they take; what stands in one is text."""
IN_TEXT: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *(r"\displaystyle", r"\textstyle", r"\scriptstyle", r"\scriptscriptstyle", r"\rm", r"\bf", r"\it", r"\sf"),
            *(r"\tt", r"\cal", r"\relax", r"\notag", r"\nonumber", r"\mathstrut", r"\negthinspace", r"\!"),
            *(r"\negmedspace", r"\negthickspace", r"\underline", r"\boxed", r"\fbox", r"\mbox", r"\hbox", r"\llap"),
            *(r"\rlap", r"\clap", r"\smash", r"\phantom", r"\textmd", r"\textup", r"\textnormal"),
        ),
        "",
    ),
    r"\qquad": r"\quad\quad ",
    r"\enskip": r"\ ",
    r"\newline": r"\ ",
    **dict.fromkeys((r"\dots", r"\ldots", r"\dotsc", r"\dotso", r"\dotsx"), "…"),
    r"\vdots": "⋮",
    r"\TeX": "TeX",
    r"\LaTeX": "LaTeX",
    r"\KaTeX": "KaTeX",
    r"\copyright": "©",
    r"\pounds": "£",
    r"\lbrack": "[",
    r"\rbrack": "]",
}
"""What KaTeX takes inside `\\text`, and math-core does not; looks may be lost, words never."""
TAGS = ("\\tag", "\\tag*")
BARE_TAG = regex(r"\\tag(\*?)\s*([0-9A-Za-z])")
NUMBERED = regex(r"\\(begin|end)\s*\{(align|gather)\*?\}")
"""Environments in which `\\tag` may stand, and which have a twin (`aligned`) for use inside another."""

_LOOKS = frozenset({*SIZES, *BOXES, r"\color"})
"""What math-core takes in formulas alone, or in no text."""
_COLOURS = frozenset(
    "black blue brown cyan darkgray gray green lightgray lime magenta olive orange pink purple red teal violet "
    "white yellow".split()
)
"""The colours that math-core knows by name."""
_SIGNS: Mapping[str, str] = {
    "\u2205": "emptyset",
    "\u221a": "surd",
    "\u2220": "angle",
    "\u2221": "measuredangle",
    "\u2222": "sphericalangle",
    "\u2234": "therefore",
    "\u2235": "because",
    "\u22a4": "top",
    "\u22a5": "bot",
}
"""Signs that math-core wants as commands."""

REPLACEMENTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (regex(r"\\(begin|end)\s*\{split\}"), r"\\\1{aligned}"),
    (regex(r"\\(begin|end)\s*\{smallmatrix\}"), r"\\\1{matrix}"),
    (regex(r"\\begin\s*\{alignedat\}\s*\{\d*\}"), r"\\begin{aligned}"),
    (regex(r"\\end\s*\{alignedat\}"), r"\\end{aligned}"),
    (regex(r"\\begin\s*\{alignat(\*?)\}\s*\{\d*\}"), r"\\begin{align\1}"),
    (regex(r"\\end\s*\{alignat(\*?)\}"), r"\\end{align\1}"),
    (regex(r"\\begin\s*\{([bBpvV]?matrix)\*\}(?:\s*\[[lcr]\])?"), r"\\begin{\1}"),
    (regex(r"\\end\s*\{([bBpvV]?matrix)\*\}"), r"\\end{\1}"),
    (regex(r"\\(left|right|middle|[bB]igg?[lrm]?)\s*(?:<|\\lt(?![a-zA-Z]))"), r"\\\1\\langle "),
    (regex(r"\\(left|right|middle|[bB]igg?[lrm]?)\s*(?:>|\\gt(?![a-zA-Z]))"), r"\\\1\\rangle "),
    (regex(r"\\(m?kern|[hm]skip)\s*\{([^{}]*)\}"), r"\\\1 \2 "),
    (regex(r"\\sout(?![a-zA-Z])"), r"\\cancel"),
    (regex(r"\\begin\s*\{array\}\s*\{\s*\}"), r"\\begin{array}{c}"),
    (regex(r"(\\(?!(?:operatorname|DeclareMathOperator|hspace|tag)\b)[a-zA-Z]+)\*"), r"\1 *"),
    *((regex(sign), rf"\\{command} ") for sign, command in _SIGNS.items()),
    (
        regex("[\u20d0-\u20f0\u21eb-\u21f3\u221b\u221c\u27c0-\u27e5\u2919\u291a\u2981-\u29ff\u2ad9-\u2afb]"),
        r"\\text{\g<0>}",
    ),
    (regex(r"\\hspace\*"), r"\\hspace"),
    (regex(r"\\h(?:dash)?line\s*(?=\\h(?:dash)?line)"), ""),
    (regex(r"\\\\\s*\[[^\[\]]*\](?=\s*\\h(?:dash)?line)"), r"\\\\"),
    (regex(r"(?<=\})\s*\\(?:no)?limits(?![a-zA-Z])"), ""),
    (regex(r"\\[bB]igg?[lrm]?\s*\."), ""),
    (regex(r"\\AA(?![a-zA-Z])"), "Å "),
    (regex(r"\\aa(?![a-zA-Z])"), "å "),
    (regex(r"\\color\s*\{#([0-9a-fA-F]{6})\}"), r"\\color[HTML]{\1}"),
    (regex(r"\\textcolor\s*\{#([0-9a-fA-F]{6})\}\s*\{"), r"{\\color[HTML]{\1}"),
    (regex(r"\\color\s*\{#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])\}"), r"\\color[HTML]{\1\1\2\2\3\3}"),
    (regex(r"\\textcolor\s*\{#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])\}\s*\{"), r"{\\color[HTML]{\1\1\2\2\3\3}"),
)
"""What KaTeX, and so Logseq, knows and math-core does not, in words that it knows."""

REWRITABLE = 10_000
"""Longest formula that is rewritten, in characters: groups within groups are looked through again and again."""


class Replacement(NamedTuple):
    """A range of the original and what stands in its place."""

    start: int
    end: int
    text: str


class Rewritten(NamedTuple):
    """A formula said in other words."""

    text: str
    replacements: tuple[Replacement, ...]

    def original(self, offset: int) -> int:
        """The offset in the original of an offset in the new text."""
        shift = 0
        for start, end, text in self.replacements:
            if offset < start + shift:
                break
            if offset < start + shift + len(text):
                return start
            shift += len(text) - (end - start)
        return offset - shift


def rewritten(latex: str, display: bool) -> Rewritten:
    """The same formula without what only KaTeX knows; equal to the original when there is nothing of it."""
    if len(latex) > REWRITABLE:
        return Rewritten(latex, ())
    found = [*_fixed(latex), *_structural(latex)]
    if display:
        found += _tagged(latex)
    kept: list[Replacement] = []
    for replacement in sorted(found):
        if not kept or replacement.start >= kept[-1].end:
            kept.append(replacement)
    return Rewritten(applied(latex, kept), tuple(kept))


def applied(latex: str, replacements: list[Replacement]) -> str:
    """The text with the replacements made, which stand in order."""
    out, at = [], 0
    for start, end, text in replacements:
        out += [latex[at:start], text]
        at = end
    return "".join([*out, latex[at:]])


def _fixed(latex: str) -> Iterator[Replacement]:
    for pattern, template in REPLACEMENTS:
        for match in pattern.finditer(latex):
            yield Replacement(match.start(), match.end(), match.expand(template))


def _structural(latex: str) -> Iterator[Replacement]:
    found = list(tokens(latex))
    made: set[int] = set()
    for index, token in enumerate(found):
        # What stands in text is said in other words together with the text.
        if token.start not in made:
            replacements = list(_said(latex, found, index))
            made.update(one.start for one in replacements)
            yield from replacements


def _said(latex: str, found: list[Token], index: int) -> Iterator[Replacement]:
    token = found[index]
    if token.text in ("\\\n", "\\\t", "\\\r"):
        yield Replacement(token.start, token.end, "\\ ")
    elif token.text in SIZES:
        yield Replacement(token.start, token.end, size(token.text))
    elif token.text in BOXES:
        yield from _box(latex, found, index, ("", ""))
    elif token.text in ("\\color", "\\textcolor"):
        yield from _colour(latex, found, index)
    elif token.text in TEXTS:
        yield from _text(latex, found, _group(found, index))
    elif token.text in TAGS:
        yield from _worded_tag(latex, _group(found, index))
    elif token.text in ("\\operatorname", "\\operatorname*"):
        yield from _plain_name(_group(found, index), latex)


def _group(found: list[Token], index: int) -> list[Token]:
    """The tokens from a command to the end of the group that follows it; empty when none follows or it is open."""
    if index + 1 >= len(found) or found[index + 1].text != "{":
        return []
    depth = 0
    for end in range(index + 1, len(found)):
        depth += {"{": 1, "}": -1}.get(found[end].text, 0)
        if depth == 0:
            return found[index : end + 1]
    return []


def _text(latex: str, found: list[Token], group: list[Token]) -> Iterator[Replacement]:
    """What math-core takes no text with: formulas, colours, sizes, boxes in it."""
    yield from _parts_of_text(latex, found, group)
    yield from _colour_in_text(latex, found, group)
    yield from (Replacement(one.start, one.end, IN_TEXT[one.text]) for one in group[1:] if one.text in IN_TEXT)


def _parts_of_text(latex: str, found: list[Token], group: list[Token]) -> Iterator[Replacement]:
    """`\\text{a $x$ b}` becomes `{\\text{a }{x}\\text{ b}}`: each `$`, and size, ends a group and begins another."""
    marks = [token for token, depth in _depths(group) if token.text in ("$", "\\(", "\\)") and depth == 1]
    looks = [token for token, depth in _depths(group) if token.text in _LOOKS and depth == 1]
    if len(marks) % 2 or not (marks or looks):
        return
    command = group[0]
    text = "\\text" if command.text in ("\\mbox", "\\hbox") else command.text
    yield Replacement(command.start, command.end, "{" + text)
    formula = False
    for token in sorted((*marks, *looks), key=lambda token: token.start):
        around = ("", "") if formula else ("}", text + "{")
        if token.text in SIZES:
            yield Replacement(token.start, _behind_blanks(latex, token.end), size(token.text).join(around))
        elif token.text in BOXES:
            yield from _box(latex, found, found.index(token), around)
        elif token.text == "\\color":
            yield from _colour_of_rest(latex, _group(found, found.index(token)), around)
        else:
            formula = not formula
            yield Replacement(token.start, token.end, "}{" if formula else "}\\text{")
    yield Replacement(group[-1].start, group[-1].end, "}}")


def _colour_of_rest(latex: str, group: list[Token], around: tuple[str, str]) -> Iterator[Replacement]:
    if group:
        switch = _switch(group, latex)
        written = latex[group[0].start : group[-1].end] if switch is None else switch
        yield Replacement(group[0].start, _behind_blanks(latex, group[-1].end), written.join(around))


def _behind_blanks(latex: str, at: int) -> int:
    while latex[at : at + 1].isspace():
        at += 1
    return at


def _box(latex: str, found: list[Token], index: int, around: tuple[str, str]) -> Iterator[Replacement]:
    """`\\colorbox{red}{a}` becomes colours and a text; `around` ends a text before it, and begins one again."""
    colours, at = [], index
    for _ in range(BOXES[found[index].text]):
        group = _group(found, at)
        colours.append(latex[group[1].end : group[-1].start] if group else "")
        at += max(0, len(group) - 1)
    words = _group(found, at)
    if not words or not all(colours):
        return
    closing = words[0]  # of the colour: in its place the text begins
    words[0] = Token("\\text", closing.start, closing.end)
    inside = list(_text(latex, found, words))
    yield Replacement(found[index].start, closing.start, around[0] + "{" + box(colours))
    yield from inside or (Replacement(closing.start, closing.end, "\\text"),)
    yield Replacement(words[-1].end, words[-1].end, "}" + around[1])


def _colour(latex: str, found: list[Token], index: int) -> Iterator[Replacement]:
    """A colour by a name that math-core does not know, in digits; as nothing, where browsers do not know it either."""
    command, group = found[index], _group(found, index)
    switch = _switch(group, latex)
    argument = found[index + len(group)] if index + len(group) < len(found) else None
    if switch is None:
        return
    if command.text == "\\color" or not switch:
        yield Replacement(command.start, group[-1].end, switch)
    elif argument and argument.text == "{" and not latex[group[-1].end : argument.start].strip():
        yield Replacement(command.start, argument.end, "{" + switch)


def _switch(group: list[Token], latex: str) -> str | None:
    """A colour by name in digits, nothing where browsers do not know it either; None where math-core does."""
    name = latex[group[1].end : group[-1].start].strip() if group else ""
    if not name.isalpha() or name in _COLOURS:
        return None
    digits = colour(name)
    return f"\\color[HTML]{{{digits}}}" if digits else ""


def _colour_in_text(latex: str, found: list[Token], group: list[Token]) -> Iterator[Replacement]:
    """`\\text{a \\textcolor{red}{b} c}` becomes `{\\text{a }\\textcolor{red}{\\text{b}}\\text{ c}}`."""
    coloured = [(found.index(token), depth) for token, depth in _depths(group) if token.text == "\\textcolor"]
    groups = [(_group(found, at), _group(found, at + 2), depth) for at, depth in coloured]
    if not all(name and words for name, words, _ in groups) or not groups:
        return
    if any(depth > 1 for *_, depth in groups) or any(token.text in ("$", "\\(") for token in group):
        yield from (Replacement(name[0].start, name[-1].end, "") for name, *_ in groups)
        return
    text = group[0].text
    yield Replacement(group[0].start, group[0].end, "{" + text)
    for name, words, _ in groups:
        switch = _switch(name, latex)
        end = name[0].start if switch is None else name[-1].end
        yield Replacement(name[0].start, end, "}" + ("{" + switch if switch else ""))
        yield Replacement(words[1].start, words[1].end, "{" + text + "{")
        yield Replacement(words[-1].start, words[-1].end, "}}" + ("}" if switch else "") + text + "{")
    yield Replacement(group[-1].start, group[-1].end, "}}")


def _depths(group: list[Token]) -> Iterator[tuple[Token, int]]:
    """The tokens of a group behind its command, each with the braces that are open before it."""
    depth = 0
    for token in group[1:]:
        yield token, depth
        depth += {"{": 1, "}": -1}.get(token.text, 0)


def _worded_tag(latex: str, group: list[Token]) -> Iterator[Replacement]:
    """A tag of other characters than math-core takes stands behind the formula, as text."""
    inner = latex[group[1].end : group[-1].start] if group else ""
    if inner.isascii() and not set(inner) & set("$\\{}^_&#%~"):
        return
    words = inner.split("$")
    parts = (f"{{{word}}}" if number % 2 else f"\\text{{{word}}}" for number, word in enumerate(words))
    yield Replacement(group[0].start, group[-1].end, "\\qquad(" + "".join(parts) + ")")


def _plain_name(group: list[Token], latex: str) -> Iterator[Replacement]:
    """`\\operatorname{\\mathrm{lim}}` is `\\operatorname{lim}`; with an index in it, it is upright."""
    if not group:
        return
    name = latex[group[1].end : group[-1].start]
    if "_" in name or "^" in name or any(token.text[0] == "\\" and token.text not in FONTS for token in group[1:]):
        yield Replacement(group[0].start, group[0].end, "\\mathrm")
        return
    if any(token.text in FONTS for token in group[1:]):
        for token in group[2:-1]:
            if token.text in FONTS or token.text in "{}":
                yield Replacement(token.start, token.end, "")


def _tagged(latex: str) -> Iterator[Replacement]:
    """A `\\tag` outside a numbered environment gets one around the whole formula, and stands at its end."""
    found = list(tokens(latex))
    groups = [_group(found, index) for index, token in enumerate(found) if token.text in TAGS]
    plain = [group for group in groups if group and not any(_worded_tag(latex, group))]
    tags = [(group[0].start, group[-1].end) for group in plain] or [match.span() for match in BARE_TAG.finditer(latex)]
    if len(tags) != 1 or _inside_numbered(latex, tags[0][0]):
        return
    start, end = tags[0]
    yield Replacement(0, 0, "\\begin{equation}")
    for match in NUMBERED.finditer(latex):
        yield Replacement(match.start(), match.end(), match.expand(r"\\\1{\2ed}"))
    yield Replacement(start, end, "")
    tag = BARE_TAG.sub(r"\\tag\1{\2}", latex[start:end])
    yield Replacement(len(latex), len(latex), tag + "\\end{equation}")


def _inside_numbered(latex: str, offset: int) -> bool:
    before = [match.group(1) for match in NUMBERED.finditer(latex, 0, offset)]
    return before.count("begin") > before.count("end")
