"""Notes that nobody would write: put together from the dialect's constructs, or real ones spliced and broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import TypeVar

ID = "64f0a1b2-3c4d-4e5f-8a9b-0c1d2e3f4a5b"
_WORDS = (
    "word",
    "два",
    "слова",
    "名前",
    "ü",
    "e\u0301",
    "👩‍💻",
    "a.b",
    "x_y",
    "don't",
    "1",
    "2024",
    "a/b",
    "C#",
    "İ",
    "ß",
    "\ufeff",
    "。",
    "，",
    "「引用」",
    "—",
    "…",
    "№5",
    "a:b",
    "key",
    "no-break\u00a0space",
    "wide\u3000space",
    "line\u2028sep",
    "100%",
    "TODO",
)
_MARKS = (
    *"`*_~=^$#[](){}<>|\\!@:;,.-+/'\"&%",
    "**",
    "__",
    "~~",
    "==",
    "^^",
    "$$",
    "``",
    "```",
    "[[",
    "]]",
    "((",
    "))",
    "{{",
    "}}",
    "](",
    "::",
    "***",
    "___",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "<!--",
    "-->",
    "/>",
    "![",
    "[:",
    "[^",
    "]:",
    "@@",
    "#+",
    "---",
    "- ",
    "# ",
    "~~~",
    "|",
    "://",
)
_BLANKS = (" ", " ", " ", "", "", "  ", "\t", "\u00a0")
_ENDS = ("\n", "\n", "\n", "\n", "\n\n", "\r\n", "\n\n\n", "\r\n\r\n", " \n", "\t\n")
_INDENTS = ("", "", "", "\t", "\t\t", "  ", "    ", " ", "\t  ", "  \t", "\t\t  ", "      ", " \t ")
_KEYS = (
    "id",
    "tags",
    "alias",
    "title",
    "type",
    "collapsed",
    "a/b",
    "ключ",
    "Key_x",
    "template",
    "heading",
    "public",
    "background-color",
    "x.y",
    "1",
    "k(y",
    "query-table",
    "icon",
)
_TASKS = (
    "TODO",
    "DOING",
    "NOW",
    "LATER",
    "DONE",
    "WAITING",
    "WAIT",
    "CANCELED",
    "CANCELLED",
    "IN-PROGRESS",
    "STARTED",
    "todo",
    "TODO:",
    "TODOx",
)
_DATES = (
    "<2024-05-01 Wed>",
    "<2024-05-01 Wed 10:00>",
    "<2024-05-01 Wed 10:00 .+1w>",
    "<2024-05-01>",
    "<2024-05-01 Ср>",
    "[2024-05-01 Wed]",
    "<2024-05-01 Wed ++2d>",
    "<2024-05-01 Wed>--<2024-05-02 Thu>",
    "<2024-5-1 Wed",
)
_NAMES = ("NOTE", "QUOTE", "SRC", "EXAMPLE", "EXPORT", "COMMENT", "QUERY", "CENTER", "TIP", "x", "VERSE", "note")
_TAGS = ("div", "time", "b", "br", "span", "details", "x", "p", "iframe", "svg", "a")
_ADDRESSES = (
    "https://a.b/c",
    "http://x.y/[[z]]",
    "../assets/i.png",
    "page.md",
    "P",
    "[[P]]",
    f"(({ID}))",
    "<[[P]]>",
    ID,
    "mailto:a@b.c",
    "https://en.wikipedia.org/wiki/A_(b)",
    "a b.pdf",
    "",
    "assets/x.pdf",
    "#top",
)


_Choice = TypeVar("_Choice")


class _Notes:
    """A random note by the grammar; every choice comes from `rng`."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def note(self) -> str:
        parts = [self.construct(3) for _ in range(self.rng.randint(1, 7))]
        if self.rng.random() < 0.15:
            parts.insert(0, self.front())
        text = "".join(parts)
        return self.broken(text) if self.rng.random() < 0.2 else text

    def front(self) -> str:
        lines = "".join(f"{self.pick(_KEYS)}: {self.inline(1)}\n" for _ in range(self.rng.randint(0, 3)))
        return self.pick(
            (f"---\n{lines}---\n", f"---\n{lines}", f"#+TITLE: {self.inline(1)}\n", f"a:: {self.inline(1)}\n")
        )

    def broken(self, text: str) -> str:
        """The text with one piece lost or a mark put in."""
        at = self.rng.randrange(len(text) + 1)
        return f"{text[:at]}{self.pick((*_MARKS, chr(32), *_ENDS))}" + text[at + self.rng.randint(0, 4) :]

    # ---- blocks and what is in them

    def construct(self, depth: int) -> str:
        maker: Callable[[_Notes, int], str] = self.pick(_CONSTRUCTS)
        return maker(self, depth)

    def bullet(self, depth: int) -> str:
        task = self.pick(_TASKS) + " " if self.rng.random() < 0.2 else ""
        priority = self.pick(("[#A] ", "[#b] ", "[#]", "[#1]")) if self.rng.random() < 0.1 else ""
        heading = "#" * self.rng.randint(1, 3) + self.pick(_BLANKS) if self.rng.random() < 0.1 else ""
        first = self.pick((self.text, self.text, self.text, self.construct))(depth)
        return f"{self.indent()}-{self.pick((' ', ' ', ' ', '', '  ', chr(9)))}{heading}{task}{priority}{first}"

    def heading(self, depth: int) -> str:
        return f"{self.indent()}{'#' * self.rng.randint(1, 7)}{self.pick(_BLANKS)}{self.text(depth)}"

    def text(self, depth: int) -> str:
        return self.inline(depth) + self.end()

    def paragraph(self, depth: int) -> str:
        return "".join(self.indent() + self.text(depth) for _ in range(self.rng.randint(1, 3)))

    def properties(self, depth: int) -> str:
        return "".join(
            f"{self.indent()}{self.pick(_KEYS)}::{self.pick((' ', ' ', '', '  '))}{self.value(depth)}{self.end()}"
            for _ in range(self.rng.randint(1, 3))
        )

    def value(self, depth: int) -> str:
        return self.pick(
            (ID, "true", "12", "9.4", '"quoted [[x]]"', "a, b，[[c]]", "#t, #[[u v]]", self.inline(depth), "")
        )

    def fence(self, depth: int) -> str:
        mark, close = self.pick(("```", "~~~", "````")), self.pick(("```", "~~~", "````", "", "``` x"))
        inner = "".join(self.indent() + self.line(depth) for _ in range(self.rng.randint(0, 3)))
        info = self.pick(("python", "", " py x", "{.python}", "clojure :results", "`"))
        return f"{self.indent()}{mark}{info}{self.end()}{inner}{self.indent()}{close}{self.end()}"

    def container(self, depth: int) -> str:
        name = self.pick(_NAMES)
        other = name if self.rng.random() < 0.8 else self.pick(_NAMES)
        inner = "".join(self.indent() + self.line(depth) for _ in range(self.rng.randint(0, 3)))
        begin, end = self.pick((("BEGIN", "END"), ("begin", "end"), ("Begin", "END")))
        argument = self.pick(("", " x", " html", "  "))
        return f"{self.indent()}#+{begin}_{name}{argument}{self.end()}{inner}{self.indent()}#+{end}_{other}{self.end()}"

    def line(self, depth: int) -> str:
        return self.construct(depth - 1) if depth > 0 and self.rng.random() < 0.5 else self.text(depth)

    def quote(self, depth: int) -> str:
        return "".join(
            f"{self.indent()}{self.pick(('>', '>', '> ', '>>', ''))}{self.pick(_BLANKS)}{self.line(depth)}"
            for _ in range(self.rng.randint(1, 3))
        )

    def table(self, depth: int) -> str:
        rows = [[self.inline(depth - 1) for _ in range(self.rng.randint(1, 3))] for _ in range(self.rng.randint(1, 3))]
        lines = [f"{self.pick(('|', '|', '| '))}{'|'.join(row)}{self.pick(('|', '|', '| ', ''))}" for row in rows]
        lines.insert(1, self.pick(("|--|--|", "|:-|-:|", "|-+-|", "| - |", "")))
        return "".join(self.indent() + line + "\n" for line in lines)

    def items(self, depth: int) -> str:
        return "".join(
            f"{self.indent()}{self.pick(('*', '+', '1.', '12.', '-', '*', '1)'))}{self.pick(_BLANKS)}"
            f"{self.pick(('', '', '[ ] ', '[x] ', '[X]'))}{self.line(depth)}"
            for _ in range(self.rng.randint(1, 4))
        )

    def definition(self, depth: int) -> str:
        return f"{self.indent()}{self.text(depth)}{self.indent()}: {self.text(depth)}"

    def formula(self, depth: int) -> str:
        return f"{self.indent()}$${self.pick(('', chr(10)))}{self.inline(depth)}{self.end()}$${self.end()}"

    def environment(self, depth: int) -> str:
        end = self.pick(("\\end{align}", "\\end{align}", "\\end{x}", ""))
        return f"{self.indent()}\\begin{{align}}{self.end()}{self.inline(depth)}{self.end()}{end}{self.end()}"

    def drawer(self, depth: int) -> str:
        name = self.pick(("LOGBOOK", "PROPERTIES", "x"))
        inner = self.pick(
            ("CLOCK: [2024-05-01 Wed 10:00:00]--[2024-05-01 Wed 10:01:00] =>  00:01:00\n", ":key: v\n", "")
        )
        return f"{self.indent()}:{name}:\n{self.indent()}{inner or self.text(depth)}{self.indent()}:END:{self.end()}"

    def stamp(self, depth: int) -> str:
        word = self.pick(("SCHEDULED: ", "DEADLINE: ", "scheduled:", "CLOSED: ", ""))
        return f"{self.indent()}{word}{self.pick(_DATES)}{self.pick(('', ' ' + self.inline(depth)))}{self.end()}"

    def footnote(self, depth: int) -> str:
        return f"{self.indent()}[^{self.word()}]:{self.pick(_BLANKS)}{self.text(depth)}"

    def html(self, depth: int) -> str:
        tag = self.pick(_TAGS)
        close = self.pick((f"</{tag}>", f"</{tag}>", "/>", "", f"</{tag.upper()}>"))
        return f"{self.indent()}<{tag}>{self.pick(('', chr(10)))}{self.line(depth)}{close}{self.end()}"

    def hiccup(self, depth: int) -> str:
        return f"{self.indent()}[:{self.pick(_TAGS)} {self.inline(depth)}]{self.end()}"

    def directive(self, depth: int) -> str:
        return f"{self.indent()}#+{self.pick(_KEYS)}: {self.text(depth)}"

    def rule(self, depth: int) -> str:
        return f"{self.indent()}{self.pick(('---', '***', '___', '--', '----', '- - -'))}{self.end()}" + self.pick(
            ("", self.text(depth))
        )

    def comment(self, depth: int) -> str:
        return self.pick((f"<!-- {self.inline(depth)} -->", f"[//]: # {self.inline(depth)}", "<!-- ")) + self.end()

    # ---- inside a line

    def inline(self, depth: int) -> str:
        return "".join(self.pick(_BLANKS) + self.node(depth) for _ in range(self.rng.randint(1, 4)))

    def node(self, depth: int) -> str:
        roll = self.rng.random()
        if depth <= 0 or roll < 0.3:
            return self.word()
        if roll < 0.38:
            return str(self.pick(_MARKS))
        inner = self.inline(depth - 1)
        return self.pick(_SHAPES).replace("INNER", inner).replace("ADDRESS", self.pick(_ADDRESSES)).replace("ID", ID)

    def word(self) -> str:
        return self.pick(_WORDS)

    def indent(self) -> str:
        return self.pick(_INDENTS)

    def end(self) -> str:
        return self.pick(_ENDS)

    def pick(self, choices: Sequence[_Choice]) -> _Choice:
        return choices[self.rng.randrange(len(choices))]


_CONSTRUCTS = (
    *([_Notes.bullet] * 8),
    *([_Notes.paragraph] * 3),
    _Notes.heading,
    _Notes.properties,
    _Notes.properties,
    _Notes.fence,
    _Notes.fence,
    _Notes.container,
    _Notes.container,
    _Notes.quote,
    _Notes.quote,
    _Notes.table,
    _Notes.items,
    _Notes.items,
    _Notes.definition,
    _Notes.formula,
    _Notes.environment,
    _Notes.drawer,
    _Notes.stamp,
    _Notes.footnote,
    _Notes.html,
    _Notes.hiccup,
    _Notes.directive,
    _Notes.rule,
    _Notes.comment,
)
_SHAPES = (
    "[[INNER]]",
    "[[INNER]]",
    "[[a/INNER]]",
    "[[[INNER]]]",
    "[[a [[INNER]] b]]",
    "#INNER",
    "#[[INNER]]",
    "#a[[INNER]]",
    "[INNER](ADDRESS)",
    '[INNER](ADDRESS "INNER")',
    "![INNER](ADDRESS){:width 10, :height 20}",
    "[[x]](ADDRESS)",
    "((ID))",
    "[INNER](((ID)))",
    "((INNER))",
    "`INNER`",
    "``INNER``",
    "$INNER$",
    "$$INNER$$",
    "\\(INNER\\)",
    "\\[INNER\\]",
    "**INNER**",
    "*INNER*",
    "__INNER__",
    "_INNER_",
    "~~INNER~~",
    "==INNER==",
    "^^INNER^^",
    "***INNER***",
    "___INNER___",
    "a_{INNER}",
    "b^{INNER}",
    "{{embed [[INNER]]}}",
    "{{embed ((ID))}}",
    "{{query (and [[INNER]])}}",
    "{{{x INNER}}}",
    "{{cloze INNER}}",
    "<b>INNER</b>",
    "<br/>",
    "<!-- INNER -->",
    "[:b INNER]",
    "[^INNER]",
    "@@html: INNER@@",
    "ADDRESS",
    "<ADDRESS>",
    "\\alpha",
    "\\alpha{}",
    "\\INNER",
    "SCHEDULED: <2024-05-01 Wed>",
    "[2024-05-01 Wed]",
    "(INNER)",
    "[INNER]",
    '"INNER"',
    "{INNER}",
)


# ---------------------------------------------------------------- real notes, spliced and broken


def seeds_from(folders: Iterable[Path]) -> list[str]:
    """The texts of all notes in folders, in order."""
    paths = (path for folder in folders for path in sorted(folder.rglob("*.md")) if path.is_file())
    return [path.read_bytes().decode(errors="replace") for path in paths]


def mutated(rng: Random, seeds: Sequence[str]) -> str:
    """Lines of two real notes, with a few changes."""
    lines = [*_stretch(rng, rng.choice(seeds)), *_stretch(rng, rng.choice(seeds))]
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(lines))
        _CHANGES[rng.randrange(len(_CHANGES))](rng, lines, at)
    text = "".join(lines)
    return text.replace("\n", "\r\n") if rng.random() < 0.05 else text


def _stretch(rng: Random, text: str) -> list[str]:
    lines = text.splitlines(keepends=True) or ["\n"]
    at = rng.randrange(len(lines))
    return [line[:2000] for line in lines[at : at + rng.randint(1, 12)]]


def _swap(rng: Random, lines: list[str], at: int) -> None:
    other = rng.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def _put(rng: Random, lines: list[str], at: int) -> None:
    where = rng.randrange(len(lines[at]) + 1)
    lines[at] = lines[at][:where] + rng.choice((*_MARKS, *_BLANKS, *_WORDS)) + lines[at][where:]


def _cut(rng: Random, lines: list[str], at: int) -> None:
    where = rng.randrange(len(lines[at]) + 1)
    lines[at] = lines[at][:where] + lines[at][where + rng.randint(1, 8) :]


def _indent(rng: Random, lines: list[str], at: int) -> None:
    lines[at] = rng.choice(_INDENTS) + (lines[at].lstrip() or "\n")


def _open(rng: Random, lines: list[str], at: int) -> None:
    notes = _Notes(rng)
    lines.insert(at, notes.construct(2))


def _begin(rng: Random, lines: list[str], at: int) -> None:
    lines[at] = (
        rng.choice(_INDENTS) + rng.choice(("- ", "* ", "> ", "# ", "1. ", ": ", "| ", "\t")) + lines[at].lstrip(" \t")
    )


def _join(_rng: Random, lines: list[str], at: int) -> None:
    lines[at] = lines[at].rstrip("\r\n")


_CHANGES = (_swap, _put, _put, _cut, _cut, _indent, _open, _begin, _join)


def noise(rng: Random) -> str:
    """Marks, words and characters from anywhere, in no order."""
    return "".join(
        chr(rng.choice((rng.randrange(32, 0xD800), rng.randrange(0xE000, 0x110000), rng.randrange(128))))
        if rng.random() < 0.1
        else rng.choice(
            (*_MARKS, *_ENDS, *_INDENTS, *_WORDS, "#+BEGIN_QUOTE", "#+END_QUOTE", "<div>", "</div>", ":END:")
        )
        for _ in range(rng.randint(1, 80))
    )


KINDS = ("grammar", "mutated", "noise")


def note(kind: str, number: int, seed: int, seeds: Sequence[str]) -> str:
    """A note of a kind; the same numbers give the same note, whatever was asked for before."""
    rng = Random(f"{kind} {seed} {number}")
    if kind == "mutated":
        return mutated(rng, seeds)
    return _Notes(rng).note() if kind == "grammar" else noise(rng)
