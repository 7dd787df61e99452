"""Texts that make careless programs slow, each for a size n: what happens to them must grow no faster than n."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

ID = "64f0a1b2-3c4d-4e5f-8a9b-0c1d2e3f4a5b"


def _times(piece: str, n: int) -> str:
    return piece * n


def _around(opening: str, closing: str, n: int) -> str:
    return f"- {opening * n}x{closing * n}\n"


def _deep(mark: str, n: int) -> str:
    # Twenty thousand characters of indentation a line are a bomb of another kind.
    return "".join(f"{chr(9) * min(i, 200)}{mark} x\n" for i in range(n))


_REPEATED = {
    "[": "[", "[[": "[[", "]": "]", "]]": "]]", "((": "((", "{{": "{{", "{{{": "{{{", "$": "$", "$$": "$$", "`": "`", "``": "`` ",
    "*": "*", "**": "**a ", "*a": "*a ", "_": "_", "_a": " _a", "~~": "~~a", "==": "==a", "^^": "^^a", "<": "<", "<a": "<a ",
    "<div>": "<div>", "</div>": "</div>", "<!--": "<!--", "<?": "<?", "<![CDATA[": "<![CDATA[", "#": "#", "#a": "#a", "##": "# ",
    "#[[": "#[[", "#a[[": "#a[[", "|": "|", "| rows": "|a|b|\n", "wide table": "|", "ragged rows": "|a|\n|a|b|c|d|e|f|\n", ">": ">",
    "> lines": "> a\n", "> >": "> > a\n", "bullets": "- a\n", "bare bullets": "-\n", "items": "* a\n", "items of items": "* * * a\n",
    "item without text": "* \n", "numbers": "1. a\n", "key::": "key::\n", "key:: in a line": "key:: ", "keys": "a:: b\n",
    "properties in bullets": "- a\n  b:: [[c]]\n", "begin": "#+BEGIN_X\n", "begin end": "#+BEGIN_X\na\n#+END_X\n", "end": "#+END_X\n",
    "begin and other end": "#+BEGIN_A\n#+END_B\n", "scheduled": "SCHEDULED: ", "scheduled dates": "SCHEDULED: <2024-05-01 Wed>\n",
    "half dates": "<2024-05-01 ", "footnotes": "[^1]: a\n", "footnote marks": "[^", "](": "](", "[](": "[](", "[a](": "[a](",
    "![](": "![](", "links": "[[a]] ", "links in one word": "[[a]]", "labelled links": "[a](b) ", "block refs": f"(({ID})) ",
    "embeds": "{{embed [[x]]}} ", "urls": "https://a.b/c ", "url of brackets": "https://a/((", "backslashes": "\\", "entities": "\\alpha ",
    "escapes": "\\[", "\\(": "\\(", "\\begin": "\\begin{a}\n", "fences": "```\n", "fences of waves": "~~~\n", "fence in a line": "```",
    "drawers": ":LOGBOOK:\n", "property drawers": ":PROPERTIES:\n:a: b\n", "ends of drawers": ":END:\n", "hiccup": "[:div ", "hiccup \"": '[:b "',
    "rules": "---\n", "definitions": "a\n: b\n", "meanings": ": b\n", "html snippets": "@@html: ", "line ends": "\n", "carriage returns": "\r",
    "spaces": " ", "tabs": "\t", "words": "word ", "one word": "a", "emoji": "👩‍💻", "combining": "e\u0301", "scripts": "a_{", "tasks": "- TODO [#A] a\n",
    "headings": "# a\n", "directives": "#+a: b\n", "quotes in a title": '[a](b "', "metadata": "[a](b){", "formulas": "$a$ ", "code": "`a` ",
    "cells": "```python\nx = 1\n```\n", "html comments": "<!-- a -->\n", "ids": f"- a\n  id:: {ID}\n", "nested names": "[[a [[b]] ",
    "unread formulas": "$ \\a $", "commas": "tags:: " + "a, ", "quotes of code": "> ```\n", "quotes and items": "> * a\n",
    "comments of Markdown": "[//]: # ", "colons": ":", "double colons": "::", "emphasis in emphasis": "**a *b ~~c ",
}  # fmt: skip
_DEEP = {"deep bullets": "-", "deep items": "*", "deep quotes": ">", "deep numbers": "1."}
_AROUND = {
    "brackets around": ("[", "]"), "names around": ("[[", "]]"), "emphasis around": ("*a **b ", "** *"), "html around": ("<div>", "</div>"),
    "hiccup around": ("[:b ", "]"), "parentheses around": ("[a](" + "(", ")"), "quotes around": ("> ", ""), "macros around": ("{{", "}}"),
    "tags around": ("#[[", "]]"), "formula in braces": ("$\\frac{", "}$"), "marks around": ("~~==^^", "^^==~~"),
}  # fmt: skip
BOMBS: Mapping[str, Callable[[int], str]] = {
    **{name: partial(_times, piece) for name, piece in _REPEATED.items()},
    **{name: partial(_deep, mark) for name, mark in _DEEP.items()},
    **{name: partial(_around, *marks) for name, marks in _AROUND.items()},
    "front matter": lambda n: "---\n" + "a: b\n" * n + "---\n",
    "front matter that never ends": lambda n: "---\n" + "a: b\n" * n,
    "front matter of brackets": lambda n: f"---\na: {'[' * n}\n---\n",
    "ids of one block": lambda n: "- a\n" + f"  id:: {ID}\n" * n,
    "table without end": lambda n: "|a|b|\n|--|--|\n" + "|" + "a|" * n + "\n",
    "formula": lambda n: "$" + "{" * n + "}" * n + "$",
    "matrix": lambda n: "$$\\begin{matrix}" + "a & b \\\\ " * n + "\\end{matrix}$$",
    "sum in a cell": lambda n: "```python\nx = " + "1+" * n + "1\n```\n",
    "parentheses in a cell": lambda n: "```python\nx = " + "(" * n + "\n```\n",
    "minus in a cell": lambda n: "```python\nx = " + "-" * n + "1\n```\n",
    "links between words of a line": lambda n: "- " + "a [[b]] " * n,
    "links of a property": lambda n: "tags:: " + "[[b]], " * n,
    "emphasis over lines": lambda n: "*" + "a\n" * n + "*",
    "unclosed after closed": lambda n: "[[a]] " * n + "[[" * n,
}
