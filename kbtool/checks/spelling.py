"""How a mention is spelled: what is wrong with a name that leads nowhere, and how to write it instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from kbtool import names
from kbtool.checks.context import CheckContext
from kbtool.graph import Missing, ToNote, page_target
from kbtool.suggest import look
from kbtool.values import Diagnostic, Edit, Fix, Reference

_SWALLOWED = frozenset("()[]{}<>«»„“”…/*_`\u3000")
"""What ends a tag for its author, and not for Logseq."""
_UNPAIRED = "write text that is no link as code, `[[…]]`; a page with such a name can be linked by an alias"
_JOINERS = "\u200c\u200d"
"""Invisible, but needed by emoji and by some scripts."""


def exists(name: str, context: CheckContext) -> bool:
    """Whether a link to this name would lead somewhere."""
    return bool(names.key(name)) and not isinstance(page_target(names.key(name), context.base.names), Missing)


def rewritten(reference: Reference, name: str) -> str | None:
    """The mention's text with another name; None when its own can't be told from its length, or no link can say it."""
    if "]]" in name or name.endswith("]"):
        return None
    longer = reference.span.end - reference.span.start - len(reference.name)
    match reference.kind, longer:
        case "tag", 1:
            return f"#{name}" if name.replace("-", "").replace("_", "").isalnum() else f"#[[{name}]]"
        case "tag", 5:
            return f"#[[{name}]]"
        case "page" | "embed", 4:
            return f"[[{name}]]"
        case "page" | "embed", 0:
            return name
    return None


def renaming(reference: Reference, name: str, context: CheckContext, *, safe: bool) -> Fix | None:
    """The fix that writes another name where the mention stands."""
    text = rewritten(reference, name)
    if text is None:
        return None
    return Fix(f"write «{name}»", (Edit(context.note.id, reference.span, text),), safe)


def relabelling(reference: Reference, name: str, context: CheckContext) -> Fix | None:
    """The fix that leads to another page and keeps the words, where a labelled link may stand."""
    if context.base.config.dialect == "obsidian":
        return renaming(reference, name, context, safe=False)  # a label may stand behind it
    whole = reference.kind == "page" and not (reference.inside or reference.plain or reference.property)
    if not whole or set(reference.name + name) & set("[]()\\"):
        return renaming(reference, name, context, safe=False)
    text = f"[{reference.name}]([[{name}]])"
    return Fix(f"link to «{name}»", (Edit(context.note.id, reference.span, text),), safe=False)


# ---------------------------------------------------------------- names that lead nowhere, and why


def mechanical(reference: Reference, context: CheckContext) -> Diagnostic | None:
    """What is wrong with a name that leads nowhere because of its first or last characters, or of invisible ones."""
    return _stray_bracket(reference, context) or _greedy_tag(reference, context) or _odd_name(reference, context)


def _stray_bracket(reference: Reference, context: CheckContext) -> Diagnostic | None:
    name = reference.name
    if reference.kind == "tag" or _paired(name):
        return None
    inner = name.replace("[[", "").replace("]]", "").strip("[]")
    fix = None
    if "[" not in inner and "]" not in inner and exists(inner, context):
        fix = renaming(reference, inner, context, safe=False)
    message = f"brackets that do not pair: for Logseq this is the page «{name}», since a link ends at its first `]]`"
    advice = f"write `[[{inner}]]`" if fix else _UNPAIRED
    return Diagnostic("stray-bracket", context.note.id, reference.span, message, (), advice, fix)


def _paired(name: str) -> bool:
    """Whether each bracket of a name has its other half behind it."""
    open_ = 0
    for char in name:
        open_ += (char == "[") - (char == "]")
        if open_ < 0:
            return False
    return open_ == 0


def shorter_tag(reference: Reference) -> tuple[str, str]:
    """A tag's name cut before the first bracket, quote or ellipsis, and what was cut off."""
    name = reference.name
    if reference.kind != "tag":
        return name, ""
    if name.startswith("[[") and "]]" in name:
        inner, _, rest = name[2:].partition("]]")
        return inner, rest
    at = next(
        (i for i, char in enumerate(name) if char in _SWALLOWED and not (char in "/_" and name[i + 1 :].strip("/_"))),
        None,
    )
    return (name, "") if at is None else (name[:at], name[at:])


def _greedy_tag(reference: Reference, context: CheckContext) -> Diagnostic | None:
    short, rest = shorter_tag(reference)
    if not rest or not exists(short, context):
        return None
    message = f"for Logseq the tag goes on to the next space: this is the page «{reference.name}», not «{short}»"
    if rest == "]" and len(short) == 1:
        advice = f"a priority stands right behind the task marker: `TODO [#{short}]`"
        return Diagnostic("greedy-tag", context.note.id, reference.span, message, (), advice)
    if rest.startswith("]"):
        # Brackets around a link would become part of its name.
        text, advice = f"#{short} {rest}", "put a space behind the tag"
    else:
        text = f"[[{short}]]{rest}"
        advice = f"write `{text}`: a tag and a link are the same to Logseq, and a link ends where it says"
    whole = reference.span.end - reference.span.start == len(reference.name) + 1 and not rest.startswith("]]")
    fix = Fix(f"write `{text}`", (Edit(context.note.id, reference.span, text),), safe=True) if whole else None
    return Diagnostic("greedy-tag", context.note.id, reference.span, message, (), advice, fix)


def _odd_name(reference: Reference, context: CheckContext) -> Diagnostic | None:
    plain = cleaned(reference.name)
    if plain == reference.name or not exists(plain, context):
        return None
    odd = invisible(reference.name)
    what = f"holds {odd}" if odd else "has spaces at its ends, which count"
    message = f"no page named «{reference.name}»: the name {what}"
    fix = renaming(reference, plain, context, safe=True)
    return Diagnostic("odd-name", context.note.id, reference.span, message, (), f"write «{plain}»", fix)


def cleaned(name: str) -> str:
    """A name without invisible characters, trimmed, its spaces plain ones."""
    if name.isascii() and name.isprintable():
        return name.strip()
    kept = "".join(" " if unicodedata.category(char) == "Zs" else char for char in name if not _is_invisible(char))
    return kept.strip()


def invisible(name: str) -> str:
    """What a name holds that nobody sees, in words; empty when nothing."""
    found = dict.fromkeys(
        char for char in name if _is_invisible(char) or (char != " " and unicodedata.category(char) == "Zs")
    )
    return ", ".join(f"U+{ord(char):04X} {unicodedata.name(char, 'CONTROL CHARACTER')}" for char in found)


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cf", "Cc") and char not in _JOINERS


# ---------------------------------------------------------------- names that look the same


def difference(key: str, other: str, which: str) -> str:
    """What sets two keys apart when it is nothing that one sees: white space, `е` for `ё`, a letter's alphabet."""
    if len(key) == len(other):
        pairs = {(a, b) for a, b in zip(key, other, strict=True) if a != b}
        if all(look(f".{a}.") == look(f".{b}.") for a, b in pairs):
            return ", ".join(f"{_visible(b)} where {which} has {_visible(a)}" for a, b in sorted(pairs))
    if squeezed(key) == squeezed(other):
        return "spaces, which count"
    return "characters that nobody sees" if look(key) == look(other) else ""


def squeezed(key: str) -> str:
    return " ".join(key.split())


def _visible(char: str) -> str:
    if char == " ":
        return "a space"
    return f"`{char}`" if char in "её" else f"U+{ord(char):04X} {unicodedata.name(char, 'CONTROL CHARACTER')}"


# ---------------------------------------------------------------- letter case


def case_variant(context: CheckContext) -> Iterator[Diagnostic]:
    """Links whose capitals differ from the page's own name or alias inside of a word."""
    spelled = context.base.names.spelled
    for reference, target in context.references():
        if type(target) is not ToNote or target.block >= 0:
            continue
        own = spelled.get(reference.key)
        if own is None or own == reference.name or reference.kind not in ("page", "tag", "embed"):
            continue
        if context.base.notes[target.note].journal is None and _differs(reference, own):
            message = f"«{reference.name}» is spelled «{own}» in the page's own name"
            advice = "Logseq takes them for one page, but may show either spelling as its title"
            fix = renaming(reference, own, context, safe=False)
            yield Diagnostic("case-variant", context.note.id, reference.span, message, (), advice, fix)


def _differs(reference: Reference, own: str) -> bool:
    """Whether letters differ that are not the first of a word.

    Several words all in capitals are a way of shouting, and all in small letters a way of writing.
    """
    name = unicodedata.normalize("NFC", reference.name)
    if not own.isalnum() and (own.isupper() or name.isupper() or name.islower()):
        return False
    if len(name) != len(own) or reference.inside:
        return False
    inner = [i for i in range(1, len(name)) if name[i] != own[i]]
    return any(name[i - 1].isalnum() for i in inner)
