"""Nodes inside a line, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import assert_never

from kbtool.graph import Ambiguous, Missing, Target, ToAsset, ToNote, ToNothing
from kbtool.math import MathProblem, convert
from kbtool.names import title
from kbtool.render import urls
from kbtool.render.context import Scope, ToUnwritten, inner_scope, quiet
from kbtool.render.html import element, escape, safe_url, sanitise, void, words_of
from kbtool.render.mathml import without_styles
from kbtool.render.plain import escaped, first_line, plain, plain_title, wiki_label
from kbtool.syntax import obsidian, tree
from kbtool.syntax.html import Loaded, loaded
from kbtool.tasks import Moment, read_moment
from kbtool.values import Span

_EMPHASIS: Mapping[tree.EmphasisKind, tuple[str, str]] = {
    "strong": ("<strong>", "</strong>"),
    "em": ("<em>", "</em>"),
    "strong-em": ("<strong><em>", "</em></strong>"),
    "strike": ("<del>", "</del>"),
    "mark": ("<mark>", "</mark>"),
    "sub": ("<sub>", "</sub>"),
    "sup": ("<sup>", "</sup>"),
}
INLINE_MACROS = frozenset(
    "cloze function youtube youtube-timestamp vimeo bilibili video tweet twitter zotero-imported-file "
    "zotero-linked-file renderer val".split()
)
"""Macros that never become more than running text."""
_VIDEO = frozenset({"mp4", "m4v", "webm", "ogv", "mov"})
_AUDIO = frozenset({"mp3", "ogg", "oga", "opus", "wav", "flac", "m4a"})
_PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "avif", "bmp", "ico", "svg"})
# Characters of a block that a reference to it says where no more may stand.
_BRIEF_LENGTH = 120


def line_html(scope: Scope, span: Span, nodes: tuple[tree.Inline, ...]) -> str:
    """A stretch of running text with its nodes; its line ends are kept as breaks."""
    found: list[str] = []
    at = span.start
    for node in nodes:
        found += (text_html(scope.entry.text[at : node.span.start], scope.quoted), node_html(scope, node))
        at = node.span.end
    found.append(text_html(scope.entry.text[at : span.end], scope.quoted))
    return "".join(found)


def text_html(text: str, quoted: bool = False) -> str:
    """Plain text; line ends become breaks; `quoted` lines lose their marks."""
    if "\n" not in text:
        return escape(text, quote=False)
    first, *others = text.split("\n")
    return "<br>\n".join(
        escape(part, quote=False) for part in (first, *(line.lstrip("> \t" if quoted else None) for line in others))
    )


def holds_boxes(nodes: tuple[tree.Inline, ...]) -> bool:
    """Whether some node may become more than running text, so that no `<p>` may stand around it."""
    return any(
        isinstance(node, tree.Html)
        or (isinstance(node, tree.Macro) and node.name not in INLINE_MACROS)
        or (isinstance(node, tree.WikiLink) and node.embed)
        or (isinstance(node, tree.Link) and node.image and urls.extension(node.target) == "pdf")
        for node in nodes
    )


def node_html(scope: Scope, node: tree.Inline) -> str:
    """One node of a line."""
    match node:
        case tree.Code():
            return element("code", {}, escape(scope.source(node.inner), quote=False))
        case tree.Math():
            return formula_html(scope, node.inner, node.display)
        case tree.PageLink() | tree.WikiLink():
            return _page_link(scope, node) if isinstance(node, tree.PageLink) else _wiki_link(scope, node)
        case tree.Tag():
            target = scope.target(node.span, node.name)
            return reference_html(scope, target, "#" + escape(node.name, quote=False), "kb-tag")
        case tree.BlockLink():
            return _block_link(scope, node)
        case tree.Link():
            return _link(scope, node)
        case tree.Macro():
            return embed_macro_html(scope, node) if node.name == "embed" else scope.special(scope, node)
        case tree.Emphasis():
            before, after = _EMPHASIS[node.kind]
            return before + line_html(scope, node.inner, node.children) + after
        case tree.Html():
            return html_html(scope, node)
        case tree.Timestamp():
            return _timestamp(scope, node)
        case tree.Footnote():
            return _footnote(scope, node)
        case tree.Escape() | tree.Hidden():
            return "" if isinstance(node, tree.Hidden) else escape(escaped(scope.entry.text, node), quote=False)
        case _:
            assert_never(node)


def formula_html(scope: Scope, inner: Span, display: bool) -> str:
    """A formula as MathML, or its source with what is wrong."""
    source = scope.source(inner)
    made = latex_html(source, display)
    if isinstance(made, MathProblem):
        title = f"{scope.words.bad_formula}: {made.message}"
        return element("code", {"class": "kb-math-error", "title": title}, escape(source.strip(), quote=False))
    return made


def latex_html(latex: str, display: bool) -> str | MathProblem:
    """LaTeX as MathML, or what is wrong with it."""
    result = convert(latex, display)
    if isinstance(result, MathProblem):
        return result
    markup = without_styles(result.markup)
    return element("span", {"class": "kb-formula"}, markup) if display else markup


def html_html(scope: Scope, node: tree.Html) -> str:
    """Raw HTML, sanitised; hiccup as text."""
    source = scope.source(node.span)
    if node.hiccup and source == "[:span]":
        return ""  # what Logseq writes for an area of a PDF
    if node.hiccup:
        return element("code", {"class": "kb-raw"}, escape(source, quote=False))
    if source.startswith("<!--"):
        return ""
    if source.startswith("@@"):
        source = source.partition(": ")[2].removesuffix("@@")
    if scope.links and scope.boxes:
        found = tuple(loaded(scope.entry.text, node.span))
        clean = sanitise(source, partial(_picture_in_html, scope, {one.target: one.span for one in found}))
        return " ".join(filter(None, (clean, *(_film(scope, one) for one in found if one.tag != "img"))))
    return escape(words_of(source), quote=False)


def _picture_in_html(scope: Scope, places: Mapping[str, Span], said: Mapping[str, str], linked: bool) -> str:
    """A picture of the base as one in Markdown; what raw HTML would load from elsewhere is named and linked."""
    src, alt = said.get("src", ""), said.get("alt", "")
    target = scope.target(places[src]) if src in places else None
    inner = replace(scope, links=not linked, boxes=False)
    if isinstance(target, ToAsset):
        shown = _picture(inner, (said.get("width", ""), said.get("height", "")), target.path, alt)
        return shown.replace(' class="kb-image"', ' class="kb-image kb-image--inline"', 1)
    return _not_loaded(inner, target, src, alt or src.rstrip("/").rsplit("/", 1)[-1])


def _film(scope: Scope, one: Loaded) -> str:
    """A film, sound or frame, which the sanitiser leaves out: the base's own is played, to others there is a way."""
    target = scope.target(one.span)
    if isinstance(target, ToAsset):
        return _picture(scope, (0, 0), target.path, "")
    return _not_loaded(scope, target, one.target, one.target)


def _not_loaded(scope: Scope, target: object, src: str, label: str) -> str:
    shown = escape(label, quote=False)
    if isinstance(target, Missing):
        return _no_file(scope, src, shown)
    if scope.links and (href := safe_url(src)):
        return external_html(href, shown)
    return element("span", {"class": "kb-name", "title": src}, shown) if shown else ""


# ---------------------------------------------------------------- references


def reference_html(scope: Scope, target: Target | ToUnwritten | None, label: str, css: str = "kb-link") -> str:
    """A mention that leads to `target`, with `label` as its HTML."""
    match target:
        case ToNote() | Ambiguous():
            return _anchor(scope, ToNote(target.note, target.block), label, css)
        case ToAsset():
            return _asset(scope, target.path, label)
        case ToUnwritten() if scope.links:
            missing = {"class": f"{css} kb-wanted", "title": scope.words.not_written}
            return element(
                "a", {**(missing if target.missing else {"class": css}), "href": scope.place.page(target.slug)}, label
            )
        case ToNothing() | ToUnwritten():
            return element("span", {"class": f"{css} kb-name"}, label)
        case Missing() | None:
            return element("span", {"class": f"{css} kb-wanted", "title": scope.words.not_written}, label)
        case _:
            assert_never(target)


def address(scope: Scope, target: ToNote) -> str:
    """The URL of a note or of a block of it, empty when it is not on the site."""
    entry = scope.context.entries.get(target.note)
    if entry is None:
        return ""
    anchor = entry.anchors[target.block].id if 0 <= target.block < len(entry.anchors) else ""
    return scope.place.page(entry.slug, anchor)


def _anchor(scope: Scope, target: ToNote, label: str, css: str) -> str:
    if target.note not in scope.context.entries:
        return label  # not on the site: nothing but what the author wrote here
    href = address(scope, target)
    if not href or not scope.links:
        return element("span", {"class": f"{css} kb-name"}, label)
    return element("a", {"class": css, "href": href}, label)


def _page_link(scope: Scope, node: tree.PageLink) -> str:
    label = escape(title(node.name.strip()), quote=False)
    target = scope.target(node.span, node.name)
    # Files and drawings in double brackets are no pages, so none is missing.
    return reference_html(scope, target, label) if target is not None else element("span", {"class": "kb-name"}, label)


def _wiki_link(scope: Scope, node: tree.WikiLink) -> str:
    label = escape(wiki_label(scope.entry.text, node), quote=False)
    page = scope.target(node.page_span) if node.page else None
    target = scope.target(node.anchor_span) if node.anchor else page
    if isinstance(target, ToAsset):
        return _picture(scope, node.size, target.path, node.page) if node.embed else _asset(scope, target.path, label)
    if node.embed and isinstance(target, ToNote) and scope.boxes and target.note in scope.context.entries:
        return scope.embed(scope, target)
    # A heading that is not there: the page is the next best place.
    return reference_html(scope, page if isinstance(target, Missing) and page else target, label)


def _block_link(scope: Scope, node: tree.BlockLink) -> str:
    target = scope.target(node.span)
    if not isinstance(target, ToNote):
        return element("span", {"class": "kb-wanted", "title": scope.words.not_written}, f"(({escape(node.id)}))")
    return _anchor(scope, target, _quoted_title(scope, target), "kb-ref")


def _quoted_title(scope: Scope, target: ToNote) -> str:
    """The first line of a block of any note (all, where the graph asks for it), without links.

    Its words alone, and not many, in quotations and too deep; the name of its note when it begins otherwise.
    """
    entry = scope.context.entries.get(target.note)
    if entry is None:
        return "…"
    block = entry.note.outline[target.block] if target.block >= 0 else None
    line = first_line(entry.text, block) if block else None
    lines = [line] if line else []
    if block and line and scope.context.settings.full_blocks:
        lines = [(part.span, part.inlines) for part in block.parts if isinstance(part, tree.Prose)]
    inner = inner_scope(scope, target, sum(span.end - span.start for span, _ in lines)) if lines else None
    if inner is None:
        words = plain_title(entry.text, block) if block else ""
        brief = words if len(words) <= _BRIEF_LENGTH else words[: _BRIEF_LENGTH - 1].rstrip() + "…"
        return escape(brief or entry.note.name, quote=False)
    return "<br>\n".join(line_html(quiet(inner), *one) for one in lines)


def _link(scope: Scope, node: tree.Link) -> str:
    plain_scope = replace(scope, links=False)
    target = scope.target(node.span)
    label = line_html(plain_scope, node.label, node.children)
    if not label and isinstance(target, ToNote) and target.block >= 0:
        label = _quoted_title(scope, target)  # the address of a block says nothing to a reader
    label = label or escape(node.target, quote=False)
    if isinstance(target, ToAsset | Missing) and node.kind not in ("page", "block", "url"):
        return _file(scope, node, target)
    if node.kind == "url" or node.target.startswith("mailto:"):
        return _external(scope, node, label)
    if target is None:
        return element("span", {"class": "kb-name", "title": node.target}, label)
    return reference_html(scope, target, label, "kb-ref" if node.kind == "block" else "kb-link")


def _external(scope: Scope, node: tree.Link, label: str) -> str:
    """A link to another host; a picture there is linked, not shown: the site asks no other host for anything."""
    href = safe_url(node.target)
    if not href or not scope.links:
        return element("span", {"class": "kb-name", "title": node.target}, label)
    return external_html(href, label, node.title)


def external_html(href: str, label: str, title: str = "") -> str:
    """A link to another host; on paper its address follows it, where it says something else."""
    shown = escape(href, quote=False)
    bare = label.rstrip("/") in (shown.rstrip("/"), shown.rstrip("/").partition("://")[2])
    css = "kb-external kb-bare" if bare else "kb-external"
    return element("a", {"class": css, "href": href, "rel": "noopener noreferrer", "title": title or None}, label)


def _file(scope: Scope, node: tree.Link, target: ToAsset | Missing) -> str:
    label = plain(scope.entry.text, node.label, node.children)
    if isinstance(target, Missing):
        return _no_file(scope, node.target, escape(label or node.target, quote=False))
    if not node.image:
        return _asset(scope, target.path, line_html(replace(scope, links=False), node.label, node.children))
    size = node.size
    if scope.context.settings.dialect == "obsidian":
        label, size = obsidian.sized(label)
    return _picture(scope, size, target.path, label)


def _no_file(scope: Scope, target: str, label: str) -> str:
    return element("span", {"class": "kb-wanted", "title": f"{scope.words.no_file}: {target}"}, label)


def _picture(scope: Scope, size: tuple[int | str, int | str], path: str, label: str) -> str:
    kind, src = urls.extension(path), scope.place.file(urls.asset_file(path))
    if kind == "pdf" and scope.boxes and scope.links:
        return _document(src, label or path.rsplit("/", 1)[-1])
    if not urls.is_published(path) or kind not in _PICTURES | _VIDEO | _AUDIO:
        return _asset(scope, path, escape(label or path.rsplit("/", 1)[-1], quote=False))
    width, height = map(_length, size)
    if kind in _VIDEO:
        return element("video", {"src": src, "controls": "", "preload": "metadata", "width": width}, "")
    if kind in _AUDIO:
        return element("audio", {"src": src, "controls": "", "preload": "none"}, "")
    pairs = {"class": "kb-image", "src": src, "alt": label, "width": width, "height": height, "loading": "lazy"}
    return void("img", pairs)


def _length(said: int | str) -> str | None:
    """A width or height as HTML takes it, in pixels or per cent."""
    found = str(said).strip().removesuffix("px")
    digits = found.removesuffix("%")
    return found if digits.isascii() and digits.isdigit() and digits.strip("0") and len(digits) < 6 else None


def _document(src: str, label: str) -> str:
    """A PDF to leaf through in place, which is read when it is unfolded, and the way to it."""
    name = escape(label, quote=False)
    link = element("a", {"class": "kb-file", "href": src}, name)
    frame = element("iframe", {"class": "kb-pdf__pages", "src": src, "title": label, "loading": "lazy"}, "")
    return element("details", {"class": "kb-log kb-pdf"}, element("summary", {}, name) + frame + link)


def _asset(scope: Scope, path: str, label: str) -> str:
    if not urls.is_published(path) or not scope.links:
        return element("span", {"class": "kb-name", "title": path}, label)
    return element("a", {"class": "kb-file", "href": scope.place.file(urls.asset_file(path))}, label or escape(path))


# ---------------------------------------------------------------- macros and the small ones


def embed_macro_html(scope: Scope, node: tree.Macro) -> str:
    """`{{embed …}}`: the place in a box, or the way to it where no box may stand."""
    target = scope.target(node.span)
    if isinstance(target, ToNote) and scope.boxes and target.note in scope.context.entries:
        return scope.embed(scope, target)
    if isinstance(target, ToNote) and target.block >= 0:
        return _anchor(scope, target, _quoted_title(scope, target), "kb-ref")
    name = ", ".join(node.arguments).strip("[]() ")
    return reference_html(scope, target, escape(name, quote=False), "kb-ref")


def cloze_html(scope: Scope, text: str) -> str:
    """A blank to be filled in; what stands there is seen when it gets the focus, and in print."""
    answer, _, hint = text.partition("\\\\")
    pairs = {"class": "kb-cloze", "tabindex": "0" if scope.links else None, "title": hint.strip() or scope.words.reveal}
    return element("mark", pairs, escape(answer.strip(), quote=False))


def _timestamp(scope: Scope, node: tree.Timestamp) -> str:
    kinds = {"scheduled": scope.words.scheduled, "deadline": scope.words.deadline}
    label = kinds.get(node.kind, "")
    moments = [read_moment(text) for text in node.text.split("--")]
    known = [_moment(scope, moment) for moment in moments if moment]
    text = " – ".join(known) if len(known) == len(moments) else escape(node.text.strip("<[]>"), quote=False)
    before = element("span", {"class": "kb-date__kind"}, label) + " " if label else ""
    return element("span", {"class": "kb-date"}, before + text)


def _moment(scope: Scope, moment: Moment) -> str:
    """A day as readers write it, its time, and how often it comes again."""
    iso = f"{moment.day // 10_000:04}-{moment.day // 100 % 100:02}-{moment.day % 100:02}"
    shown = ".".join(reversed(iso.split("-"))) if scope.context.look.language == "ru" else iso
    again = moment.repeater
    units = dict(scope.words.units)
    repeat = f" ↻ {again.every} {units[again.unit]}" if again else ""
    return element("time", {"datetime": iso}, shown + (f" {escape(moment.time)}" if moment.time else "") + repeat)


def _footnote(scope: Scope, node: tree.Footnote) -> str:
    anchor, name = scope.footnotes.get(node.name), escape(node.name, quote=False)
    if not anchor or not scope.links:
        return element("sup", {"class": "kb-footnote-mark"}, name)
    first = scope.ids and scope.marks.get(node.name) == node.span.start
    pairs = {"class": "kb-footnote-mark", "id": f"{anchor.id}-mark" if first else None}
    return element("sup", pairs, element("a", {"href": f"#{anchor.id}"}, name))
