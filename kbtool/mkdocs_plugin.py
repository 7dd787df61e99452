"""The MkDocs plugin: hands MkDocs finished pages, so that it is the shell around them and never sees a note.

What of MkDocs is touched stands here and nowhere else. Plain `mkdocs build` renders from stored outcomes and runs
nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from logging.handlers import MemoryHandler
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from jinja2 import pass_context
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.commands.build import get_context
from mkdocs.config import load_config
from mkdocs.config.base import ConfigErrors, ConfigWarnings, LegacyConfig, ValidationError
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, ConfigurationError, MkDocsException, PluginError
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page as MkPage
from mkdocs.utils import write_file

from kbtool.config import Config, KbError, load_options
from kbtool.front import ASSETS, SCRIPT, SEARCH, STYLE, math_font, script, search_worker, stylesheet
from kbtool.git import history
from kbtool.navigation import home_path, navigation
from kbtool.past import packed_font, published_file
from kbtool.ready import Told, contents, title
from kbtool.ready import meta as meta_of
from kbtool.render import urls
from kbtool.render.context import Look
from kbtool.render.html import ascii_url, safe_url
from kbtool.render.policy import headers_file, meta
from kbtool.render.reading_words import reading_words
from kbtool.render.recent import FEED
from kbtool.render.site import ALL, SiteInput
from kbtool.render.svg import figure
from kbtool.render.words import words
from kbtool.shells import Shell, Shells
from kbtool.standing import Built
from kbtool.theme import fitting, keep_code, mend_templates, once_a_folder_list, palette, search_but_for
from kbtool.values import File as MadeFile
from kbtool.values import Page

_DISK_SCRIPT = "assets/kb/disk.js"
_THEIR_WORKER = "assets/javascripts/workers/search."
_FONT = "assets/kb/math.woff"
# Sources of pages that are no page: at different depths, because what templates have inside must be the same on all.
_SAMPLES = ("sample.md", "folder/folder/sample.md")
# Larger figures of the base are published as they are, not read and cleaned: nobody draws such an SVG by hand.
_MAX_SVG = 20_000_000
# More warnings than that nobody reads; what is above is dropped.
_MAX_WARNINGS = 1_000


Compiled = Callable[[Look], SiteInput]
"""Gives the site when the theme's language and the form of its addresses are known."""
Progress = Callable[[int, int], None]
"""Told how many pages are done, of how many."""


def _silent(_done: int, _total: int) -> None:
    pass


class KbtoolPlugin(BasePlugin[LegacyConfig]):  # type: ignore[no-untyped-call]  # MkDocs' own hook is untyped
    """`plugins: [kbtool]` in mkdocs.yml; `docs_dir` is the base.

    MkDocs checks none of its options: `kbtool.config` does.
    """

    def __init__(self) -> None:
        self.compiled: Compiled | None = None
        self.progress: Progress = _silent
        self._done = 0
        self._options = Config()
        self._base = Path()
        self._pages: dict[str, Page] = {}
        self._nav: Any = None
        self._env: _Env | None = None
        self.look = Look()

    def shown(self) -> dict[str, tuple[Told, Shell]]:
        """The pages that shells show, by their files."""
        filled = self._env.shells.filled(self._opened) if self._env and self._env.shells else ()
        return {
            file: (Told(page.url, page.canonical_url, page.abs_url, page.edit_url), shell)
            for file, page, shell in filled
        }

    @contextmanager
    def _opened(self, page: MkPage) -> Iterator[None]:
        """A page with its content, which is packed otherwise: MkDocs holds all pages at once."""
        ready = None if page.content else self._pages.get(page.file.src_uri)
        page.content = ready.html if ready else page.content
        yield
        page.content = "" if ready else page.content

    def load_config(
        self, options: dict[str, Any], config_file_path: str | None = None
    ) -> tuple[ConfigErrors, ConfigWarnings]:
        """Read the plugin's options; an unknown one is an error."""
        super().load_config({}, config_file_path)
        try:
            self._options = load_options(options)
        except KbError as error:
            return [("kbtool", ValidationError(str(error)))], []
        return [], []

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Point MkDocs at our own files instead of the base, and set what no site of ours may lack."""
        if Path(config.docs_dir) != ASSETS / "docs":
            self._base = Path(config.docs_dir)
        config.docs_dir = str(ASSETS / "docs")
        config.site_url = config.site_url and ascii_url(config.site_url)
        config.extra_css = [STYLE, *(path for path in config.extra_css if path != STYLE)]
        if script() and SCRIPT not in map(str, config.extra_javascript):
            config.extra_javascript = [SCRIPT, *config.extra_javascript]
        if config.theme.name == "material":
            _prepare_theme(config)
            if not config.use_directory_urls:
                config.extra["polyfills"] = [*config.extra.get("polyfills", ()), _DISK_SCRIPT]
        return config

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Add the site's pages, figures, and the files that notes refer to."""
        site = self._site(config)
        self._pages = {_source_name(page): page for page in site.pages}
        for name, page in self._pages.items():
            files.append(_page_file(config, name, page))
        for file in _other_files(config, self._base, site):
            if files.get_file_from_path(file.src_uri) is None:
                files.append(file)
        config.nav = navigation(config.nav, self._pages)
        return files

    def on_nav(self, nav: Any, config: MkDocsConfig, files: Files) -> Any:  # noqa: ARG002 - MkDocs' names
        """Keep the navigation, which the theme's pages need."""
        self._nav = nav
        return nav

    @event_priority(-100)
    def on_env(self, env: Any, config: MkDocsConfig, files: Files) -> Any:
        """Begin each page with the content policy, and fill shells, with what all plugins have made of templates."""
        _name_our_search(env, files)
        search_but_for(self._pages, config.plugins)
        if config.theme.name == "material":
            mend_templates(env)
            if not _others(config):
                keep_code(env)
            text, warnings = fitting([_sample(name, (env, config, files, self._nav)) for name in _SAMPLES])
            config.theme["kb_policy"] = meta(text)
            config.theme["kb_feed"] = FEED if files.get_file_from_path(FEED) else ""
            made = headers_file(text)
            files.append(_generated(config, made.path, made.text.encode("utf-8")))
            for warning in warnings:
                get_plugin_logger("kbtool").warning(warning)
        self._env = _Env(env, self._opened)
        return self._env

    def on_pre_page(self, page: MkPage, config: MkDocsConfig, files: Files) -> MkPage:  # noqa: ARG002 - MkDocs' names
        """Let the page give what is ready instead of reading and rendering a source."""
        ready = self._pages.get(page.file.src_uri)
        if ready is not None:
            _replace_rendering(page, ready, whole=_others(config))
        return page

    def on_page_context(self, context: Any, page: MkPage, config: MkDocsConfig, nav: Any) -> Any:  # noqa: ARG002
        """Tell how many pages are done."""
        self._done += 1
        self.progress(self._done, len(self._pages))
        return context

    def on_post_build(self, config: MkDocsConfig) -> None:
        """From disk only a script can be read, so the search box gets what it waits for as one."""
        index = getattr(config.plugins.get("material/search"), "search_index", None)
        if index is not None and not config.use_directory_urls:
            made = f"var __index = {index.generate_search_index(None)}".encode()
            write_file(made, str(Path(config.site_dir) / "search" / "search_index.js"))

    def on_serve(self, server: Any, **_: Any) -> Any:
        """Watch the base, which MkDocs no longer knows."""
        server.watch(str(self._base))
        return server

    def _site(self, config: MkDocsConfig) -> SiteInput:
        self.look = look = Look(
            _language(config),
            config.use_directory_urls,
            home_path(config.nav),
            source=_source_address(config),
            url=safe_url(config.site_url or ""),
            title=config.site_name,
            history=history(self._base),
        )
        if self.compiled is not None:
            return self.compiled(look)
        from kbtool.publish import site  # imported late: a build that was given its pages reads no base

        try:
            return site(self._base, self._options, look)
        except KbError as error:
            raise PluginError(str(error)) from None


# ---------------------------------------------------------------- building


def build(mkdocs_yml: Path, folder: Path, compiled: Compiled, progress: Progress = _silent) -> Built:
    """Has MkDocs write the site into a folder; raises KbError when it cannot."""
    log, heard = logging.getLogger("mkdocs"), MemoryHandler(_MAX_WARNINGS, logging.CRITICAL + 1)
    heard.setLevel(logging.WARNING)
    log.addHandler(heard)
    try:
        config = load_config(str(mkdocs_yml), site_dir=str(folder))
        plugin = next((found for found in config.plugins.values() if isinstance(found, KbtoolPlugin)), None)
        if plugin is None:
            raise KbError(
                f"{mkdocs_yml}: the plugin kbtool is not among its plugins\nadd it: `plugins: [search, kbtool]`"
            )
        plugin.compiled, plugin.progress = compiled, progress
        config.theme.get_env = once_a_folder_list(config.theme)  # type: ignore[method-assign]
        config.plugins.on_startup(command="build", dirty=False)
        mkdocs_build(config)
        config.plugins.on_shutdown()
    except (ConfigurationError, MkDocsException, Abort) as error:
        raise KbError(
            "\n".join([f"{mkdocs_yml}: MkDocs could not build the site", *_messages(heard), str(error)])
        ) from error
    finally:
        log.removeHandler(heard)
    return Built(_messages(heard), plugin.look, plugin.shown(), _watched(config, mkdocs_yml), tuple(_named_in(config)))


def _watched(config: MkDocsConfig, mkdocs_yml: Path) -> tuple[str, ...]:
    text = mkdocs_yml.read_text("utf-8")
    if _others(config) or config.extra_templates or "INHERIT" in text or "!" in text:
        return ()
    return (str(mkdocs_yml), *filter(None, [config.theme.custom_dir]))


def _others(config: MkDocsConfig) -> bool:
    """Whether code of others takes part, which may do anything."""
    return bool(set(config.plugins) - {"material/search", "search", "kbtool"} or config.hooks)


def _messages(heard: MemoryHandler) -> list[str]:
    return [record.getMessage() for record in heard.buffer]


def _source_address(config: MkDocsConfig) -> str:
    """The address below which the notes' files can be read; `edit_uri` leads to where they are edited."""
    if not config.repo_url or not config.edit_uri:
        return ""
    found = safe_url(urljoin(config.repo_url.rstrip("/") + "/", config.edit_uri.rstrip("/") + "/"))
    return found.replace("/edit/", "/blob/", 1)


def _language(config: MkDocsConfig) -> Any:
    return "ru" if config.theme.get("language") == "ru" else "en"


def _prepare_theme(config: MkDocsConfig) -> None:
    """No font from another host; our templates; our words for them."""
    theme = config.theme
    if theme.get("font") == {"text": "Roboto", "code": "Roboto Mono"}:
        theme["font"] = False
    if str(ASSETS / "theme") not in theme.dirs:
        # Behind the user's own templates, before the theme's.
        theme.dirs.insert(1 if theme.custom_dir else 0, str(ASSETS / "theme"))
    theme["palette"] = palette(theme.get("palette"), words(_language(config)))
    theme["kb_policy"] = ""
    theme["kb_feed"] = ""
    theme["kb_near"] = reading_words(_language(config)).near
    theme["kb"] = words(_language(config))
    theme["kb_all"] = urls.Place(urls.HOME, config.use_directory_urls).page(ALL)


def _sample(name: str, site: tuple[Any, MkDocsConfig, Files, Any]) -> str:
    """A page of the theme with nothing on it."""
    env, config, files, nav = site
    page = MkPage(None, File.generated(config, name, content=""), config)
    page.markdown, page.content, page.meta = "", "", {"title": name}
    return str(env.get_template("main.html").render(get_context(nav, files, config, page)))


# ---------------------------------------------------------------- files


def _source_name(page: Page) -> str:
    """What MkDocs takes for the page's source file."""
    return f"{page.slug}.md"


def _page_file(config: MkDocsConfig, name: str, page: Page) -> File:
    file = File.generated(config, name, content="", inclusion=InclusionLevel.NOT_IN_NAV)
    file.dest_uri = urls.page_file(page.slug, config.use_directory_urls)
    file.generated_by = None
    file.edit_uri = page.path or None
    return file


def _other_files(config: MkDocsConfig, base: Path, site: SiteInput) -> Iterator[File]:
    """Style and script, what pages or the whole site need beside them, what mkdocs.yml names, the font for formulas."""
    worker = search_worker(config.use_directory_urls)
    made = (MadeFile(STYLE, stylesheet()), MadeFile(SCRIPT, script()), MadeFile(SEARCH, worker))
    for one in (*made, *site.files, *(file for page in site.pages for file in page.files)):
        if one.text:
            yield _generated(config, one.path, one.text.encode("utf-8"))
    for path in site.assets:
        found = published_file(base, path)
        if found is not None:
            yield _asset_file(config, urls.asset_file(path), found)
    for path in _named_in(config):
        found = published_file(base, path)
        if found is not None:
            yield _asset_file(config, path, found)
    font = math_font()
    if font is not None:
        yield _generated(config, _FONT, packed_font(font))


def _generated(config: MkDocsConfig, name: str, content: bytes) -> File:
    return File.generated(config, name, content=content, inclusion=InclusionLevel.INCLUDED)


def _asset_file(config: MkDocsConfig, name: str, found: Path) -> File:
    if found.suffix.lower() == ".svg" and found.stat().st_size <= _MAX_SVG:
        return _generated(config, name, figure(found.read_text("utf-8", "replace")).light.encode("utf-8"))
    return File.generated(config, name, abs_src_path=str(found), inclusion=InclusionLevel.INCLUDED)


def _named_in(config: MkDocsConfig) -> list[str]:
    """Files of the base that mkdocs.yml itself names."""
    scripts = [str(getattr(script, "path", script)) for script in config.extra_javascript]
    theme = [config.theme.get("logo"), config.theme.get("favicon")]
    return [
        path
        for path in (*map(str, config.extra_css), *scripts, *theme)
        if isinstance(path, str) and path not in (STYLE, SCRIPT)
    ]


# ---------------------------------------------------------------- pages


def _name_our_search(env: Any, files: Files) -> None:
    """Has pages name our search worker where the theme names its own."""
    theirs = next((file.url for file in files if file.src_uri.startswith(_THEIR_WORKER)), None)
    theme_url = env.filters["url"]
    env.filters["url"] = pass_context(lambda context, to: theme_url(context, SEARCH if to == theirs else to))


class _Env:
    """The theme's templates, of which that for pages fills shells."""

    def __init__(self, env: Any, opened: Callable[[MkPage], AbstractContextManager[None]]) -> None:
        self._env = env
        self._opened = opened
        self.shells: Shells | None = None

    def get_template(self, name: str) -> Any:
        """As Jinja's method."""
        if name != "main.html":
            return self._env.get_template(name)
        if self.shells is None:
            self.shells = Shells(self._env, self._env.get_template(name), get_plugin_logger("kbtool").warning)
        return self

    def render(self, context: Any) -> str:
        """As the method of the template for pages."""
        with self._opened(context["page"]):
            return self.shells.render(context) if self.shells else ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)


def _replace_rendering(page: MkPage, ready: Page, *, whole: bool) -> None:
    """Has a page give what is ready, its content (`whole`) now or when it is its turn: MkDocs holds all at once."""

    def read_source(config: MkDocsConfig) -> None:  # noqa: ARG001 - the method that is replaced has it
        page.markdown = ""
        page.meta = meta_of(ready)

    def render(config: MkDocsConfig, files: Files) -> None:  # noqa: ARG001
        page.content = ready.html if whole else ""
        page.toc = contents(ready.toc)  # type: ignore[assignment]
        page._title_from_render = title(ready)
        page.present_anchor_ids = set()
        page.links_to_anchors = None

    page.read_source = read_source  # type: ignore[method-assign]
    page.render = render  # type: ignore[method-assign]
