"""What in a `mkdocs.yml` is code, or names some: MkDocs runs it with all rights of the person who builds the site."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from yaml import Node

# They read no code of the base. Others may: `macros` runs modules and templates, `gen-files` scripts.
_PLUGINS = ("kbtool", "search", "tags", "offline", "material/search", "material/tags", "material/offline")
# Any other name is a module, or with `:` an object in one: it is imported, and called with the options beside it.
_EXTENSIONS = tuple(
    "abbr admonition attr_list codehilite def_list extra fenced_code footnotes legacy_attrs legacy_em md_in_html meta"
    " nl2br sane_lists smarty tables toc wikilinks".split()
)
_EXTENSION_PACKAGES = ("markdown.extensions.", "material.extensions.", "pymdownx.")
_CORE = "tag:yaml.org,2002:"
# As Material's manual has them: a function of an installed package is named, and one makes another.
_KNOWN_TAGS = ("name:material.", "name:materialx.", "name:pymdownx.", "object/apply:pymdownx.slugs.")
_COLLECTIONS = ("map", "seq", "omap", "pairs", "set")
# Values from the environment, and paths; neither calls anything.
_VALUES = ("!ENV", "!relative")


class Code(NamedTuple):
    """What would run, in words, and where that stands: line and column from 1."""

    line: int
    column: int
    what: str


def code_in(root: Node) -> tuple[Code, ...]:
    """All code that a file names, in the order of the file; the nodes' merge keys must have been resolved."""
    return tuple(sorted({*_tags(root), *_settings(root)}))


def _settings(root: Node) -> Iterator[Code]:
    for key, value in _entries(root):
        match key:
            case "hooks" | "extra_templates" if _holds(value):
                what = "programs" if key == "hooks" else "templates, which can run anything"
                yield _code(value, f"`{key}`: {what}")
            case "INHERIT" if not _plain(value):
                yield _code(value, "`INHERIT`: a file that is not written out")
            case "theme":
                yield from _theme(value)
            case "plugins":
                yield from _unknown(value, "plugin", _PLUGINS.__contains__)
            case "markdown_extensions":
                yield from _unknown(value, "Markdown extension", _extension)


def _theme(theme: Node) -> Iterator[Code]:
    if not _plain(theme):
        yield _code(theme, "`theme`: what is not written out")
    for key, value in _entries(theme):
        if key == "custom_dir" and _holds(value):
            yield _code(value, "`custom_dir`: templates, which can run anything")


def _unknown(listed: Node, what: str, known: Callable[[str], bool]) -> Iterator[Code]:
    if not _plain(listed):
        yield _code(listed, f"a list of {what}s that is not written out")
    for name in _names(listed):
        if not _plain(name):
            yield _code(name, f"a {what} that is not written out")
        elif not known(str(name.value)):
            yield _code(name, f"the {what} `{name.value}`")


def _extension(name: str) -> bool:
    return name in _EXTENSIONS or (name.startswith(_EXTENSION_PACKAGES) and ":" not in name)


def _names(listed: Node) -> Iterator[Node]:
    """The nodes that name what is listed: a list of names and mappings, or one mapping."""
    from yaml import MappingNode, SequenceNode

    for item in listed.value if isinstance(listed, SequenceNode) else (listed,):
        if isinstance(item, MappingNode):
            yield from (key for key, _ in item.value)
        elif _holds(item):
            yield item


def _tags(root: Node) -> Iterator[Code]:
    """Tags that build or call what they name, and values and keys that become others than are written there."""
    seen: set[int] = set()
    waiting = [(root, False)]
    while waiting:
        node, key = waiting.pop()
        if not _known(node, key=key):
            yield _code(node, f"a key with the tag `{_short(node.tag)}`" if key else f"the tag `{_short(node.tag)}`")
        if id(node) not in seen and isinstance(node.value, list):
            waiting.extend(_inside(node.value))
        seen.add(id(node))


def _inside(values: Sequence[object]) -> Iterator[tuple[Node, bool]]:
    for each in values:
        if isinstance(each, tuple):
            yield from ((each[0], True), (each[1], False))
        else:
            yield each, False  # type: ignore[misc]  # a sequence's items are nodes


def _known(node: Node, *, key: bool) -> bool:
    if not node.tag.startswith(_CORE):
        return not key and node.tag in _VALUES
    plain = node.tag.removeprefix(_CORE)
    if plain.startswith("python/"):
        return not key and (plain == "python/tuple" or plain[7:].startswith(_KNOWN_TAGS))
    # `!!str {=: hooks}` is the word `hooks`.
    return not isinstance(node.value, list) or plain in _COLLECTIONS


def _entries(node: Node) -> Iterator[tuple[str, Node]]:
    from yaml import MappingNode

    if isinstance(node, MappingNode):
        yield from ((key.value, value) for key, value in node.value if isinstance(key.value, str))


def _plain(node: Node) -> bool:
    return node.tag.removeprefix(_CORE) in ("str", "map", "seq", "null")


def _holds(node: Node) -> bool:
    """Whether a value is there at all."""
    return node.tag != f"{_CORE}null" and node.value not in ([], "")


def _short(tag: str) -> str:
    return f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag


def _code(node: Node, what: str) -> Code:
    mark = node.start_mark
    return Code(mark.line + 1, mark.column + 1, what)
