"""Nothing of a note or of an output runs, loads, or leaves the page, wherever it stands."""

from __future__ import annotations

import pytest

from kbtool.outcomes import Output
from kbtool.render.html import safe_url, sanitise
from kbtool.render.svg import figure
from tests.rendering import Html, outcome, rendered

PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<details open ontoggle=alert(1)>x</details>",
    '<iframe src="javascript:alert(1)"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<embed src="javascript:alert(1)">',
    '<object data="javascript:alert(1)"></object>',
    '<a href="java&#10;script:alert(1)">x</a>',
    '<a href="javascript&colon;alert(1)">x</a>',
    "<a id=__config>x</a>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<style>@import url(//x)</style>",
    '<p style="background:url(//x)">x</p>',
    "<base href=//x>",
    '<meta http-equiv=refresh content="0;url=//x">',
    "<template><img src=x onerror=alert(1)></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<math><annotation-xml encoding='text/html'><img src=x onerror=alert(1)></annotation-xml></math>",
    '[:iframe {:src "javascript:alert(1)"}]',
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    '[x](https://example.org/"onclick=alert(1))',
    '![x](https://example.org/" onerror="alert(1))',
    "![x](//example.org/x.png)",
    "<b data-md-component=search onclick=alert(1)>x</b>",
    '"><img src=x onerror=alert(1)>',
    "$\\href{javascript:alert(1)}{x}$",
    "$\\text{<img src=x onerror=alert(1)>}$",
    "$<img src=x onerror=alert(1)>%$",
    '{{embed [["><img src=x onerror=alert(1)>]]}}',
    '#"><svg/onload=alert(1)>',
    "@@html: <img src=x onerror=alert(1)>@@",
)
PLACES = {
    "body": "- {}",
    "after": "- слово {}",
    "continuation": "- слово\n  {}",
    "heading": "- ## {}",
    "collapsed": "- {}\n  collapsed:: true\n\t- x",
    "property": "- x\n  важно:: {}",
    "page property": "status:: {}\n\n- x",
    "alias": "alias:: {}\n\n- x",
    "label": "- [{}](https://example.org)",
    "emphasis": "- **{}**",
    "table": "- | {} | b |\n  | c | d |",
    "quote": "- > {}",
    "container": "- #+BEGIN_NOTE\n  {}\n  #+END_NOTE",
    "other container": "- #+BEGIN_X\n  {}\n  #+END_X",
    "footnote": "- [^1]: {}",
    "list": "- x\n  * {}",
    "code": "- ```html\n  {}\n  ```",
    "cell": "- ```python\n  {}\n  ```",
    "language": "- ```{}\n  x\n  ```",
    "title": "title:: {}\n\n- x",
    "icon": "icon:: {}\n\n- x",
}
ALLOWED = set(
    "a abbr audio b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 header hr i img li".split()
)
ALLOWED |= set(
    "mark math menclose mfrac mn mo mover mpadded mphantom mroot mrow ms mspace msqrt mstyle msub msubsup msup".split()
)
ALLOWED |= set(
    "mi mtable mtd mtext mtr munder munderover nav ol p pre s section span strong sub summary sup table tbody".split()
)
ALLOWED |= set("td th thead time tr u ul video".split())


def harms(html: str) -> list[str]:
    """What of a page could do harm."""
    found: list[str] = []
    for tag, attributes in Html(html).elements:
        found += [tag] if tag not in ALLOWED else []
        for name, value in attributes.items():
            if name.startswith(("on", "data-md", "formaction", "srcdoc")) or name in ("style", "srcset", "background"):
                found.append(f"{tag} {name}={value}")
            if name in ("href", "src") and "".join(value.split()).partition(":")[0].lower() in (
                "javascript",
                "data",
                "vbscript",
            ):
                found.append(f"{tag} {name}={value}")
            if name == "src" and ("//" in value or value == "x"):
                found.append(f"{tag} loads {value}")
            if name == "id" and value.startswith("__"):
                found.append(f"{tag} id={value}")
    return found


@pytest.mark.parametrize("place", PLACES)
def test_no_payload_does_harm(place: str) -> None:
    for payload in PAYLOADS:
        pages = rendered({"pages/a.md": PLACES[place].replace("{}", payload), "pages/b.md": "- {{embed [[a]]}} [[a]]"})
        for made in pages.values():
            assert harms(made.html) == [], payload
            assert harms("".join(heading.title for heading in made.toc)) == [], payload


def test_the_payloads_would_do_harm() -> None:
    tame = [payload for payload in PAYLOADS if payload.lstrip('"').startswith(("<", "</")) and not harms(payload)]
    assert tame == []


@pytest.mark.parametrize("kind", ["stdout", "stderr", "value", "error", "figure"])
def test_no_output_does_harm(kind: str) -> None:
    for payload in PAYLOADS:
        made = outcome(("ok", (Output(kind, payload),)))  # type: ignore[arg-type]
        html = rendered({"pages/a.md": "- ```python\n  1\n  ```"}, outcomes=made)["pages/a.md"].html
        assert harms(html) == [], payload


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", '"onclick="alert(1)', "a&lt;b", "__config"])
def test_no_file_name_does_harm(name: str) -> None:
    pages = rendered({f"pages/{name}.md": "- x", "pages/b.md": f"- [[{name}]]"})
    assert [harm for made in pages.values() for harm in harms(made.html)] == []


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/путь?a=1#b", "https://example.org/путь?a=1#b"),
        ("HTTP://EXAMPLE.ORG", "HTTP://EXAMPLE.ORG"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("javascript:alert(1)", ""),
        ("JaVa\u200bScript:alert(1)", ""),
        ("\x01javascript:alert(1)", ""),
        ("javascript&colon;alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("//example.org", ""),
        ("\\\\server\\share", ""),
        ("https:example.org", ""),
        ("", ""),
    ],
)
def test_only_harmless_schemes_are_followed(url: str, safe: str) -> None:
    assert safe_url(url) == safe


def test_harmless_html_stays() -> None:
    assert sanitise("<b>x</b> <kbd>y</kbd>") == "<b>x</b> <kbd>y</kbd>"


def test_absurd_nesting_is_shown_as_text() -> None:
    assert sanitise("<div>" * 500 + "x").startswith("<pre>&lt;div&gt;")
    assert sanitise("<div>" * 50 + "x").count("<div>") == 50


# ---------------------------------------------------------------- figures


def svg(inside: str, attributes: str = "") -> str:
    namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {namespaces} {attributes}>{inside}</svg>"


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject><body/></foreignObject>",
        '<path onclick="alert(1)"/>',
        '<use xlink:href="http://x/y.svg#z"/>',
        '<use href="javascript:alert(1)"/>',
        '<image xlink:href="http://x/y.png"/>',
        '<image href="data:image/svg+xml;base64,AAAA"/>',
        "<set attributeName='href' to='javascript:alert(1)'/>",
        "<animate attributeName='href' values='javascript:alert(1)'/>",
        "<style>@import url(http://x)</style>",
        "<style>path{fill:url(http://x)}</style>",
        '<path style="fill:url(http://x)"/>',
        '<path fill="url(http://x)"/>',
        '<path style="fill:\\75rl(http://x)"/>',
        '<a xlink:href="javascript:alert(1)"><path/></a>',
        '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
        "<metadata><date>2026</date></metadata>",
    ],
)
def test_a_figure_keeps_nothing_that_acts(inside: str) -> None:
    made = figure(svg('<path d="M0 0"/>' + inside)).light
    assert '<path d="M0 0">' in made
    own = made.replace("http://www.w3.org/", "")
    assert [
        w for w in ("script", "alert", "http", "url(", "import", "onclick", "2026", "svg+xml", "75rl") if w in own
    ] == []


def test_a_figure_keeps_what_it_is_made_of() -> None:
    inside = '<defs><clipPath id="c"/></defs><g clip-path="url(#c)"><use xlink:href="#c"/></g><text>a&amp;b</text>'
    made = figure(svg(inside)).light
    assert [part for part in ('clip-path="url(#c)"', 'xlink:href="#c"', "a&amp;b") if part not in made] == []


@pytest.mark.parametrize(
    "broken",
    ["", "no svg", "<svg", "<html/>", '<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>', "<svg>&undefined;</svg>"],
)
def test_a_broken_figure_is_said(broken: str) -> None:
    assert figure(broken).light == ""
    made = outcome(("ok", (Output("figure", broken),)))
    assert "повреждён" in rendered({"pages/a.md": "- ```python\n  1\n  ```"}, outcomes=made)["pages/a.md"].html


def test_in_the_dark_ink_is_light_and_areas_keep_their_colour() -> None:
    made = figure(svg('<path style="fill: #ffffff"/><path style="stroke: #000080; fill: #440154"/><text>x</text>'))
    assert ("fill: #171a21" in made.dark, 'fill="#dfe2ea"' in made.dark, "fill: #440154" in made.dark) == (True,) * 3
    assert "#000080" not in made.dark


def test_colours_that_read_on_both_stay() -> None:
    made = figure(svg('<path d="M0 0" style="stroke: #e07b39; fill: none"/>'))
    assert "#e07b39" in made.dark


def test_equal_figures_are_one_file() -> None:
    assert figure(svg("<path/>")).name == figure(svg("<path/>")).name != figure(svg("<rect/>")).name
