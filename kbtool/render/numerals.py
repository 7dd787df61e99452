"""Numbers that code computed, as the site's language writes them in prose: 0,52 and 3·10⁻⁵ in Russian."""

from __future__ import annotations

from kbtool.render.words import Language

_NO_BREAK = "\N{NO-BREAK SPACE}"
_THIN = "\N{NARROW NO-BREAK SPACE}"  # parts thousands
_MINUS = "\N{MINUS SIGN}"
_MARKS = frozenset("0123456789.,-+e%")
_BASES = tuple("bcoxX")
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def in_prose(number: str, spec: str, language: Language) -> str:
    """A number that Python wrote in a format, as prose has it; what is no decimal number stays as it is."""
    if language != "ru" or spec.endswith(_BASES) or not _MARKS.issuperset(number):
        return number
    percent = _NO_BREAK + "%" if number.endswith("%") else ""
    mantissa, _, power = number.removesuffix("%").partition("e")
    shown = mantissa.replace(",", _THIN).replace(".", ",").replace("-", _MINUS)
    if not power or int(power) == 0:
        return shown + percent
    ten = "10" + str(int(power)).translate(_RAISED)
    return ten if mantissa == "1" else f"{shown}·{ten}"
