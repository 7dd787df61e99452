"""What is changed of the theme: its colours where a user names none, its pages' content policy, what takes it time."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from jinja2 import BaseLoader, Environment, FileSystemLoader, FunctionLoader

from kbtool.past import TemplateCode
from kbtool.render.policy import Inline, inline, policy
from kbtool.render.words import Words

_FEED = (
    "{% if config.theme.kb_feed %}"
    '<link rel="alternate" type="application/atom+xml" href="{{ config.theme.kb_feed | url }}">'
    "{% endif %}"
)
_ROBOTS = '{% if page.meta and page.meta.robots %}<meta name="robots" content="{{ page.meta.robots }}">{% endif %}'
_ARTICLE = '<article class="md-content__inner md-typeset">'
# The search box is a script's; the list of all pages is not.
_WITHOUT_SCRIPT = (
    '<noscript><p class="kb-without-script">'
    '<a href="{{ config.theme.kb_all | url }}">{{ config.theme.kb.all_pages }}</a></p></noscript>'
)
# What stands for what in the theme's templates.
_CHANGES: Mapping[str, Mapping[str, str]] = {
    "base.html": {
        "<head>": f"<head>{{{{ config.theme.kb_policy }}}}{_FEED}{_ROBOTS}",
        _ARTICLE: _ARTICLE + _WITHOUT_SCRIPT,
    },
    "partials/search.html": {'role="dialog"': """role="dialog" aria-label="{{ lang.t('search') }}\""""},
}
Loaded = tuple[str, str | None, Callable[[], bool] | None]


def mend_templates(env: Environment) -> None:
    """Has pages begin with what the setting `kb_policy` says, a search box with a name, and a way without a script."""
    loader = env.loader
    if loader is not None:
        env.loader = FunctionLoader(lambda name: _loaded(env, loader, name))


def _templates(folders: Sequence[str]) -> BaseLoader:
    """A theme's files; lists none in folders with a dot before their names, of which MkDocs takes none either.

    Material has its fourteen thousand icons in one.
    """
    loader = FileSystemLoader(folders)
    loader.list_templates = lambda: sorted({name for folder in folders for name in _below(folder, "")})  # type: ignore[method-assign]
    return loader


def _below(folder: str, above: str) -> Iterator[str]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            name = above + entry.name
            if not entry.is_dir():
                yield name
            elif not entry.name.startswith("."):
                yield from _below(entry.path, name + "/")


def once_a_folder_list(theme: Any) -> Callable[[], Environment]:
    """A theme's `get_env` that makes one set of templates as long as its folders are the same; plugins ask for many."""
    make = theme.get_env
    made: dict[tuple[str, ...], Environment] = {}

    def get_env() -> Environment:
        folders = tuple(theme.dirs)
        if folders not in made:
            made[folders] = make()
            made[folders].loader = _templates(folders)
        return made[folders]

    return get_env


def search_but_for(ready: Container[str], plugins: Any) -> None:
    """Keeps pages that are in our index from the theme's, which would look through each of them before it passes over.

    It would take words out of pages, too, that look like its own attributes.
    """
    theirs, handlers = plugins.get("material/search"), plugins.events["page_context"]

    def but_for_ready(handler: Callable[..., Any]) -> Callable[..., Any]:
        def handle(context: Any, page: Any, **more: Any) -> Any:
            return context if page.file.src_uri in ready else handler(context, page=page, **more)

        return handle

    for number, handler in enumerate(handlers):
        if theirs is not None and getattr(handler, "__self__", None) is theirs:
            handlers[number] = but_for_ready(handler)


def keep_code(env: Environment) -> None:
    """Has what is compiled of templates kept between builds; where filters are only MkDocs' and ours."""
    how = env.autoescape, env.trim_blocks, env.lstrip_blocks, env.keep_trailing_newline, env.optimized
    env.bytecode_cache = TemplateCode(repr((how, sorted(env.extensions), sorted(env.filters))))


def _loaded(env: Environment, loader: BaseLoader, name: str) -> Loaded:
    source, path, unchanged = loader.get_source(env, name)
    for old, new in _CHANGES.get(name, {}).items():
        source = source.replace(old, new, 1)
    return source, path, unchanged


def fitting(samples: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The policy that fits the theme's pages, of which these are samples without notes; and warnings."""
    found = [inline(sample) for sample in samples]
    kept = Inline(_common([one.scripts for one in found]), _common([one.styles for one in found]))
    return policy(kept), tuple(_warnings(found, kept))


def _common(found: Sequence[Sequence[str]]) -> tuple[str, ...]:
    first, *others = found
    return tuple(one for one in first if all(one in other for other in others))


def _warnings(found: Sequence[Inline], kept: Inline) -> Iterator[str]:
    if any(set(one.scripts) - set(kept.scripts) or set(one.styles) - set(kept.styles) for one in found):
        yield "a template has a script or style inside that differs from page to page: browsers will not use it"
    for address in sorted({address for one in found for address in one.elsewhere}):
        yield f"a template asks another host for {address}: browsers will not load it"


def palette(given: Any, says: Words) -> Any:
    """The user's palette, in our colours where it names none; without one, light and dark as the system asks."""
    if not given:
        given = [
            _scheme(("light", "default"), ("material/weather-night", says.dark)),
            _scheme(("dark", "slate"), ("material/weather-sunny", says.light)),
        ]
    if isinstance(given, list):
        return [palette(one, says) for one in given]
    return {"primary": "custom", "accent": "custom", **given} if isinstance(given, dict) else given


def _scheme(look: tuple[str, str], toggle: tuple[str, str]) -> dict[str, Any]:
    media, scheme = look
    icon, name = toggle
    return {"media": f"(prefers-color-scheme: {media})", "scheme": scheme, "toggle": {"icon": icon, "name": name}}
