"""What stands on a site that was built: enough to tell which of its files another build would make otherwise.

When the same pages stand at the same places, and all beside the base that decides what the theme makes of them is as it
was, only pages with another content change, and these are filled into the shells of the build before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kbtool.kept import content
from kbtool.packed import Plain, digest, is_plain
from kbtool.ready import Ready, Told
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.render.urls import page_file
from kbtool.shells import Shell
from kbtool.values import Page

Stamp = tuple[int, ...]


class Built(NamedTuple):
    """What MkDocs made: its warnings, the look that it gave, and the pages that shells show, by their files.

    `watched` are the settings and templates that decide beside the base, empty where other programs' code may too;
    `named` are files of the base that the settings name.
    """

    warnings: list[str]
    look: Look
    shown: Mapping[str, tuple[Told, Shell]]
    watched: tuple[str, ...]
    named: tuple[str, ...]


class OnSite(NamedTuple):
    """A page: a digest of its content; where a shell shows it, its place as MkDocs sees it, and the shell's number.

    The site map names it where it is `listed`.
    """

    content: bytes
    told: Told | None
    shell: int
    listed: bool


class Standing(NamedTuple):
    """A site.

    `outside` is a digest of what decides beside the base, `assets` are the stamps of the base's files that it has, of
    which settings name some (`named`); `pages` and `made` (files made of the base) go by their place on the site.
    """

    outside: bytes
    look: Look
    shells: tuple[Shell, ...]
    pages: Mapping[str, OnSite]
    made: Mapping[str, bytes]
    assets: Mapping[str, Stamp]
    named: tuple[str, ...]


def made(site: SiteInput) -> dict[str, str]:
    """The files that were made of the base, by their places; of two for one place the first counts."""
    found: dict[str, str] = {}
    for one in (*site.files, *(file for page in site.pages for file in page.files)):
        if one.text:
            found.setdefault(one.path, one.text)
    return found


def standing(site: SiteInput, built: Built, outside: bytes, assets: Mapping[str, Stamp]) -> Standing:
    """The site that was built of its input, with the shells of its pages."""
    look, shown = built.look, built.shown
    kept = {id(shell): _kept(shell) for _, shell in shown.values()}
    known = {file: (told, one) for file, (told, shell) in shown.items() if (one := kept[id(shell)])}
    shells = list({id(shell): shell for _, shell in known.values()}.values())
    numbers = {id(shell): number for number, shell in enumerate(shells)}
    pages: dict[str, OnSite] = {}
    for page in site.pages:
        file = page_file(page.slug, look.directory_urls)
        told, shell = known.get(file, (None, None))
        pages[file] = OnSite(content(page), told, numbers[id(shell)] if shell else -1, page.listed)
    texts = {path: digest(text.encode("utf-8", "surrogatepass")) for path, text in made(site).items()}
    return Standing(outside, look, tuple(shells), pages, texts, assets, built.named)


def _kept(shell: Shell) -> Shell | None:
    """A shell without the answers that a page's place gives; None where it has others than plain ones."""
    answers = {asked: given for asked, given in shell.answers.items() if asked[0] != "page"}
    usable = ("page", "update_date") not in shell.answers and all(map(is_plain, answers.values()))
    return shell._replace(answers=answers) if usable else None


class Change(NamedTuple):
    """What another build makes of a site: files to write (None: to take away), and what stands there then."""

    files: Mapping[str, bytes | None]
    after: Standing


def change(old: Standing, site: SiteInput) -> Change | None:
    """The files that differ; None where the theme must be asked."""
    directories = old.look.directory_urls
    new = {page_file(page.slug, directories): page for page in site.pages}
    if list(new) != list(old.pages):
        return None
    found: dict[str, bytes | None] = {}
    pages = dict(old.pages)
    for file, page in new.items():
        stood, digested = old.pages[file], content(page)
        if digested == stood.content:
            continue
        text = _filled(old, stood, page) if page.listed == stood.listed else None
        if text is None:
            return None
        found[file] = text.encode("utf-8", "xmlcharrefreplace")
        pages[file] = stood._replace(content=digested)
    texts = {path: text.encode("utf-8", "surrogatepass") for path, text in made(site).items()}
    digests = {path: digest(text) for path, text in texts.items()}
    found.update({path: text for path, text in texts.items() if old.made.get(path) != digests[path]})
    found.update(dict.fromkeys(old.made.keys() - digests.keys()))
    return Change(found, old._replace(pages=pages, made=digests))


def file_of(old: Standing, page: Page) -> tuple[str, bytes] | None:
    """A page's file as it would stand on the site; None where the theme must be asked, or it is as it stands."""
    file = page_file(page.slug, old.look.directory_urls)
    stood = old.pages.get(file)
    text = _filled(old, stood, page) if stood and stood.content != content(page) else None
    return None if text is None else (file, text.encode("utf-8", "xmlcharrefreplace"))


def _filled(old: Standing, stood: OnSite, page: Page) -> str | None:
    if stood.told is None or stood.shell < 0:
        return None
    shell, ready = old.shells[stood.shell], Ready(page, stood.told)
    return shell.fill(ready) if len(ready.toc) == 1 and shell.fits(ready) else None


def plain(one: Standing) -> Plain:
    """As a plain value."""
    shells = tuple((s.pieces, s.leaf, s.branch, tuple(s.answers.items()), tuple(s.near)) for s in one.shells)
    pages = tuple(
        (file, p.content, tuple(p.told) if p.told else None, p.shell, p.listed) for file, p in one.pages.items()
    )
    look = one.look.language, one.look.directory_urls, one.look.home, one.look.source, one.look.url, one.look.title
    return one.outside, look, shells, pages, dict(one.made), dict(one.assets), one.named


def from_plain(value: Plain) -> Standing:
    """What such a value stands for."""
    outside, (language, directories, home, *words), shells, pages, texts, assets, named = value
    return Standing(
        outside,
        Look(language, directories, home, None, *words),
        tuple(Shell(p, leaf, branch, dict(answers), frozenset(near)) for p, leaf, branch, answers, near in shells),
        {file: OnSite(found, told and Told(*told), shell, listed) for file, found, told, shell, listed in pages},
        texts,
        assets,
        named,
    )
