"""How much a converter would have to do for a formula, before it is asked.

math-core goes down the stack for each level and reads twice as far for each bracket that nothing closes: `$[[[[…$` of
60 characters would take years. Both numbers are estimated here, never too low.
"""

from __future__ import annotations

from kbtool.latex import atoms, tokens

OPENING = frozenset("([⌈⌊⌜⌞⎰❲⟅⟦⟨⟪⟬⟮⦃⦅⦇⦉⦋⦍⦏⦑⦓⦕⦗⧘⧚⧼") | {
    *("\\{", r"\lbrace", r"\lBrace", r"\lbrack", r"\llbracket", r"\lparen", r"\llparenthesis", r"\langle", r"\lang"),
    *(r"\lAngle", r"\lvert", r"\lVert", r"\lceil", r"\lfloor", r"\lgroup", r"\lmoustache", r"\ulcorner", r"\llcorner"),
    *(r"\mathopen", r"\bigl", r"\Bigl", r"\biggl", r"\Biggl"),
}
CLOSING = frozenset(
    (")", "]", "⌉", "⌋", "⟩", "\\}", r"\rbrace", r"\rbrack", r"\rangle", r"\rceil", r"\rfloor", r"\rvert", r"\rVert")
)
DELIMITED = frozenset((r"\bigl", r"\Bigl", r"\biggl", r"\Biggl", r"\left", r"\right", r"\middle"))
"""What follows these is theirs, and counted with them."""
CLOSERS = frozenset((r"\bigr", r"\Bigr", r"\biggr", r"\Biggr"))
COMPLETE = frozenset(
    {
        *(r"\alpha", r"\beta", r"\gamma", r"\delta", r"\epsilon", r"\varepsilon", r"\zeta", r"\eta", r"\theta"),
        *(r"\kappa", r"\lambda", r"\mu", r"\nu", r"\xi", r"\pi", r"\rho", r"\sigma", r"\tau", r"\phi", r"\varphi"),
        *(r"\chi", r"\psi", r"\omega", r"\Gamma", r"\Delta", r"\Theta", r"\Lambda", r"\Sigma", r"\Phi", r"\Psi"),
        *(r"\Omega", r"\infty", r"\ell", r"\dots", r"\ldots", r"\cdots", r"\cdot", r"\ast", r"\quad", r"\sin"),
        *(r"\cos", r"\tan", r"\log", r"\ln", r"\exp", r"\lim", r"\max", r"\min", r"\sum", r"\prod", r"\int"),
        *(r"\partial", r"\nabla", r"\leq", r"\geq", r"\in", r"\to", r"\times", r"\pm", r"\mid", r"\cup", r"\cap"),
        *(r"\top", r"\circ", r"\odot", r"\otimes", r"\neq", r"\approx"),
    }
)
"""Commands that take nothing after them, so that a bracket there is a bracket."""


def nesting(latex: str) -> int:
    """An upper bound of the depth to which a recursive parser goes.

    A command may wait for its argument (`\\sqrt\\sqrt…`) or hold to the end of its group (`\\color`), so each counts
    until its group or table cell ends.
    """
    depth = deepest = 0
    waiting, in_table = [0], [False]
    for text, _, _ in tokens(latex):
        if text in ("{", "\\left", "\\begin"):
            waiting.append(1)
            in_table.append(text == "\\begin")
            depth += 1
        elif text in ("}", "\\right", "\\end") and len(waiting) > 1:
            depth -= waiting.pop()
            in_table.pop()
        elif text in ("&", "\\\\") and in_table[-1]:
            depth -= waiting[-1] - 1
            waiting[-1] = 1
        elif text[0] in "\\[":
            waiting[-1] += 1
            depth += 1
        deepest = max(deepest, depth)
    return deepest


def openings(latex: str) -> int:
    """How many brackets open."""
    return sum(atom in OPENING for atom in atoms(latex))


def unclosed(latex: str) -> int:
    """An upper bound of the brackets that open and find no other half, as seen by a parser that tries to pair them.

    A closing one does not count where it may be an argument of what stands before it (`\\hat)`, `^)`, `\\frac1)`).
    """
    groups: list[tuple[int, int]] = []
    waiting = around = most = owed = 0
    before = ""
    for atom in atoms(latex):
        if atom in ("{", "\\begin", "\\left"):
            groups.append((waiting, owed))
            around += waiting
            waiting = owed = 0
        elif atom in ("}", "\\end", "\\right") and groups:
            outside, owed = groups.pop()
            around -= outside
            waiting, owed = outside + (0 if atom == "\\end" else waiting), max(0, owed - 1)
        elif atom in ("&", "\\\\") and groups:
            waiting = owed = 0
        else:
            waiting = _bracket(waiting, atom, before if not owed or before in DELIMITED else "\\")
            owed = _owed(owed, atom)
        most = max(most, waiting + around)
        before = atom
    return most


def _bracket(waiting: int, atom: str, before: str) -> int:
    """The brackets that wait for their other half after one more atom; `before` is `\\` where it may be an argument."""
    if before in DELIMITED:
        return waiting
    if atom in OPENING:
        return waiting + 1
    return max(0, waiting - 1) if atom in CLOSING and before != "\\" else waiting


def _owed(owed: int, atom: str) -> int:
    """How many arguments may still follow an atom."""
    if atom in ("^", "_"):
        return max(1, owed)
    if atom == "\\genfrac":
        return 6
    if not atom.startswith("\\") or atom in COMPLETE or atom in OPENING or atom in CLOSING or not atom[1:2].isalpha():
        return max(0, owed - 1)
    return owed if atom in CLOSERS else 2
