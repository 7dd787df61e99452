"""The site's own stylesheet and script: one file of each for all pages, put together from a part for each feature."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from kbtool.search_words import GREEK
from kbtool.word_forms import written

ASSETS = Path(__file__).parent / "site_assets"
STYLE = "assets/kb/kb.css"
"""Where the stylesheet stands on the site."""
SCRIPT = "assets/kb/kb.js"
"""Where the script stands on the site, which only adds to what pages do without it."""
SEARCH = "assets/kb/search.js"
"""Where the script stands that searches, in a worker of its own."""
_FONT_SOURCE = ("ziamath", "fonts/STIXTwoMath-Regular.ttf")
# In the order in which the browser reads them; later rules win.
_STYLES: tuple[str, ...] = (
    "page.css",
    "outline.css",
    "references.css",
    "graph.css",
    "lists.css",
    "reading.css",
    "values.css",
    "search.css",
    "access.css",
)
_SCRIPTS: tuple[str, ...] = (
    "outline.js",
    "references.js",
    "preview.js",
    "tables.js",
    "zoom.js",
    "missing.js",
    "search.js",
    "graph.js",
    "access.js",
)
_SEARCH = ("words.js", "stems.js", "files.js", "query.js", "results.js", "worker.js")


def stylesheet() -> str:
    """All styles of the site."""
    return _joined("style", _STYLES)


def script() -> str:
    """All scripts of the site, each in a function of its own; empty when there is none."""
    return _joined("script", _SCRIPTS)


def search_worker(directory_urls: bool) -> str:
    """The script that searches, on a site with these addresses."""
    return (
        f'"use strict"\nconst FOLDERS = {str(directory_urls).lower()}\n{search_tables()}\n{_joined("search", _SEARCH)}'
    )


def search_tables() -> str:
    """What of the script that searches are tables that the build has, too."""
    tables = (("WORD_FORMS", written()), ("GREEK", GREEK))
    return "\n".join(
        f"const {name} = {json.dumps(table, ensure_ascii=False, separators=(',', ':'))}" for name, table in tables
    )


def math_font() -> Path | None:
    """The font that formulas are set in, out of the package that carries it."""
    package, path = _FONT_SOURCE
    spec = find_spec(package)
    found = Path(spec.origin).parent / path if spec and spec.origin else None
    return found if found and found.is_file() else None


def _joined(folder: str, names: tuple[str, ...]) -> str:
    # A part of the script may begin with a bracket, which would call what the part before it ends with.
    between = ";\n" if folder == "script" else "\n"
    return between.join((ASSETS / folder / name).read_text("utf-8") for name in names)
