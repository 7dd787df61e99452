"""What is changed of the theme: our colours where a user names none, and the content security policy of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jinja2 import BaseLoader, Environment, FunctionLoader

from kbtool.past import TemplateCode
from kbtool.render.policy import Inline, inline, policy
from kbtool.render.words import Words

_FEED = (
    "{% if config.theme.kb_feed %}"
    '<link rel="alternate" type="application/atom+xml" href="{{ config.theme.kb_feed | url }}">'
    "{% endif %}"
)
_ARTICLE = '<article class="md-content__inner md-typeset">'
# The search box is a script's; the list of all pages is not.
_WITHOUT_SCRIPT = (
    '<noscript><p class="kb-without-script">'
    '<a href="{{ config.theme.kb_all | url }}">{{ config.theme.kb.all_pages }}</a></p></noscript>'
)
# What stands for what in the theme's templates.
_CHANGES: Mapping[str, Mapping[str, str]] = {
    "base.html": {"<head>": f"<head>{{{{ config.theme.kb_policy }}}}{_FEED}", _ARTICLE: _ARTICLE + _WITHOUT_SCRIPT},
    "partials/search.html": {'role="dialog"': """role="dialog" aria-label="{{ lang.t('search') }}\""""},
}
Loaded = tuple[str, str | None, Callable[[], bool] | None]


def mend_templates(env: Environment) -> None:
    """Has pages begin with what the setting `kb_policy` says, a search box with a name, and a way without a script."""
    loader = env.loader
    if loader is not None:
        env.loader = FunctionLoader(lambda name: _loaded(env, loader, name))


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
