"""Settings: the plugin's options in `mkdocs.yml`, and those of a graph (read by `graph_config`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf, isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from kbtool.mkdocs_code import Code, code_in
from kbtool.rule_settings import BadSetting, read_ignore_in, read_patterns, read_rules
from kbtool.rules import RuleSetting
from kbtool.suggest import did_you_mean
from kbtool.values import NO_WHITEBOARDS, TITLE_FORMAT, Whiteboards

if TYPE_CHECKING:
    from yaml import Node


class KbError(Exception):
    """The environment or the configuration is broken; the text tells a person what and what to do."""


class Config(NamedTuple):
    """kbtool's own settings, all of them options of the `kbtool` plugin in `mkdocs.yml`.

    `wanted`: page names that may be linked before they are written. `timeout`: seconds that a cell may run.
    `output_limit`: bytes that a cell may print. `rules`, `select`, `ignore` and `ignore_in` (by patterns of paths) say
    which problems count and how much, see `rules.severity`. `rule_pages`: whether the rules' pages stand on the site.
    `old_names`: whether names that notes' files had before lead to their pages.
    `external_allow`: hosts that `check --external` may ask though they are private; `external_days`: how long it
    trusts their answers. `languages` are those whose fences are cells.
    """

    wanted: tuple[str, ...] = ()
    timeout: float = 60.0
    output_limit: int = 1_048_576
    rules: tuple[RuleSetting, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignore_in: tuple[tuple[str, tuple[str, ...]], ...] = ()
    rule_pages: bool = False
    external_allow: tuple[str, ...] = ()
    external_days: float = 7.0
    dialect: Literal["logseq", "obsidian"] = "logseq"
    languages: tuple[str, ...] = ("python",)
    old_names: bool = True


LANGUAGES = ("python", "bash")
"""Those whose fences can be cells."""


def judging(config: Config) -> Config:
    """What of a configuration decides what is found; the rest decides what of it counts, and how it is shown."""
    options = tuple(one._replace(level=None) for one in config.rules if one.options)
    return Config(wanted=config.wanted, rules=options, dialect=config.dialect, languages=config.languages)


class GraphSettings(NamedTuple):
    """The keys of `logseq/config.edn` that change what notes mean.

    `home` is the name of the page shown first. `all_public` is None where the graph does not say. `workflow` is the
    pair of task markers that the graph prefers. `journal_files` is the format of journals' file names. `dialect` is the
    plugin's option, kept here because it changes the same things, and so is `languages`. `whiteboards` is what the
    graph's drawings name.
    """

    name_format: Literal["triple-lowbar", "legacy"] = "triple-lowbar"
    date_formats: tuple[str, ...] = ()
    comma_properties: frozenset[str] = frozenset()
    property_pages: bool = True
    property_pages_excluded: frozenset[str] = frozenset()
    hidden: tuple[str, ...] = ()
    macros: tuple[tuple[str, str], ...] = ()
    home: str = ""
    hidden_properties: frozenset[str] = frozenset()
    pages_directory: str = "pages"
    journals_directory: str = "journals"
    journal_files: str = "yyyy_MM_dd"
    workflow: Literal["now", "todo"] = "now"
    all_public: bool | None = None
    full_blocks: bool = False
    dialect: Literal["logseq", "obsidian"] = "logseq"
    languages: tuple[str, ...] = ("python",)
    whiteboards: Whiteboards = NO_WHITEBOARDS

    @property
    def title_format(self) -> str:
        """How journals' names are written."""
        return self.date_formats[0] if self.date_formats else TITLE_FORMAT


def with_options(settings: GraphSettings, config: Config) -> GraphSettings:
    """The settings, with what the plugin's options say of the same things."""
    return settings._replace(dialect=config.dialect, languages=config.languages)


class MkdocsFile(NamedTuple):
    """What kbtool reads of a `mkdocs.yml`: two folders as written, and the options of its own plugin.

    `plugin` is false when the file does not name the plugin at all. `language` is the theme's. `site_url` is where the
    site will stand, empty when the file does not say; `directory_urls` whether a page is a folder there. `code` is what
    MkDocs would run; `inherits` the file that this one goes on from, as written, empty without one.
    """

    docs_dir: str = "docs"
    site_dir: str = "site"
    plugin: bool = False
    options: Mapping[str, object] = MappingProxyType({})
    language: str = ""
    site_url: str = ""
    directory_urls: bool = True
    code: tuple[Code, ...] = ()
    inherits: str = ""


# ---------------------------------------------------------------- options


def load_options(raw: Mapping[str, object]) -> Config:
    """The settings that a mapping of options asks for; `KbError` for an unknown key or a value of the wrong kind."""
    known = Config._field_defaults
    for name in raw:
        if name not in known:
            raise KbError(_unknown_option(str(name), tuple(known)))
    # A key without a value, `wanted:`, asks for nothing.
    given = {name: _option(name, value) for name, value in raw.items() if value is not None}
    return Config(**given)


def _unknown_option(name: str, known: tuple[str, ...]) -> str:
    near = did_you_mean(name, known)
    meant = f"; did you mean `{near}`?" if near else ""
    return f"mkdocs.yml: the plugin kbtool has no option `{name}`{meant}\nIts options are: {', '.join(known)}"


def _option(name: str, value: object) -> Any:
    kind = Config.__annotations__[name].__forward_arg__
    if name in ("rules", "select", "ignore", "ignore_in"):
        return _of_rules(name, value)
    if name == "dialect" and value in ("logseq", "obsidian"):
        return value
    if name == "languages":
        return _languages(value)
    match kind, value:
        case ("tuple[str, ...]", list() | tuple()) if all(isinstance(item, str) for item in value):
            return tuple(value)
        case ("tuple[tuple[str, str], ...]", Mapping() | ()):
            return tuple((str(rule), str(level)) for rule, level in dict(value).items())
        case ("float", int() | float()) if not isinstance(value, bool) and isfinite(value) and value > 0:
            return float(value)
        case ("int", int()) if not isinstance(value, bool) and value > 0:
            return value
        case ("bool", bool()) | ("str", str()):
            return value
    wanted = {
        "tuple[str, ...]": "a list of texts",
        "tuple[tuple[str, str], ...]": "a mapping from rules to severities",
        "float": "a number above 0",
        "int": "a whole number above 0",
        "bool": "true or false",
        "str": "a text",
    }.get(kind, "`logseq` or `obsidian`")
    raise KbError(f"mkdocs.yml: the option `{name}` of the plugin kbtool takes {wanted}, not {_kind(value)}")


def _languages(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list | tuple) else None
    odd = [item for item in items or () if item not in LANGUAGES]
    if items is not None and not odd:
        return tuple(items)
    near = did_you_mean(odd[0], LANGUAGES) if odd and isinstance(odd[0], str) else None
    given = f"a list with {_kind(odd[0])}" if odd else _kind(value)
    told = f"takes a list of `python` and `bash`, not {given}" + (f"; did you mean `{near}`?" if near else "")
    raise KbError(f"mkdocs.yml: the option `languages` of the plugin kbtool {told}")


def _of_rules(name: str, value: object) -> Any:
    try:
        match name:
            case "rules":
                return read_rules(value)
            case "ignore_in":
                return read_ignore_in(value)
        return read_patterns(value, name)
    except BadSetting as error:
        raise KbError(f"mkdocs.yml: the plugin kbtool: {error}") from None


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
        _text(top.get("site_url")),
        _value(top["use_directory_urls"], 1) is not False if "use_directory_urls" in top else True,
        code_in(root) if root is not None else (),
        _text(top.get("INHERIT")),
    )


def _text(node: Node | None) -> str:
    value = _value(node, 1) if node is not None else None
    return value if isinstance(value, str) else ""


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
        _merge(root)
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


def _merge(root: Node | None) -> None:
    """Puts what merge keys (`<<: *name`) bring where they stand."""
    from yaml import MappingNode
    from yaml.constructor import SafeConstructor

    done: set[int] = set()
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if id(node) in done or not isinstance(node.value, list):
            continue
        done.add(id(node))
        if isinstance(node, MappingNode):
            SafeConstructor().flatten_mapping(node)
        waiting.extend(inner for each in node.value for inner in (each if isinstance(each, tuple) else (each,)))


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
            # Options, rules, one rule's options, their values' items.
            value = _value(options, 5) if options is not None else None
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
