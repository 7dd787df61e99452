"""Check of pictures and files that notes show or link."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool.checks.context import CheckContext
from kbtool.graph import Missing
from kbtool.suggest import closest
from kbtool.values import Diagnostic


def missing_asset(context: CheckContext) -> Iterator[Diagnostic]:
    """Pictures and links whose file is not in the base."""
    for reference, target in context.references():
        # Logseq makes the pictures of a PDF's areas itself, where they are wanted.
        if reference.kind == "asset" and isinstance(target, Missing) and reference.property != "hl-stamp":
            message = f"no file `{reference.key or reference.name}` in the base"
            yield context.diagnostic("missing-asset", reference.span, message, _help(reference.key, context))


def _help(path: str, context: CheckContext) -> str:
    assets, file_name = context.base.names.assets, path.rpartition("/")[2]
    if other_case := sorted(known for known in assets if known.lower() == path.lower()):
        return f"did you mean `{other_case[0]}`? capital letters count"
    elsewhere = sorted(known for known in assets if known.rpartition("/")[2] == file_name)
    near = elsewhere[0] if elsewhere else closest(path, context.base.asset_words)
    # Logseq keeps the highlights of `a.pdf` in `a.edn`: nobody means that.
    meant = near and (path.endswith(".edn") or not near.endswith(".edn"))
    return f"did you mean `{near}`?" if meant else "put the file there, or correct the path"
