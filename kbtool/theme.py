"""What is changed of the theme: our colours where a user names none, and the content security policy of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jinja2 import BaseLoader, Environment, FunctionLoader

from kbtool.render.policy import Inline, inline, policy
from kbtool.render.words import Words

_OUTERMOST = "base.html"
"""The template of the theme that all pages extend."""
_HEAD = "<head>"
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
Loaded = tuple[str, str | None, Callable[[], bool] | None]


def begin_heads(env: Environment) -> None:
    """Has each page's head begin with what the setting `kb_policy` says, and, without a script, lead to all pages."""
    loader = env.loader
    if loader is not None:
        env.loader = FunctionLoader(lambda name: _loaded(env, loader, name))


def _loaded(env: Environment, loader: BaseLoader, name: str) -> Loaded:
    source, path, unchanged = loader.get_source(env, name)
    if name == _OUTERMOST:
        source = source.replace(_HEAD, f"{_HEAD}{{{{ config.theme.kb_policy }}}}{_FEED}", 1)
        source = source.replace(_ARTICLE, _ARTICLE + _WITHOUT_SCRIPT, 1)
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
