"""Formulas: from LaTeX to MathML, or to the place and the reason why not.

`math-core` converts; `check` and the site ask the same function, so that what passes is what is shown. KaTeX, which
Logseq uses, knows more: the macros below and `latex_words` close the gap but for what `UNSUPPORTED` lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from math_core import LatexError, LatexToMathML

from kbtool.latex import imbalance, tokens
from kbtool.latex_limits import nesting, openings, unclosed
from kbtool.latex_looks import shown
from kbtool.latex_words import REWRITABLE, rewritten
from kbtool.suggest import did_you_mean

SIZE = 65_536
"""Longest formula, in characters; a page of dense LaTeX has 3,000."""
DEPTH = 1_000
"""Deepest nesting by `latex.nesting`; the converter recurses, and its stack of 8 MB ends at 3,000."""
WORK = 4_000_000
"""Most characters that the converter may have to read: it reads on from each bracket that nothing closes, twice over.

Real formulas have up to 4 such brackets (half-open intervals) and need some thousands; a million takes 10 ms.
"""
FAULTS = 8
"""Most faults shown of one formula."""
EXPANSIONS = 1_000
"""Most expansions of macros in one formula, by which `\\def\\a{\\a\\a}` ends."""

MACROS: Mapping[str, str] = {
    "abs": r"\left\lvert #1\right\rvert",
    "allowbreak": "",
    "blue": r"{\color[HTML]{6495ED}#1}",
    "centerdot": r"\cdot",
    "clap": "#1",
    "cr": r"\\",
    "DOTSB": "",
    "DOTSI": "",
    "DOTSX": "",
    "dotsb": r"\cdots",
    "dotsc": r"\ldots",
    "dotsi": r"\cdots",
    "dotsm": r"\cdots",
    "dotso": r"\ldots",
    "dotsx": r"\ldots",
    "enskip": r"\enspace",
    "gray": r"{\color[HTML]{808080}#1}",
    "green": r"{\color[HTML]{28AE7B}#1}",
    "hbox": r"\text{#1}",
    "href": "{#2}",
    "intop": r"\int",
    "KaTeX": r"\text{KaTeX}",
    "LaTeX": r"\text{LaTeX}",
    "llap": "#1",
    "mapsfrom": "↤",
    "mathbbm": r"\mathbb{#1}",
    "mathclap": "#1",
    "mathds": r"\mathbb{#1}",
    "mathellipsis": r"\ldots",
    "mathllap": "#1",
    "mathnormal": "#1",
    "mathrlap": "#1",
    "mathsfit": r"\mathsf{#1}",
    "mbox": r"\text{#1}",
    "nobreak": "",
    "norm": r"\left\lVert #1\right\rVert",
    "nshortmid": r"\nmid",
    "nshortparallel": r"\nparallel",
    "orange": r"{\color[HTML]{FFA500}#1}",
    "ordinarycolon": ":",
    "overlinesegment": r"\overline{#1}",
    "pink": r"{\color[HTML]{FF00AF}#1}",
    "pmb": r"\boldsymbol{#1}",
    "purple": r"{\color[HTML]{9D38BD}#1}",
    "red": r"{\color[HTML]{DF0030}#1}",
    "rlap": "#1",
    "sdot": r"\cdot",
    "shortmid": r"\mid",
    "shortparallel": r"\parallel",
    "smallfrown": r"\frown",
    "smallint": r"\int",
    "smallsetminus": r"\setminus",
    "smallsmile": r"\smile",
    "smash": "#1",
    "substack": r"\begin{matrix}#1\end{matrix}",
    "TeX": r"\text{TeX}",
    "textcopyright": "©",
    "textmd": r"\text{#1}",
    "textnormal": r"\text{#1}",
    "textregistered": "®",
    "textup": r"\text{#1}",
    "thickapprox": r"\approx",
    "thicksim": r"\sim",
    "underlinesegment": r"\underline{#1}",
    "varinjlim": r"\underrightarrow{\lim}",
    "varliminf": r"\underline{\lim}",
    "varlimsup": r"\overline{\lim}",
    "varprojlim": r"\underleftarrow{\lim}",
    "varpropto": r"\propto",
    "varvdots": r"\vdots",
    "vcenter": "#1",
    **dict.fromkeys(
        (
            *("kaBlue", "kaGreen", *(f"mint{shade}" for shade in "ABC"), *(f"gray{shade}" for shade in "ABCDEFGHI")),
            *(f"{hue}{s}" for hue in ("blue", "teal", "green", "gold", "red", "maroon", "purple") for s in "ABCDE"),
        ),
        "#1",
    ),
}
"""Commands that Logseq's KaTeX has and math-core lacks, and a few that everybody defines."""

UNSUPPORTED = (
    r"\above \ce \colorbox \edef \expandafter \fcolorbox \futurelet \htmlClass \htmlData \htmlId \htmlStyle"
    r" \includegraphics \let"
    r" \mathreflectbox \message \noexpand \pu \reflectbox \rule \show \textcircled \TextOrMath \url"
    r" \verb \xdef \xleftequilibrium \xrightequilibrium \xrightleftarrows CD"
)
"""What Logseq shows and kbtool cannot."""
COMMANDS = (
    r"\alpha \approx \arccos \arcsin \arctan \argmax \argmin \bar \begin \beta \bigcap \bigcup \bigoplus \binom"
    r" \boldsymbol \boxed \bullet \cap \cdot \cdots \chi \circ \cos \cosh \cup \dagger \ddots \delta \det \dfrac \dim"
    r" \displaystyle \div \dot \dots \ell \emptyset \end \epsilon \equiv \eta \exists \exp \forall \frac \gamma \gcd"
    r" \ge \geq \gg \hat \hbar \implies \in \inf \infty \int \iota \kappa \ker \lambda \land \langle \lceil \ldots"
    r" \left \leftarrow \leq \lfloor \lim \liminf \limits \limsup \ln \log \lor \lvert \mapsto \mathbb \mathbf"
    r" \mathcal \mathfrak \mathit \mathrm \mathsf \mathtt \max \mid \min \mp \mu \nabla \ne \neg \neq \notin \nu"
    r" \odot \oint \omega \operatorname \oplus \otimes \overbrace \overline \overset \partial \perp \phi \pi \pm"
    r" \prime \prod \propto \psi \qquad \quad \rangle \rceil \rfloor \rho \right \rightarrow \rvert \setminus \sigma"
    r" \sim \simeq \sin \sinh \sqrt \square \stackrel \subset \subseteq \sum \sup \supset \tan \tanh \tau \text"
    r" \textbf \textcolor \textit \tfrac \theta \tilde \times \top \underbrace \underline \underset \upsilon"
    r" \varepsilon \varphi \vdots \vec \vee \wedge \widehat \widetilde \xi \zeta \Delta \Gamma \Lambda \Leftarrow"
    r" \Leftrightarrow \Omega \Phi \Pi \Psi \Rightarrow \Sigma \Theta \Xi"
)
"""What a misspelled command may have meant."""
ENVIRONMENTS = (
    "aligned align align* array bmatrix Bmatrix cases equation equation* gather gather* gathered matrix pmatrix"
    " rcases split vmatrix Vmatrix"
)

UNBALANCED = ("Expected closing token", "Unmatched closing token", 'Expected "\\end', 'Found "\\\\"', 'Found "&"')
"""Complaints whose cause is a bracket that stands elsewhere."""
ADVICE: Mapping[str, str] = {
    "Duplicate subscript": "braces say what belongs to what: `{x^2}^3` or `x^{2^3}`",
    "Invalid parameter": "a `#` that shall be seen is written `\\#`",
    "Found `&`": "put the lines into `\\begin{aligned}…\\end{aligned}`, or write `\\&`",
    "There must be a parenthesis": "a bracket follows it, as in `\\left(`; a brace is `\\{`",
}
"""What to do about complaints that need a word more."""
STRUCTURE = ("\\left", "\\right", "\\begin", "\\end", "\\middle")
"""Misspelled, these break what stands further on."""
STRAY = frozenset("*[]()+-=.<~?/@^")
"""What exporters of Markdown put a backslash before, and LaTeX does not."""
DEFINING = ("\\def", "\\gdef", "command", "\\DeclareMathOperator")


class MathML(NamedTuple):
    """A formula as a `<math>` element; all text in it is escaped."""

    markup: str


class MathProblem(NamedTuple):
    """Why a formula cannot be shown; `start` and `end` are offsets in its LaTeX, `start` < `end` where it has text.

    `edit` is what could stand there instead, None when nobody knows.
    """

    start: int
    end: int
    message: str
    help: str = ""
    rule: str = "bad-latex"
    edit: str | None = None


Converted: TypeAlias = MathML | MathProblem


class _Complaint(NamedTuple):
    """What math-core says: an offset in characters, and a sentence."""

    offset: int
    text: str


def convert(latex: str, display: bool) -> Converted:
    """The MathML of a formula, or what is wrong with it."""
    if len(latex) > SIZE:
        return MathProblem(0, len(latex), f"a formula of more than {SIZE:,} characters")
    depth = _depth(latex)
    if depth > DEPTH:
        return MathProblem(0, len(latex), f"a formula that nests deeper than {DEPTH:,} levels")
    if len(latex) << min(_unclosed(latex), 64) > WORK:
        return MathProblem(0, len(latex), "a formula with too many brackets that nothing closes")
    converter = _converter(_expansions(latex, depth)) if _defines(latex) else CONVERTER
    first = _attempt(latex, display, converter)
    if isinstance(first, MathML):
        return first
    other = rewritten(latex, display)
    if not other.replacements:
        return _problem(latex, first)
    second = _attempt(other.text, display, converter)
    if isinstance(second, MathML):
        return second
    return _problem(latex, _Complaint(other.original(second.offset), second.text))


def problems(latex: str, display: bool) -> tuple[MathProblem, ...]:
    """All that is surely wrong with a formula, in order.

    A fault is hidden from the converter, which stops at the first one, by something harmless that is as long, as long
    as what it complains of next cannot come from that.
    """
    found: list[MathProblem] = []
    rest = latex
    while len(found) < FAULTS and isinstance(problem := convert(rest, display), MathProblem):
        found.append(problem)
        harmless = _harmless(rest, problem)
        if harmless is None or len(latex) > REWRITABLE:
            break
        rest = rest[: problem.start] + harmless + rest[problem.end :]
    return tuple(sorted(found, key=lambda problem: problem.start))


def _harmless(latex: str, problem: MathProblem) -> str | None:
    """What may stand in the place of a fault so that the others are seen; None when it would give new ones."""
    word = latex[problem.start : problem.end]
    if problem.edit is not None and len(problem.edit) < len(word):
        return problem.edit.rjust(len(word))
    if problem.message == "`}` closes nothing":
        return " "
    command = problem.message.startswith("unknown LaTeX command") and len(word) > 1
    meant = problem.help.partition("`")[2].partition("`")[0]
    return "x".ljust(len(word)) if command and meant not in STRUCTURE else None


def knows(command: str) -> bool:
    """Whether a name, without its backslash, is that of a command."""
    found = _attempt(f"\\{command}{{x}}{{x}}", True, CONVERTER)
    return isinstance(found, MathML) or not found.text.startswith("Unknown command")


def _depth(latex: str) -> int:
    """The nesting that can matter: counted roughly at first, because nearly all formulas are short."""
    rough = latex.count("\\") + latex.count("{") + latex.count("[")
    return nesting(latex) if rough > DEPTH or _defines(latex) else rough


def _unclosed(latex: str) -> int:
    """The unclosed brackets, if there are any to speak of."""
    if not latex.isascii():
        return unclosed(latex)
    rough = sum(map(latex.count, ("(", "[", "\\{", "\\l", "\\b", "\\B", "\\m", "\\u")))
    return unclosed(latex) if len(latex) << min(rough, 64) > WORK else 0


def _expansions(latex: str, depth: int) -> int:
    """How many expansions are safe: each may nest as deep, and leave as many brackets open, as the whole formula."""
    brackets = openings(latex)
    return min(EXPANSIONS // max(1, depth), max(1, 12 // brackets) if brackets else EXPANSIONS)


def _defines(latex: str) -> bool:
    """Whether the formula may define macros, each expansion of which goes as deep as the formula again."""
    return any(word in latex for word in DEFINING)


def _converter(expansions: int) -> LatexToMathML:
    return LatexToMathML(
        macros=dict(MACROS),
        fancy_error=False,
        allow_unreliable_rendering=True,
        max_expansions=expansions,
    )


CONVERTER = _converter(EXPANSIONS)
"""Shared, because one costs as much as ten formulas; it keeps no state between them."""


def _attempt(latex: str, display: bool, converter: LatexToMathML) -> MathML | _Complaint:
    try:
        return MathML(shown(converter.convert_with_local_state(latex, displaystyle=display)))
    except LatexError as error:
        offset, _, text = str(error).partition(": ")
        return _Complaint(int(offset), text)
    except UnicodeEncodeError as error:
        return _Complaint(error.start, "Not a Unicode character.")


# ---------------------------------------------------------------- what to say


def _problem(latex: str, complaint: _Complaint) -> MathProblem:
    if complaint.text.startswith(UNBALANCED) and (found := imbalance(latex)):
        return MathProblem(found.start, found.end, found.message)
    offset = min(complaint.offset, max(0, len(latex) - 1))
    word = _quoted(complaint.text)
    if complaint.text.startswith("Unknown command"):
        return _unknown(offset, word, ("command", COMMANDS))
    if complaint.text.startswith("Unknown environment"):
        return _unknown(max(0, latex.find(word, offset)), word, ("environment", ENVIRONMENTS))
    here = next((token.text for token in tokens(latex) if token.start == offset), latex[offset : offset + 1])
    if here in UNSUPPORTED.split():
        return _unknown(offset, here, ("command", COMMANDS))
    if here[:1] == "\\" and here[1:] in STRAY and here[1:]:
        return _stray(offset, here)
    if complaint.text.startswith("Expected non-special ASCII") and "\\begin" in latex[:offset]:
        return MathProblem(offset, offset + len(here), "a column that is not `l`, `c`, `r` or `|`", "take it out")
    if here == "$":
        message, advice = "unexpected `$` inside a formula", "take it out; inside `\\text{…}` two of them may stand"
        return MathProblem(offset, offset + 1, message, advice, edit="")
    message = complaint.text.rstrip(".").replace('"', "`").replace("[*]", "").replace(". Must", ", and must")
    if message.startswith("Not valid"):
        message = f"`{here}` is n{message[1:]}"
    advice = next((advice for begin, advice in ADVICE.items() if message.startswith(begin)), "")
    return MathProblem(offset, offset + len(here), message[:1].lower() + message[1:], advice)


def _quoted(text: str) -> str:
    """What math-core quotes first."""
    return text.split('"')[1] if text.count('"') >= 2 else ""


def _unknown(offset: int, word: str, kind: tuple[str, str]) -> MathProblem:
    what, known = kind
    if word in UNSUPPORTED.split():
        message = f"`{word}` is shown by Logseq but not by kbtool"
        advice = "the site shows the formula's source; say it in other words, if readers shall see it there"
        return MathProblem(offset, offset + len(word), message, advice, "unsupported-latex")
    if word[:1] == "\\" and word[1:] in STRAY and word[1:]:
        return _stray(offset, word)
    near = did_you_mean(word, known.split())
    return MathProblem(
        offset,
        offset + len(word),
        f"unknown LaTeX {what} `{word}`",
        f"did you mean `{near}`?" if near else "",
    )


def _stray(offset: int, word: str) -> MathProblem:
    message = f"a stray backslash before `{word[1:]}`"
    return MathProblem(offset, offset + len(word), message, f"write `{word[1:]}`", "stray-escape", word[1:])
