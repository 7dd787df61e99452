"""Settings: the plugin's options in `mkdocs.yml`, and what `logseq/config.edn` changes in the language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Literal

from kbtool.suggest import did_you_mean

if TYPE_CHECKING:
    from yaml import Node


class KbError(Exception):
    """The environment or the configuration is broken; the text tells a person what and what to do."""


@dataclass(frozen=True, slots=True)
class Config:
    """kbtool's own settings, all of them options of the `kbtool` plugin in `mkdocs.yml`.

    `wanted`: page names that may be linked before they are written. `timeout`: seconds that a cell may run.
    `output_limit`: bytes that a cell may print.
    """

    wanted: tuple[str, ...] = ()
    timeout: float = 60.0
    output_limit: int = 1_048_576


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """The keys of `logseq/config.edn` that change what notes mean; `home` is the name of the page shown first."""

    name_format: Literal["triple-lowbar", "legacy"] = "triple-lowbar"
    date_formats: tuple[str, ...] = ()
    comma_properties: frozenset[str] = frozenset()
    property_pages: bool = True
    property_pages_excluded: frozenset[str] = frozenset()
    hidden: tuple[str, ...] = ()
    macros: tuple[tuple[str, str], ...] = ()
    home: str = ""


@dataclass(frozen=True, slots=True)
class MkdocsFile:
    """What kbtool reads of a `mkdocs.yml`: two folders as written, and the options of its own plugin.

    `plugin` is false when the file does not name the plugin at all. `language` is the theme's.
    """

    docs_dir: str = "docs"
    site_dir: str = "site"
    plugin: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    language: str = ""


# ---------------------------------------------------------------- options


def load_options(raw: Mapping[str, object]) -> Config:
    """The settings that a mapping of options asks for; `KbError` for an unknown key or a value of the wrong kind."""
    known = {one.name: one for one in fields(Config)}
    for name in raw:
        if name not in known:
            raise KbError(_unknown_option(str(name), tuple(known)))
    # A key without a value, `wanted:`, asks for nothing.
    given = {name: _option(known[name], value) for name, value in raw.items() if value is not None}
    return Config(**given)


def _unknown_option(name: str, known: tuple[str, ...]) -> str:
    near = did_you_mean(name, known)
    meant = f"; did you mean `{near}`?" if near else ""
    return f"mkdocs.yml: the plugin kbtool has no option `{name}`{meant}\nIts options are: {', '.join(known)}"


def _option(known: Field[Any], value: object) -> Any:
    match str(known.type), value:
        case ("tuple[str, ...]", list() | tuple()) if all(isinstance(item, str) for item in value):
            return tuple(value)
        case ("float", int() | float()) if not isinstance(value, bool) and isfinite(value) and value > 0:
            return float(value)
        case ("int", int()) if not isinstance(value, bool) and value > 0:
            return value
        case ("bool", bool()) | ("str", str()):
            return value
    wanted = {
        "tuple[str, ...]": "a list of texts",
        "float": "a number above 0",
        "int": "a whole number above 0",
        "bool": "true or false",
        "str": "a text",
    }[str(known.type)]
    raise KbError(f"mkdocs.yml: the option `{known.name}` of the plugin kbtool takes {wanted}, not {_kind(value)}")


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return f"the text {value[:40]!r}"
        case Mapping():
            return "a mapping"
    return "a list" if isinstance(value, list | tuple) else type(value).__name__


# ---------------------------------------------------------------- mkdocs.yml

_YAML_NODES = 100_000
YAML_SIZE = 1_048_576
"""Longest `mkdocs.yml`, in characters."""


def read_mkdocs(text: str) -> MkdocsFile:
    """What kbtool needs of a `mkdocs.yml`; `KbError` with line and column when it is no YAML.

    Nothing in it is executed: a value with a tag, such as MkDocs' `!ENV` and `!!python/name:`, counts as absent.
    """
    from yaml import MappingNode

    root = _yaml(text)
    if root is not None and not isinstance(root, MappingNode):
        raise KbError(f"mkdocs.yml{_at(root)}: a list or text where settings `key: value` were expected")
    top = dict(_entries(root)) if root is not None else {}
    plugin, options = _plugin(top.get("plugins"))
    return MkdocsFile(
        _path(top, "docs_dir", "docs"),
        _path(top, "site_dir", "site"),
        plugin,
        options,
        _language(top.get("theme")),
    )


def _language(theme: Node | None) -> str:
    from yaml import MappingNode, ScalarNode

    found = dict(_entries(theme)).get("language") if isinstance(theme, MappingNode) else None
    return str(found.value) if isinstance(found, ScalarNode) else ""


def _yaml(text: str) -> Node | None:
    import yaml

    if len(text) > YAML_SIZE:
        raise KbError(f"mkdocs.yml: longer than {YAML_SIZE:,} characters")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_bombs(root)
        return root
    except yaml.MarkedYAMLError as error:
        raise KbError(f"mkdocs.yml{_mark(error.problem_mark)}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise KbError(f"mkdocs.yml: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise KbError("mkdocs.yml: lists or mappings within each other, too deep") from None


def _refuse_bombs(root: Node | None) -> None:
    """A KbError for aliases that lead back to themselves or multiply: MkDocs would never end."""
    sizes: dict[int, float] = {}

    def size(node: Node) -> float:
        # A node that is asked for while its own size is being found contains itself.
        if id(node) not in sizes:
            sizes[id(node)] = inf
            entries = node.value if isinstance(node.value, list) else ()
            inner = (one for each in entries for one in (each if isinstance(each, tuple) else (each,)))
            sizes[id(node)] = 1 + sum(map(size, inner))
        if sizes[id(node)] > _YAML_NODES:
            raise KbError(f"mkdocs.yml{_at(node)}: aliases (`*name`) that make it endless")
        return sizes[id(node)]

    if root is not None:
        size(root)


def _entries(node: Node) -> Iterator[tuple[str, Node]]:
    """The entries of a mapping whose keys are plain words."""
    return ((key.value, value) for key, value in node.value if isinstance(key.value, str))


def _at(node: Node) -> str:
    return _mark(node.start_mark)


def _mark(mark: Any) -> str:
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _path(top: Mapping[str, Node], key: str, absent: str) -> str:
    if key not in top:
        return absent
    value = _value(top[key], 1)
    if not isinstance(value, str) or not value:
        raise KbError(f"mkdocs.yml{_at(top[key])}: `{key}` must be a path, written out")
    return value


def _plugin(node: Node | None) -> tuple[bool, Mapping[str, object]]:
    """Whether kbtool's plugin is named, and its options; plugins are a list of names and mappings, or one mapping."""
    for name, options in _named(node) if node is not None else ():
        if name == "kbtool":
            value = _value(options, 3) if options is not None else None
            if options is not None and not isinstance(value, dict | None):
                raise KbError(f"mkdocs.yml{_at(options)}: the options of kbtool must be `key: value`")
            return True, value if isinstance(value, dict) else {}
    return False, {}


def _named(plugins: Node) -> Iterator[tuple[object, Node | None]]:
    from yaml import MappingNode, ScalarNode, SequenceNode

    for item in plugins.value if isinstance(plugins, SequenceNode) else (plugins,):
        if isinstance(item, MappingNode):
            yield from _entries(item)
        elif isinstance(item, ScalarNode):
            yield item.value, None


def _value(node: Node, depth: int) -> object:
    """The plain value of a node, at most so deep: aliases can make a short file mean a huge one."""
    from yaml import MappingNode, ScalarNode, SequenceNode
    from yaml.constructor import SafeConstructor

    plain = node.tag.removeprefix("tag:yaml.org,2002:")
    if depth == 0 or plain not in ("map", "seq", "str", "int", "float", "bool", "null"):
        return None
    if isinstance(node, MappingNode):
        return {key: _value(value, depth - 1) for key, value in _entries(node)}
    if isinstance(node, SequenceNode):
        return [_value(item, depth - 1) for item in node.value]
    return SafeConstructor().construct_object(node) if isinstance(node, ScalarNode) else None


# ---------------------------------------------------------------- logseq/config.edn

EDN_SIZE = 262_144
"""Longest `config.edn`, in characters; real ones have 15,000."""


def graph_settings(edn: str) -> tuple[GraphSettings, tuple[str, ...]]:
    """What a `logseq/config.edn` changes, and warnings; where it cannot be read, the settings of a new graph."""
    if len(edn) > EDN_SIZE:
        return GraphSettings(), (f"logseq/config.edn is longer than {EDN_SIZE:,} characters and was ignored",)
    import edn_format  # type: ignore[import-untyped]

    try:
        found = edn_format.loads(edn)
    except Exception as error:  # noqa: BLE001 -- the library raises its own, ValueError, NotImplementedError and more
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        return GraphSettings(), (f"logseq/config.edn could not be read and was ignored: {reason}",)
    if found is not None and not isinstance(found, Mapping):
        return GraphSettings(), ("logseq/config.edn holds no map and was ignored",)
    return _settings({getattr(key, "name", ""): value for key, value in (found or {}).items()}), ()


def _settings(keys: Mapping[str, Any]) -> GraphSettings:
    # A graph that does not name its format is an old one.
    name_format = keys.get("file/name-format")
    date_format = keys.get("journal/page-title-format") or keys.get("date-formatter")
    macros = keys.get("macros")
    home = keys.get("default-home")
    return GraphSettings(
        name_format="triple-lowbar" if getattr(name_format, "name", name_format) == "triple-lowbar" else "legacy",
        date_formats=(date_format,) if isinstance(date_format, str) else (),
        comma_properties=frozenset(_keys(keys.get("property/separated-by-commas"))),
        property_pages=keys.get("property-pages/enabled?") is not False,
        property_pages_excluded=frozenset(_keys(keys.get("property-pages/excludelist"))),
        hidden=tuple(item.lstrip("/") for item in _items(keys.get("hidden")) if isinstance(item, str)),
        macros=tuple(sorted(_texts(macros))) if isinstance(macros, Mapping) else (),
        home=_home(home) if isinstance(home, Mapping) else "",
    )


def _items(value: object) -> Iterator[object]:
    """The members of an EDN list, vector or set."""
    if isinstance(value, list | tuple | set | frozenset) or type(value).__name__ == "ImmutableList":
        yield from value  # type: ignore[misc]


def _keys(value: object) -> Iterator[str]:
    """Property keys, which are keywords or texts, as notes have them."""
    for item in _items(value):
        name = getattr(item, "name", item)
        if isinstance(name, str):
            yield name.lower().replace("_", "-")


def _texts(value: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for key, text in value.items():
        name = getattr(key, "name", key)
        if isinstance(name, str) and isinstance(text, str):
            yield name, text


def _home(value: Mapping[Any, Any]) -> str:
    return next((text for key, text in _texts(value) if key == "page"), "")
