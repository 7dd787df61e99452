"""Finished pages as a later build or another process takes them: what was made once, and what it was made from."""

from __future__ import annotations

from typing import NamedTuple

from kbtool.packed import Plain, digest
from kbtool.search_index import PageWords
from kbtool.values import File, Heading, Page, Slug


class Kept(NamedTuple):
    """Pages that were made once, what they were made from, and what search takes of each.

    `given` is a digest of what was given, `read` has the numbers of the keys that were looked up, four bytes each.
    """

    given: bytes
    read: bytes
    pages: tuple[Page, ...]
    words: tuple[PageWords, ...]


def content(page: Page) -> bytes:
    """A digest of what a page shows."""
    return page.seen or digest(page.shut, repr((page.title, page.toc, page.tags, page.path, page.listed)).encode())


def plain(one: Kept) -> Plain:
    """As a plain value."""
    return one.given, one.read, tuple(map(_plain_page, one.pages)), tuple(map(tuple, one.words))


def from_plain(value: Plain) -> Kept:
    """What such a value stands for."""
    given, read, pages, words = value
    return Kept(given, read, tuple(map(_page, pages)), tuple(PageWords(*one) for one in words))


def _plain_page(page: Page) -> Plain:
    """All but what search takes, whose words are kept beside the page."""
    slug, title, shut, toc, path, tags, files, _, listed, _ = page
    return slug, title, shut, tuple(map(tuple, toc)), path, tags, tuple(map(tuple, files)), listed, content(page)


def _page(value: Plain) -> Page:
    slug, title, shut, toc, path, tags, files, listed, seen = value
    return Page(
        Slug(slug),
        title,
        shut,
        tuple(Heading(*one) for one in toc),
        path,
        tags,
        tuple(File(*one) for one in files),
        listed=listed,
        seen=seen,
    )
