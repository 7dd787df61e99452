"""What a block's text becomes: prose, lists, links, embeds, formulas, tables, containers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rendering import Html, body, rendered

UUID = "67a71ecf-a4e1-4d76-9d45-82f185cfb56b"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("- **жирно _и курсив_**", "<strong>жирно <em>и курсив</em></strong>"),
        ("- ==метка== и ~~нет~~", "<mark>метка</mark> и <del>нет</del>"),
        ("- `<b> & [[x]]`", "<code>&lt;b&gt; &amp; [[x]]</code>"),
        ("- H_{2}O, x^{2}", "H<sub>2</sub>O, x<sup>2</sup>"),
        ("- \\*не курсив\\*", "*не курсив*"),
        ("- \\alpha и C:\\Users", "α и C:\\Users"),
        ("- a < b & c", "a &lt; b &amp; c"),
        ("- &amp; &lt;", "&amp;amp; &amp;lt;"),
        ("- первая\n  вторая", "<p>первая</p><p>вторая</p>"),
        ("- x\n  один\n  два", "<p>один<br>\nдва</p>"),
        ("- #+BEGIN_QUOTE\n  слова\n  #+END_QUOTE", "<blockquote><p>слова</p></blockquote>"),
        ("- > раз\n  > два", "<blockquote><p>раз<br>\nдва</p></blockquote>"),
        ("- {{renderer :x, y}}", '<code class="kb-raw">{{renderer :x, y}}</code>'),
        ("- {{cloze ответ}}", '<mark class="kb-cloze" tabindex="0" title="Нажмите, чтобы увидеть">ответ</mark>'),
        ("- {{cloze ответ \\\\ намёк}}", '<mark class="kb-cloze" tabindex="0" title="намёк">ответ</mark>'),
        ("- > раз **два\n  > три** четыре", "<p>раз <strong>два<br>\nтри</strong> четыре</p>"),
        (
            "- x\n  слово\n  : смысл **a**\n  : ещё",
            '<dl class="kb-terms"><dt>слово</dt><dd>смысл <strong>a</strong></dd>',
        ),
        ("- #+BEGIN_foo bar\n  x\n  #+END_foo", '<div class="kb-box kb-box--foo"><p>x</p></div>'),
        ("- x\n  background-color:: blue", ' data-tint="blue">'),
        ("- x\n  background-color:: Orange", ' data-tint="yellow">'),
        ("- x\n  background-color:: #787f97", ' data-tint="gray">'),
        ("- x\n  background-color:: #f00", ' data-tint="red">'),
        ("- x\n  background-color:: rgb(20, 200 40)", ' data-tint="green">'),
        ("- x\n  hl-color:: purple", ' data-tint="purple">'),
        ("- x\n  heading:: true", '<h2 id="x">x<'),
        ("- a #card\n\t- b", '<details class="kb-answer"><summary>Ответ</summary><ul class="kb-outline">'),
        ("- [[draws/a.excalidraw]]", '<span class="kb-name">draws/a.excalidraw</span>'),
        (
            "- x\n  SCHEDULED: <2024-05-01 Wed 10:00 .+1w>",
            'запланировано</span> <time datetime="2024-05-01">01.05.2024 10:00 ↻ 1 нед.</time>',
        ),
        (
            "- x\n  :LOGBOOK:\n  CLOCK: [2024-05-01 Wed 10:00:00]--[2024-05-01 Wed 11:02:03] =>  01:02:03\n  :END:",
            '<p class="kb-clock">затрачено 1 ч 02 мин</p>',
        ),
        ("- [:div 1]", "[:div 1]</code>"),
        ("- ---", "<hr>"),
    ],
)
def test_markup(source: str, expected: str) -> None:
    assert expected in body(source)


@pytest.mark.parametrize(
    "colour", ["", "url(x)", "#12", "#ggg", "rgb(1, 2)", "rgb(٣, 1, 1)", "red; color: red", "#fff"]
)
def test_what_is_no_colour_tints_nothing(colour: str) -> None:
    html = body(f"- x\n  background-color:: {colour}")
    assert "data-tint" not in html
    assert "style=" not in html


def test_footnotes_lead_there_and_back() -> None:
    html = Html(body("- a[^1] b[^1] c[^x]\n  [^1]: note"))
    assert html.links()["#fn-1"] == ""
    assert "#fn-1-mark" in html.links()
    assert html.ids.count("fn-1-mark") == 1  # of two marks the first


def test_numbered_blocks_within_each_other_count_otherwise() -> None:
    number = "logseq.order-list-type:: number"
    text = f"- a\n  {number}\n\t- b\n\t  {number}\n\t\t- c\n\t\t  {number}\n\t\t\t- d\n\t\t\t  {number}\n- e"
    classes = [found["class"].rpartition("--")[2] for found in Html(body(text)).of_class("kb-block")]
    assert classes == ["number-1", "number-2", "number-3", "number-1", "kb-block"]


def test_a_highlight_leads_to_its_page_in_the_pdf() -> None:
    text = "file:: [x.pdf](../assets/x.pdf)\n\n- words\n  ls-type:: annotation\n  hl-page:: 3"
    page = rendered({"pages/hls__x_y_1679449828821_0.md": text}, assets=frozenset({"assets/x.pdf"}))
    (found,) = (one for path, one in page.items() if path.startswith("pages/hls__"))
    assert '<a class="kb-annotation kb-file" href="../media/x.pdf#page=3">стр. 3</a>' in found.html
    assert found.title == "x y"


def test_a_picture_of_an_area_of_a_pdf_is_shown_where_there_is_one() -> None:
    head = "file:: [x.pdf](../assets/x.pdf)\nfile-path:: ../assets/x.pdf\n\n- [:span]\n  ls-type:: annotation\n"
    text = f"{head}  hl-page:: 3\n  hl-type:: area\n  hl-stamp:: 77\n  id:: {UUID}"
    shot = f"assets/x/3_{UUID}_77.png"
    for assets, seen in ((frozenset({"assets/x.pdf", shot}), 1), (frozenset({"assets/x.pdf"}), 0)):
        html = rendered({"pages/hls__x.md": text}, assets=assets)["pages/hls__x.md"].html
        assert html.count(f'<img class="kb-image" src="../media/x/3_{UUID}_77.png"') == seen
        assert "[:span]" not in html


def test_lists_of_a_block_nest_and_have_checkboxes() -> None:
    html = body("- Список:\n  * [ ] раз\n  * [x] два\n    1. три\n  * четыре")
    assert html.count("<ul>") == 1  # the four items are one list
    assert "<ol><li>три</li></ol>" in html
    assert [mark in html for mark in ("☐", "☑", "[ ]", "[x]")] == [True, True, False, False]


def test_checkbox_marks_outside_lists_stay_text() -> None:
    assert "[ ] раз" in body("- x\n  [ ] раз")


def test_lists_too_deep_for_the_renderer_lose_nothing() -> None:
    deep = "- x\n" + "".join(f"  {' ' * 2 * i}* слово{i}\n" for i in range(120))
    text = Html(body(deep)).text
    assert [i for i in range(120) if f"слово{i}" not in text] == []


def test_many_marks_on_one_line_are_no_deep_list() -> None:
    assert "конец" in body("- x\n  " + "* " * 2_000 + "конец")


def test_private_characters_of_a_note_stand_for_no_node() -> None:
    html = body("- x\n  \U000f0000 `code`")
    assert html.count("<code>code</code>") == 1
    assert "\U000f0000" not in html
    assert "\N{REPLACEMENT CHARACTER}" in html


def test_a_page_link_leads_to_its_page() -> None:
    assert '<a class="kb-link" href="../b-c/">B C</a>' in body("- [[B C]]", **{"b c": "- x"})


def test_a_link_to_nothing_says_so() -> None:
    html = body("- [[нет]] и [[b]]", b="- x")
    assert '<a class="kb-link kb-wanted" title="Страница ещё не написана" href="../%D0%BD%D0%B5%D1%82/">нет</a>' in html
    # Control: what exists is no wanted page.
    assert html.count("kb-wanted") == 1


def test_a_date_needs_no_page() -> None:
    assert "kb-wanted" not in body("- [[2026-11-23]]")


@pytest.mark.parametrize("url", ["https://example.org/a?b=1&c", "http://example.org", "mailto:a@example.org"])
def test_external_links_tell_the_other_host_nothing(url: str) -> None:
    links = [a for tag, a in Html(body(f"- [слово]({url})")).elements if a.get("class") == "kb-external"]
    assert [(a["href"], a["rel"]) for a in links] == [(url, "noopener noreferrer")]


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("https://example.org/a?b&c", 1),
        ("<https://example.org/>", 1),
        ("[example.org](https://example.org/)", 1),
        ("[слово](https://example.org)", 0),
        ("![](https://example.org/x.png)", 1),
        ("![рис](https://example.org/x.png)", 0),
    ],
)
def test_a_link_that_says_its_address_is_known(source: str, bare: int) -> None:
    html = body(f"- {source}")
    assert html.count("kb-external") == 1
    assert html.count("kb-bare") == bare


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<имя@example.org>", ('href="mailto:имя@example.org"', "имя@example.org</a>")),
        ("<mailto:a@b.c>", ('href="mailto:a@b.c"', "mailto:a@b.c</a>")),  # as in Logseq and CommonMark
    ],
)
def test_addresses_of_people_lead_to_them(source: str, shown: tuple[str, str]) -> None:
    html = body(f"- {source}")
    assert [one for one in shown if one not in html] == []


@pytest.mark.parametrize("source", ["<a b@c.d>", "<a@@b.c>", "<a,b@c.d>", "<@b>", "<a@>"])
def test_what_is_no_address_of_a_person_is_text(source: str) -> None:
    assert "kb-external" not in body(f"- {source}")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "//host/x"]
)
def test_links_of_other_schemes_are_text(url: str) -> None:
    html = Html(body(f"- [слово]({url})"))
    assert [a for tag, a in html.elements if tag == "a" and a.get("class") != "kb-bullet"] == []
    assert "слово" in html.text


def test_a_remote_picture_is_not_loaded() -> None:
    html = body("- ![рис](https://example.org/x.png)")
    assert "<img" not in html
    assert 'href="https://example.org/x.png"' in html


IN_HTML = pytest.mark.parametrize(
    "text", ["- слово {}", "- {}", "- <p>{}</p>", "- > {}", "- a\n  <P title=x\n  lang=ru>{}</P>"]
)


@IN_HTML
def test_a_picture_of_another_host_in_raw_html_is_named_and_linked(text: str) -> None:
    html = body(text.format('<img alt="рис &quot;a>b&quot;" src="https://example.org/x.png?a=1&amp;b=2" width="30"/>'))
    assert '<a class="kb-external" href="https://example.org/x.png?a=1&amp;b=2" rel="noopener noreferrer">' in html
    assert 'рис "a&gt;b"</a>' in html
    assert "<img" not in html


@IN_HTML
@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (
            '<img src="../assets/x y.png" alt="рис &amp;" width="30" height=\'20\'/>',
            'alt="рис &amp;" width="30" height="20"',
        ),
        ("<IMG width=50% src='assets/x%20y.png' onerror=f() />", 'alt="" width="50%"'),
        ('<img alt="src=x" width="9em" SRC = "../assets/x y.png" src="../assets/z.png" />', 'alt="src=x"'),
    ],
)
def test_a_picture_of_the_base_in_raw_html_is_shown_in_its_place(text: str, tag: str, expected: str) -> None:
    source = {"pages/a.md": text.format(f"<b>до</b>{tag}<b>после</b>") if "<" in text else text.format(tag)}
    html = rendered(source, assets=frozenset({"assets/x y.png"}))["pages/a.md"].html
    shown = f'<img class="kb-image kb-image--inline" src="../media/x%20y.png" {expected} loading="lazy">'
    assert (f"<b>до</b>{shown}<b>после</b>" if "<" in text else shown) in html
    assert html.count("<img") == 1
    assert "kb-wanted" not in html


@pytest.mark.parametrize(
    "tag",
    [
        '<!-- <img src="../assets/x.png"/> -->',
        '<p><!-- <img src="../assets/x.png"/> --></p>',
        '<p title="<img src=assets/x.png/>">a</p>',
    ],
)
def test_a_picture_that_raw_html_does_not_show_is_none(tag: str) -> None:
    html = rendered({"pages/a.md": f"- {tag}"}, assets=frozenset({"assets/x.png"}))["pages/a.md"].html
    assert "x.png" not in html.partition("</header>")[2]


def test_a_picture_in_a_link_in_raw_html_makes_no_second_link() -> None:
    tags = '<img src="https://example.org/badge.svg" alt="CI"/><img src="../assets/x.pdf"/>'
    page = rendered({"pages/a.md": f'- <a href="https://example.org/">{tags}</a>'}, assets=frozenset({"assets/x.pdf"}))
    html = page["pages/a.md"].html
    inside = html.partition('<a href="https://example.org/"')[2].partition("</a>")[0]
    assert '<span class="kb-name" title="https://example.org/badge.svg">CI</span>' in inside
    assert '<span class="kb-name" title="assets/x.pdf">x.pdf</span>' in inside
    assert "<a" not in inside


def test_a_picture_in_raw_html_whose_file_is_missing_says_so() -> None:
    html = body('- <p><img src="../assets/gone.png" alt="схема"/></p>')
    assert '<span class="kb-wanted" title="Файла нет: ../assets/gone.png">схема</span>' in html


@IN_HTML
@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (
            '<iframe width="560" src="https://example.org/embed/x" allowfullscreen></iframe>',
            '<a class="kb-external kb-bare" href="https://example.org/embed/x" rel="noopener noreferrer">',
        ),
        (
            '<video src="../assets/a.mp4" controls></video>',
            '<video src="../media/a.mp4" controls="" preload="metadata">',
        ),
        (
            '<video><source src="../assets/a.mp4"/></video>',
            '<video src="../media/a.mp4" controls="" preload="metadata">',
        ),
        ('<audio src="../assets/gone.ogg"></audio>', 'title="Файла нет: ../assets/gone.ogg"'),
        ('<embed src="../assets/x.pdf"/>', '<details class="kb-log kb-pdf">'),
    ],
)
def test_films_and_frames_in_raw_html_are_shown_or_linked(text: str, tag: str, expected: str) -> None:
    page = rendered({"pages/a.md": text.format(tag)}, assets=frozenset({"assets/a.mp4", "assets/x.pdf"}))
    assert page["pages/a.md"].html.count(expected) == 1


@pytest.mark.parametrize("tag", ['<iframe src="javascript:f()"></iframe>', '<iframe srcdoc="<b>x</b>"></iframe>'])
def test_a_frame_of_nowhere_leads_nowhere(tag: str) -> None:
    html = body(f"- {tag}")
    assert [one for one in ("<iframe", "<a class=", "<b>") if one in html.partition("</a>")[2]] == []


def test_links_beside_pictures_in_raw_html_lead_nowhere_within_the_site() -> None:
    html = body('- <p><img src="../assets/x.png"/><a href="../b/">b</a><a href="//x.org">c</a><q cite="y">d</q></p>')
    assert [one for one in ('href="..', 'href="//', "cite=") if one in html.partition("</header>")[2]] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("|:--|:-:|--:|", [None, "kb-center", "kb-right", None]),
        ("  |  --: | :---: | - |  ", ["kb-right", "kb-center", None, None]),
        ("|--:|", ["kb-right", None, None, None]),
        ("|---+---|", [None, None, None, None]),
        ("|:|", ["kb-center", None, None, None]),
    ],
)
def test_columns_of_a_table_stand_as_their_separators_say(line: str, expected: list[str | None]) -> None:
    html = body(f"- | a | b |\n  {line}\n  | 1 | 2 | 3 | 4 |\n  | 5 |\n  |---:|\n  | :-: | 7 |")
    classes = [f' class="{one}"' if one else "" for one in expected]
    assert "".join(f"<td{one}>{number}</td>" for number, one in enumerate(classes, 1)) in html
    assert f"<th{classes[0]}>a</th><th{classes[1]}>b</th>" in html
    assert f"<td{classes[0]}>:-:</td><td{classes[1]}>7</td>" in html


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('<div align="center"><b>x</b></div>', '<div class="kb-center"><b>x</b></div>'),
        ("<P dir=ltr align='Right'>x</P>", '<p dir="ltr" class="kb-right">x</p>'),
        ("<table><tr><td colspan=2 align=center>x</td></tr></table>", '<td colspan="2" class="kb-center">x</td>'),
        ('<p align="left">x</p>', "<p>x</p>"),
        ('<p align="x onclick=f()">x</p>', "<p>x</p>"),
        ("<abbr title='<p align=&quot;center&quot;>'>x</abbr>", 'title="&lt;p align=&quot;center&quot;&gt;">x</abbr>'),
    ],
)
def test_raw_html_stands_where_it_says(source: str, expected: str) -> None:
    assert expected in body(f"- {source}")
    assert ' align="' not in body(f"- {source}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("**[[b]]**", '<strong><a class="kb-link" href="../b/">b</a></strong>'),
        ("[[b]] и *вот [[b]]*", '<em>вот <a class="kb-link" href="../b/">b</a></em>'),
        ("==[слово]([[b]])==", '<mark><a class="kb-link" href="../b/">слово</a></mark>'),
        ("**[[нет]]**", '<strong><a class="kb-link kb-wanted"'),
    ],
)
@pytest.mark.parametrize("text", ["- x\n  ключ:: {}", "ключ:: {}\n\n- x"])
def test_links_in_marked_words_of_a_value_lead_to_their_pages(text: str, value: str, expected: str) -> None:
    source = {"pages/a.md": text.format(value), "pages/b.md": "- мысль", "pages/c.md": "- [[нет]]"}
    assert expected in rendered(source)["pages/a.md"].html


def test_a_local_picture_has_its_size() -> None:
    pages = rendered(
        {"pages/a.md": "- ![рис](../assets/x y.png){:height 20, :width 30}"}, assets=frozenset({"assets/x y.png"})
    )
    assert 'src="../media/x%20y.png" alt="рис" width="30" height="20" loading="lazy"' in pages["pages/a.md"].html


def test_a_block_reference_shows_the_first_line() -> None:
    html = body(f"- см. (({UUID}))", b=f"- мысль **важная** [[a]]\n  вторая строка\n  id:: {UUID}")
    assert f'<a class="kb-ref" href="../b/#{UUID}">мысль <strong>важная</strong>' in html
    assert "вторая строка" not in html


def test_a_block_reference_in_a_quotation_says_what_it_refers_to_in_few_words() -> None:
    thought = f"- мысль **важная** {'и длинная ' * 20}\n  id:: {UUID}"
    html = body("- {{query [[c]]}}", b=thought, c=f"- [[c]] и (({UUID}))")
    (said,) = re.findall(r'<a class="kb-ref" href="[^"]*">(.*?)</a>', html)
    assert said.startswith("мысль важная и длинная")
    assert len(said) <= 120


def test_a_link_holds_no_link() -> None:
    html = body(f"- (({UUID})) [подпись [[b]]](https://example.org)", b=f"- [[a]] и https://example.org\n  id:: {UUID}")
    depth = deepest = 0
    for piece in html.split("<")[1:]:
        depth += piece.startswith("a ") - piece.startswith("/a>")
        deepest = max(deepest, depth)
    assert deepest == 1


def test_an_embed_shows_the_page_and_the_way_to_it() -> None:
    html = body("- {{embed [[b]]}}", b="- один\n\t- два")
    assert '<a class="kb-embed__source" href="../b/">b</a>' in html
    assert "<p>два</p>" in html


def test_an_embedded_block_comes_with_its_children_alone() -> None:
    html = body(f"- {{{{embed (({UUID}))}}}}", b=f"- до\n- сам\n  id:: {UUID}\n\t- дитя\n- после")
    assert [word in html for word in ("сам", "дитя", "<p>до", "после")] == [True, True, False, False]


def test_embeds_in_a_circle_end() -> None:
    html = body("- {{embed [[b]]}}", b="- раз\n- {{embed [[a]]}}")
    assert html.count("<p>раз</p>") == 1
    assert "kb-embed--closed" in html


def test_nested_embeds_have_a_budget() -> None:
    words = {f"n{i}": "- слово\n" + f"- {{{{embed [[n{i + 1}]]}}}}\n" * 30 for i in range(5)}
    assert len(body("- {{embed [[n0]]}}", **words, n5="- x " + "y" * 20_000)) < 2_000_000


def test_a_formula_is_mathml() -> None:
    html = body("- строка $x^2$ и\n- $$\\frac{a}{b}$$")
    assert "<math><msup>" in html
    assert '<math display="block"><mfrac>' in html


def test_a_bad_formula_shows_its_source_and_why() -> None:
    html = body("- $\\frac{<b$")
    assert '<code class="kb-math-error" title="Ошибка в формуле: ' in html
    assert "\\frac{&lt;b</code>" in html


def test_formulas_have_no_style_attributes() -> None:
    html = body("- $$\\begin{aligned}a&=b\\\\\\color{red}c&=d\\end{aligned}$$")
    assert " style=" not in html
    assert ('class="kb-mr kb-pr0"' in html, 'mathcolor="#FF0000"' in html) == (True, True)


def test_a_table_keeps_links_and_ragged_rows() -> None:
    html = body("- | a | b |\n  |---|---|\n  | [[b]] | 2 |\n  | 3 |", b="- x")
    assert "<th>a</th><th>b</th>" in html
    assert '<td><a class="kb-link" href="../b/">b</a></td><td>2</td>' in html
    assert "<tr><td>3</td></tr>" in html


def test_an_admonition_is_the_themes() -> None:
    html = body("- #+BEGIN_TIP\n  слово\n  #+END_TIP")
    assert '<div class="admonition tip"><p class="admonition-title">Совет</p><p>слово</p></div>' in html


def test_a_footnote_leads_to_its_text() -> None:
    html = body("- слово[^1]\n- [^1]: пояснение")
    assert '<a href="#fn-1">1</a>' in html
    assert 'id="fn-1"' in html


@pytest.mark.parametrize(("language", "coloured"), [("rust", True), ("brainfuck", False)])
def test_only_listed_languages_are_coloured(language: str, coloured: bool) -> None:
    html = body(f"- ```{language}\n  fn main() {{}}\n  ```")
    assert ("<span class=" in html.partition("<code>")[2]) is coloured
    assert "main" in html


PIECES = st.sampled_from(
    [
        "**",
        "*",
        "_",
        "`",
        "[[",
        "]]",
        "((",
        "))",
        "{{embed [[a]]}}",
        "$",
        "$$",
        "<b>",
        "</b>",
        "<p>",
        "# ",
        "- ",
        "\n- ",
        "\n\t- ",
        "\n  ",
        "\n",
        "| a | b |",
        "> ",
        "* ",
        "1. ",
        "[ ] ",
        "x:: y",
        "#tag",
        "![",
        "](",
        ")",
        "```",
        "~~",
        "==",
        "слово",
        " ",
        "\\",
        "&amp;",
        "{{",
        "}}",
        "[^1]",
        "[^1]: x",
        "TODO ",
        "#+BEGIN_NOTE\n",
        "#+END_NOTE\n",
        "\U000f0000",
        "\x00",
        "\r\n",
    ]
)


def test_second_footnote_of_a_name_has_no_place_of_its_own() -> None:
    html = Html(rendered({"pages/a.md": "- a [^1]\n\n[^1]: first\n\n- b\n\n[^1]: second\n"})["pages/a.md"].html)
    assert html.ids.count("fn-1") == 1


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_gives_well_nested_html_with_unique_ids(text: str) -> None:
    html = Html(rendered({"pages/a.md": "- " + text})["pages/a.md"].html)
    assert html.faults == []
    assert len(html.ids) == len(set(html.ids))
