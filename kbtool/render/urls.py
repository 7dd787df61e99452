"""Where pages and files stand on the site, and how one page points to another, whatever folder the site is put in."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from kbtool.values import Slug

HOME = Slug("index")
# Notes' files stand in a folder of their own: in `assets/` one of them could replace a script of the theme.
_MEDIA = "media/"
_FIGURES = "media/figures/"
# Browsers show these; anything that a browser would run as a page of the site is not published.
_PUBLISHED = frozenset(
    "png jpg jpeg gif webp avif bmp ico svg pdf mp3 ogg oga opus wav flac m4a mp4 m4v webm ogv mov txt csv tsv json "
    "zip gz tar npz npy bib tex ipynb docx xlsx pptx odt ods odp epub djvu".split()
)


@dataclass(frozen=True, slots=True)
class Place:
    """The page that is being written: links on it are relative to here."""

    slug: Slug
    directory_urls: bool

    def page(self, slug: Slug, anchor: str = "") -> str:
        """The way from here to a page, or to an anchor of it."""
        fragment = "#" + quote(anchor, safe="") if anchor else ""
        if slug == self.slug:
            return fragment or self._to(page_file(slug, self.directory_urls))
        return self._to(page_file(slug, self.directory_urls)) + fragment

    def file(self, path: str) -> str:
        """The way from here to a file of the site."""
        return self._up() + quote(path, safe="/")

    def _to(self, file: str) -> str:
        if self.directory_urls:
            file = file.removesuffix("index.html")
        return (self._up() + quote(file, safe="/")) or "./"

    def _up(self) -> str:
        return "../" * page_file(self.slug, self.directory_urls).count("/")


def page_file(slug: Slug, directory_urls: bool) -> str:
    """The file of a page, below the site's root."""
    return f"{slug}/index.html" if directory_urls and slug != HOME else f"{slug}.html"


def references_slug(slug: Slug, number: int) -> Slug:
    """The place of a page's references, by hundreds; no name begins with the sign, so no page is there."""
    return Slug(f"{slug}/-references" + (f"-{number}" if number > 1 else ""))


def asset_file(path: str) -> str:
    """Where a file of the base stands on the site."""
    return _MEDIA + (path.removeprefix("assets/") if path.startswith("assets/") else f"base/{path}")


def figure_file(name: str) -> str:
    """Where a figure stands on the site."""
    return _FIGURES + name


def extension(path: str) -> str:
    """The lower-case suffix of a path, without its dot."""
    name = path.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""


def is_published(path: str) -> bool:
    """Whether a file of the base may stand on the site."""
    return extension(path) in _PUBLISHED
