"""Page shells: a template is rendered once for each class of pages, cut apart, and filled with each page of the class.

The template is given marks instead of a page (see `marks`). Where it wants what they cannot give, it renders all such
pages itself. It does so as well for the first two pages of a group and for one in two hundred later ones, to compare.
Pages at one depth are one group, whatever their folders: what the theme names lies at the same way from all of them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

from jinja2 import Environment, Template, pass_context
from jinja2.exceptions import TemplateError

from kbtool.marks import SIGN, VARIANTS, Ask, Asked, Entry, Mark, MarkedPage, Unknown, answer, mark, text_of

_ENTRY = "partials/toc-item.html"
"""The template of an entry in the table of contents, in Material and what comes of it."""
_SAMPLE = 200
# A group with more classes than that is not worth shells.
_MOST = 16
_KNOWN = frozenset("nav pages base_url extra_css extra_javascript mkdocs_version build_date_utc config page".split())
"""The variables that MkDocs gives to a template; nobody knows what another one means."""
_FAULTS = (TemplateError, TypeError, AttributeError, LookupError, ValueError)

Piece = str | tuple[str, str]
"""Text, or the part of a page that goes there and the function of `VARIANTS` that it goes through."""
Pieces = tuple[Piece, ...]
Filled = tuple[str, Any, "Shell"]
Items = Sequence[Any]
"""Entries of a table of contents: `url`, `title`, `children`."""


class Shell(NamedTuple):
    """The pieces of a page; holds for pages that give the same `answers`.

    `leaf` and `branch` are the pieces of entries of the table of contents without and with others below. `near` are
    addresses that the template made relative to the page, and what is above them: a page above one is of another class,
    and pages in a folder above one are a group of their own.
    """

    pieces: Pieces
    leaf: Pieces
    branch: Pieces
    answers: Mapping[Asked, Any]
    near: frozenset[str]

    def fits(self, page: Any) -> bool:
        """Whether the template would ask this page the same and be answered the same."""
        if page.url.strip("/") in self.near:
            return False
        try:
            return all(answer(page, asked) == given for asked, given in self.answers.items())
        except LookupError:
            return False

    def fill(self, page: Any) -> str:
        """The page."""
        return self._joined(self.pieces, lambda part: text_of(page, part), page.toc.items[0].children)

    def _joined(self, pieces: Pieces, text: Callable[[str], str], below: Items) -> str:
        found: list[str] = []
        for piece in pieces:
            if isinstance(piece, str):
                found.append(piece)
            elif piece[0] == "below":
                found.append(piece[1].join([self._entry(one) for one in below]))
            else:
                found.append(VARIANTS[piece[1]](text(piece[0])) if piece[1] else text(piece[0]))
        return "".join(found)

    def _entry(self, entry: Any) -> str:
        pieces = self.branch if entry.children else self.leaf
        return self._joined(pieces, lambda part: str(getattr(entry, part.removeprefix("toc."))), entry.children)


def _cut(html: str) -> Pieces:
    """What was rendered with marks, cut at them; the three entries below another one are one piece."""
    found: list[Piece] = []
    first, *others = html.split(SIGN)
    if html.casefold().count(SIGN) != len(others):
        raise Unknown("a text is shown in other letters")
    found.append(first)
    for other in others:
        part = other[: min(at for at in map(other.find, "<&%") if at >= 0)]
        shown = {function(mark(part)).removeprefix(SIGN): variant for variant, function in VARIANTS.items()}
        here = next((text for text in shown if other.startswith(text)), "")
        if not here:
            raise Unknown(f"{part} is changed before it is shown")
        found += [(part, shown[here]), other.removeprefix(here)]
    return tuple(_with_entries(found))


def _with_entries(pieces: list[Piece]) -> Iterator[Piece]:
    at = 0
    while at < len(pieces):
        parts = [one[0] for one in pieces[at : at + 5 : 2] if isinstance(one, tuple)]
        if parts[:1] == ["entry.0"]:
            between = pieces[at + 1]
            if parts != ["entry.0", "entry.1", "entry.2"] or between != pieces[at + 3]:
                raise Unknown("entries of the table of contents are not shown one like the other")
            yield "below", str(between)
            at += 5
        else:
            yield pieces[at]
            at += 1


# ---------------------------------------------------------------- making them


class _Entries:
    """Stands for the template of entries while a page is rendered: shows marks, and remembers what it was given."""

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given: dict[str, Any] = {}

    def new_context(self, given: Mapping[str, Any], _shared: bool, local: Mapping[str, Any]) -> int:
        """As the template's method; what comes of it goes to `root_render_func`."""
        self._given = {**given, **local}
        numbers = (one.number for one in self._given.values() if isinstance(one, Entry) and one.is_closed())
        return next(numbers)

    def root_render_func(self, number: int) -> Iterator[str]:
        """As the template's method."""
        yield mark(f"entry.{number}")

    def rendered(self, template: Template, below: bool, ask: Ask) -> str:
        """An entry with marks, by its own template; nothing where the page has shown none."""
        if not self._given:
            return ""
        named = {
            name: Entry(0, below, ask)
            for name, one in self._given.items()
            if isinstance(one, Entry) and one.is_closed()
        }
        # An entry that looks at its page is no other page's.
        context = template.new_context({**self._given, "page": Entry(-1), **named}, True)
        return "".join(template.root_render_func(context))


@contextmanager
def _watched(env: Environment, entries: _Entries, near: set[str]) -> Iterator[None]:
    """Gives templates marks where they look at the page, and notes the addresses that they make relative to it."""
    template, attribute, address = env.get_template, env.getattr, env.filters["url"]

    def get_template(name: Any, *more: Any, **named: Any) -> Any:
        return entries if name == _ENTRY else template(name, *more, **named)

    def get_attribute(of: Any, name: str) -> Any:
        return of.shown(name) if isinstance(of, MarkedPage) else attribute(of, name)

    def relative(context: Any, value: Any) -> str:
        if isinstance(value, Mark):
            if value.part != "toc.url" or "#" not in value:
                raise Unknown(f"{value.part} is an address")
            return str(value)  # an anchor, which stays as it is
        near.add(str(value))
        return str(address(context, str(value)))

    env.get_template, env.getattr = get_template, get_attribute  # type: ignore[method-assign, assignment]
    env.filters["url"] = pass_context(relative)
    try:
        yield
    finally:
        del env.get_template, env.getattr
        env.filters["url"] = address


def _made(env: Environment, template: Template, context: Mapping[str, Any]) -> Shell:
    """The shell of the class of a page."""
    page, near = context["page"], set(map(str, context["config"].extra_css))
    answers: dict[Asked, Any] = {}

    def ask(asked: Asked) -> Any:
        if asked not in answers:
            answers[asked] = answer(page, asked)
        return answers[asked]

    entries, real = _Entries(), env.get_template(_ENTRY)
    with _watched(env, entries, near):
        html = template.render({**context, "page": MarkedPage(_beside(page.url), ask)})
        leaf, branch = (entries.rendered(real, below, ask) for below in (False, True))
    return Shell(_cut(html), _cut(leaf), _cut(branch), answers, frozenset(_above(near)))


def _beside(url: str) -> str:
    """An address in the same folder that no page has."""
    folder, end = url[: url.rstrip("/").rfind("/") + 1], "/" if url.endswith("/") else ".html"
    return folder + SIGN + end


def _above(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        parts = posixpath.normpath(address).strip("/").split("/")
        yield from ("/".join(parts[: i + 1]) for i in range(len(parts)))


class _Group:
    """Pages equally deep, and the shells of their classes; none any more once one was wrong."""

    __slots__ = ("filled", "seen", "shells", "useless")

    def __init__(self) -> None:
        self.seen = 0
        self.filled = 0
        self.shells: list[Shell] = []
        self.useless = False

    def shell(self, page: Any) -> Shell | None:
        """The first that holds for a page."""
        return None if self.useless else next((one for one in self.shells if one.fits(page)), None)


class Shells:
    """A template in which pages are filled into shells; gives for each page what the template gives.

    As a template it has `render`; `warn` is told once for each group of pages for which that was not so.
    """

    __slots__ = ("_env", "_groups", "_near", "_seen", "_template", "_warn")

    def __init__(self, env: Environment, template: Template, warn: Callable[[str], None]) -> None:
        self._env = env
        self._template = template
        self._warn = warn
        self._groups: dict[object, _Group] = {}
        self._near: set[str] = set()
        self._seen: dict[str, tuple[Any, object, Shell | None]] = {}

    def filled(self, opened: Callable[[Any], AbstractContextManager[None]] = nullcontext) -> Iterator[Filled]:
        """The pages for which there is a shell: their files, and MkDocs' pages, each looked at while it is `opened`."""
        for file, (page, others, known) in self._seen.items():
            group, shell = self._group(page, others), known
            if shell is None and not group.useless:
                with opened(page):
                    shell = group.shell(page)
            if shell and not group.useless:
                yield file, page, shell

    def render(self, context: Mapping[str, Any]) -> str:
        """The page of a context that MkDocs made."""
        page, others = context["page"], _others(context)
        if not _usual(context):
            return self._template.render(context)
        group = self._group(page, others)
        shell = group.shell(page)
        self._seen[page.file.dest_uri] = page, others, shell
        if shell is None:
            html = self._template.render(context)
            group.seen += 1
            if group.seen > 1 and not group.useless:
                self._learn(group, context, html)
            return html
        group.filled += 1
        html = shell.fill(page)
        return self._compared(group, context, html) if group.filled % _SAMPLE == 0 else html

    def _group(self, page: Any, others: object) -> _Group:
        """That of its depth, which is among `others`; of its folder alone where the theme names something there."""
        folder = posixpath.dirname(page.url.strip("/"))
        place = folder if folder.partition("/")[0] in self._near else ""
        return self._groups.setdefault((place, others), _Group())

    def _learn(self, group: _Group, context: Mapping[str, Any], html: str) -> None:
        group.useless = len(group.shells) == _MOST
        page = context["page"]
        try:
            shell = _made(self._env, self._template, context)
            found = shell.fill(page)
        except (Unknown, *_FAULTS):
            group.useless = True
            return
        if found != html and shell.fits(page):
            self._differs(group, context)
        elif found == html:
            self._near |= shell.near
            self._group(page, _others(context)).shells.append(shell)

    def _compared(self, group: _Group, context: Mapping[str, Any], html: str) -> str:
        real = self._template.render(context)
        if html != real:
            self._differs(group, context)
        return real

    def _differs(self, group: _Group, context: Mapping[str, Any]) -> None:
        group.useless = True
        url = context["page"].url
        self._warn(f"{url}: the theme shows something that kbtool did not expect; pages like it are built slowly")


def _usual(context: Mapping[str, Any]) -> bool:
    """Whether a page is as most are: outside the navigation, below one title, with nothing added by other plugins."""
    page = context["page"]
    top = page.toc.items
    named = page.meta.get("template") or page.previous_page or page.next_page or page.parent or page.is_homepage
    return (
        context.keys() <= _KNOWN
        and len(top) == 1
        and not named
        and bool(page.url.strip("./"))
        and not any(page is one for one in context["nav"].pages)
    )


def _others(context: Mapping[str, Any]) -> object:
    """What must be equal for all pages of a group: all of the context but the page, the way to the site's root too."""
    paths = context["base_url"], *context["extra_css"], *map(str, context["extra_javascript"])
    return context["mkdocs_version"], id(context["nav"]), id(context["config"]), paths
