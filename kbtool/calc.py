"""Logseq's calculator: what each line of a `calc` block comes to, in its grammar and with its number formats.

Sums and products are exact to a hundred digits; a quotient and a root have twenty decimals, and what a function gives
has as many as a computer's number, as in Logseq. What it cannot read is a question mark there and here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from kbtool.patterns import regex

UNREAD = "?"
"""What stands beside a line that means nothing."""
_LINES, _LINE = 1_000, 500  # more lines, and longer ones, are no sum that anybody reads
_DEPTH = 50  # of brackets and powers
_DIGITS = 100
_PLACES = Decimal(10) ** -20
_NORMAL = 21
_FACTORIALS = 254
_DENOMINATOR = 4095
_LONGEST = 1_000  # digits of a result


def _to(digits: int) -> Context:
    """How to work with so many digits; what is no number is a value, too."""
    return Context(prec=digits, rounding=ROUND_HALF_UP, Emax=999_999_999, Emin=-999_999_999, traps=[])


_EXACT = _to(_DIGITS)
_CONSTANTS: Mapping[str, Decimal] = {
    "PI": Decimal("3.14159265358979323846"),
    "E": Decimal("2.71828182845904523536"),
}
_FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "log": math.log10,
    "ln": math.log,
    "exp": math.exp,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
}
_BASES: Mapping[str, tuple[str, int]] = {"hex": ("x", 16), "oct": ("o", 8), "bin": ("b", 2)}
_TOKEN = regex(
    r"\s*(?:(?P<mixed>[0-9]+\s+[0-9]+/[0-9]+)|(?P<based>0x[0-9a-fA-F,]+|0o[0-7,]+|0b[01,]+)(?![\w.])"
    r"|(?P<number>[0-9]*\.?[0-9]+[eE][-+]?[0-9]+|[0-9]+(?:,[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?P<percent>%)?"
    r"|(?P<function>log|ln|exp|sqrt|abs|a?sin|a?cos|a?tan)\(|(?P<name>_*[a-zA-Z][_a-zA-Z0-9]*)|(?P<sign>[-+*/^!()]))\s*"
)
_ASSIGNED = regex(r"\s*(_*[a-zA-Z][_a-zA-Z0-9]*)\s*=(.*)")
_FORMAT = regex(
    r"(?i)(?:format|fmt)\s+"
    r"(?:(fix)(?:ed)?|(sci)(?:entific)?|(norm)(?:al)?|(frac)(?:tions?)?|(imp)(?:roper)?)\s*([0-9]{1,6})?"
)
_BASE = regex(r"(?i)(hex)(?:adecimal)?|(dec)(?:imal)?|(oct)(?:al)?|(bin)(?:ary)?")


class _Unread(Exception):
    """A line that is no sum."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is known after some lines: values by name (None: what came of a line that means nothing), and the format."""

    values: Mapping[str, Decimal | None] = field(default_factory=dict)
    mode: str = "norm"
    places: int | None = None
    precision: int = _NORMAL
    base: str = "dec"


def results(code: str) -> tuple[str, ...]:
    """What stands beside each line: nothing where there is no sum; of too many lines none is worked out."""
    lines = code.split("\n")
    if len(lines) > _LINES:
        return ("",) * len(lines)
    sheet, found = _Sheet(), []
    for line in lines:
        result, sheet = _result(line.partition("#")[0].strip(), sheet)
        found.append(result)
    return tuple(found)


def _result(said: str, sheet: _Sheet) -> tuple[str, _Sheet]:
    """What stands beside a line, and what is known after it."""
    if not said:
        return "", sheet
    try:
        if said.startswith(":"):
            sheet = _directed(said[1:].strip(), sheet)
            value = sheet.values.get("last")
            return "" if value is None else _shown(value, sheet), sheet
        found = _ASSIGNED.fullmatch(said)
        value = _Reader(found[2] if found else said, sheet.values).all()
        if found and found[1] in _CONSTANTS:
            raise _Unread
    except _Unread:
        return UNREAD, replace(sheet, values={**sheet.values, "last": None})
    named = {found[1]: value} if found else {}
    return _shown(value, sheet), replace(sheet, values={**sheet.values, **named, "last": value})


def _directed(said: str, sheet: _Sheet) -> _Sheet:
    """The sheet after a line about how numbers are written."""
    if found := _BASE.fullmatch(said):
        return replace(sheet, base=next(filter(None, found.groups())).lower())
    found = _FORMAT.fullmatch(said)
    if not found:
        raise _Unread
    mode = next(filter(None, found.groups()[:5])).lower()
    number = int(found[6]) if found[6] else None
    if (mode == "fix" and number is None) or (mode not in ("frac", "imp") and (number or 0) > _LONGEST):
        raise _Unread
    if mode == "norm":
        return replace(sheet, mode=mode, precision=max(1, number or _NORMAL))
    return replace(sheet, mode=mode, places=number)


# ---------------------------------------------------------------- reading


class _Reader:
    """Reads one sum from left to right."""

    __slots__ = ("_at", "_depth", "_group", "_next", "_text", "_values")

    def __init__(self, text: str, values: Mapping[str, Decimal | None]) -> None:
        self._text = text
        self._values = values
        self._at = self._depth = 0
        self._next = self._group = ""
        if len(text) > _LINE:
            raise _Unread
        self._advance()

    def all(self) -> Decimal:
        value = self._sum()
        if self._group:
            raise _Unread
        return value

    def _advance(self) -> str:
        """The token that was next, whose successor is next now."""
        taken = self._next
        found = _TOKEN.match(self._text, self._at)
        if not found and self._text[self._at :].strip():
            raise _Unread
        self._group = (found.lastgroup or "") if found else ""
        self._next = found[self._group] if found else ""
        if found and self._group == "percent":
            self._next = found["number"]
        self._at = found.end() if found else len(self._text)
        return taken

    def _sum(self) -> Decimal:
        value = self._product()
        while self._next in ("+", "-"):
            work = _EXACT.add if self._advance() == "+" else _EXACT.subtract
            value = work(value, self._product())
        return value

    def _product(self) -> Decimal:
        value = self._power()
        while self._next in ("*", "/", "mod"):
            work = {"*": _EXACT.multiply, "/": _divided, "mod": _EXACT.remainder}[self._advance()]
            value = work(value, self._power())
        return value

    def _power(self) -> Decimal:
        self._depth += 1
        if self._depth > _DEPTH:
            raise _Unread
        negative = self._next == "-" and bool(self._advance())
        value = self._term()
        if self._next == "^":
            self._advance()
            value = _raised(value, self._power())
        elif self._next == "!":
            self._advance()
            value = _factorial(value)
        self._depth -= 1
        return value.copy_negate() if negative else value

    def _term(self) -> Decimal:
        group, text = self._group, self._advance()
        match group:
            case "mixed":
                whole, _, part = text.partition(" ")
                above, _, below = part.strip().partition("/")
                return _EXACT.add(Decimal(whole), _divided(Decimal(above), Decimal(below)))
            case "based":
                return Decimal(int(text.replace(",", ""), 0))
            case "number":
                return Decimal(text.replace(",", ""))
            case "percent":
                return _divided(Decimal(text.replace(",", "")), Decimal(100))
            case "function":
                return _applied(text, self._closed())
            case "name" if text != "mod" and (value := _CONSTANTS.get(text, self._values.get(text))) is not None:
                return value
            case "sign" if text == "(":
                return self._closed()
        raise _Unread

    def _closed(self) -> Decimal:
        value = self._sum()
        if self._next != ")":
            raise _Unread
        self._advance()
        return value


# ---------------------------------------------------------------- working out


def _rounded(value: Decimal) -> Decimal:
    """A value with no more decimals than Logseq keeps."""
    fits = value.is_finite() and value.adjusted() + 21 < _DIGITS
    return value.quantize(_PLACES, context=_EXACT) if fits else value


def _divided(a: Decimal, b: Decimal) -> Decimal:
    return _rounded(_EXACT.divide(a, b))


def _raised(a: Decimal, b: Decimal) -> Decimal:
    if not b.is_finite() or b != b.to_integral_value():
        return _measured(lambda: float(a) ** float(b) if a >= 0 else math.nan)
    if b < 0:
        return _divided(Decimal(1), _EXACT.power(a, b.copy_abs()))
    return _EXACT.power(a, b) if a or b else Decimal(1)


def _factorial(value: Decimal) -> Decimal:
    if not value.is_finite() or value != value.to_integral_value() or not 0 <= value < _FACTORIALS:
        return Decimal("NaN")
    return _EXACT.create_decimal(math.factorial(int(value)))


def _applied(name: str, value: Decimal) -> Decimal:
    if name == "abs":
        return value.copy_abs()
    if name == "sqrt":
        return _rounded(_EXACT.sqrt(value))
    if name in ("log", "ln") and value == 0:
        return Decimal("-Infinity")
    return _measured(lambda: _FUNCTIONS[name](float(value)))


def _measured(work: Callable[[], float]) -> Decimal:
    """What a computer's numbers give."""
    try:
        return Decimal(repr(work()))
    except OverflowError:
        return Decimal("Infinity")
    except (ValueError, ZeroDivisionError):
        return Decimal("NaN")


# ---------------------------------------------------------------- writing


def _shown(value: Decimal, sheet: _Sheet) -> str:
    if not value.is_finite():
        return "NaN" if value.is_nan() else "-Infinity" if value < 0 else "Infinity"
    whole = value == value.to_integral_value() and value.adjusted() < _DIGITS
    if sheet.base in _BASES:
        return _based(int(value), sheet.base) if whole else _normal(value, _NORMAL)
    if sheet.mode == "sci":
        return _scientific(value, sheet.places)
    if sheet.mode == "fix":
        places = sheet.places or 0
        fits = value == 0 or Decimal(f"5e{-places - 1}") <= value.copy_abs() < Decimal("1e21")
        fixed = value.quantize(Decimal(f"1e{-places}"), ROUND_HALF_UP, _to(2 * _LONGEST)) if fits else value
        return f"{fixed:f}" if fits else _scientific(value, places)
    if sheet.mode in ("frac", "imp"):
        return _fraction(value, sheet)
    return _normal(value, sheet.precision)


def _based(value: int, base: str) -> str:
    letter, number = _BASES[base]
    digits = {16: f"{abs(value):x}", 8: f"{abs(value):o}", 2: f"{abs(value):b}"}[number]
    return f"{'-' if value < 0 else ''}0{letter}{digits}"


def _normal(value: Decimal, precision: int) -> str:
    """All digits up to a number of them; with a power of ten where they do not fit."""
    short = _to(precision).plus(value).normalize(_EXACT)
    exponent = short.as_tuple().exponent
    if short.adjusted() < precision and isinstance(exponent, int) and -exponent <= precision + 1:
        return f"{short:f}" if short else "0"
    return _scientific(short, None)


def _scientific(value: Decimal, places: int | None) -> str:
    if places is not None:
        value = _to(places + 1).plus(value)
    digits = "".join(map(str, value.as_tuple().digits))
    digits = (digits.rstrip("0") or "0") if places is None else digits.ljust(places + 1, "0")
    point = "." if len(digits) > 1 else ""
    exponent = value.adjusted() if value else 0
    return f"{'-' if value < 0 else ''}{digits[0]}{point}{digits[1:]}e{exponent:+d}"


def _fraction(value: Decimal, sheet: _Sheet) -> str:
    if abs(value.adjusted()) > _DIGITS:
        return _normal(value, sheet.precision)
    near = Fraction(value).limit_denominator(max(1, sheet.places or _DENOMINATOR))
    above, below = near.numerator, near.denominator
    delta = _EXACT.subtract(_divided(Decimal(above), Decimal(below)), value)
    if delta and delta.adjusted() >= -16:
        return _normal(value, sheet.precision)
    if below == 1:
        return _normal(Decimal(above), sheet.precision)
    whole, rest = divmod(abs(above), below)
    if sheet.mode == "imp" or not whole:
        return f"{above}/{below}"
    return f"{'-' if above < 0 else ''}{whole} {rest}/{below}"
