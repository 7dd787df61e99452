"""A page as a whole: outline, anchors, header, cells, backlinks, addresses."""

from __future__ import annotations

import pytest

from kbtool.outcomes import Output
from kbtool.render.context import Look
from kbtool.render.streams import plain_text
from kbtool.values import NoteId, Page
from tests.rendering import Html, body, outcome, rendered

UUID = "67a71ecf-a4e1-4d76-9d45-82f185cfb56b"
CELL = "- Опыт:\n  ```python name=p\n  print(1)\n  ```"
PLOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"><path d="M0 0" style="stroke: #000000"/></svg>'
)


def page(text: str, **others: str) -> Page:
    return rendered({"pages/a.md": text, **{f"pages/{name}.md": other for name, other in others.items()}})["pages/a.md"]


def ids(text: str) -> list[str]:
    return [found for found in Html(body(text)).ids if found != "a"]


# ---------------------------------------------------------------- outline


def test_blocks_nest_as_lists() -> None:
    html = body("- раз\n\t- два\n- три")
    assert "<p>раз</p><ul" in html
    assert html.count('<ul class="kb-outline">') == 2


def test_an_anchor_depends_on_the_block_alone() -> None:
    (alone,) = ids("- мысль")
    assert ids("- другое\n- мысль\n\t- дитя")[1] == alone
    # Control: another text has another anchor.
    assert ids("- мысли") != [alone]


def test_equal_blocks_have_different_anchors() -> None:
    found = ids("- да\n- да\n- да\n-\n-")
    assert len(set(found)) == len(found) == 5


def test_a_block_with_an_id_has_it_as_anchor() -> None:
    assert ids(f"- x\n  id:: {UUID}") == [UUID]


def test_a_link_to_a_pages_properties_leads_to_its_title() -> None:
    pages = rendered({"pages/a.md": "- {{query (page b)}}", "pages/b.md": f"x:: 1\nid:: {UUID}\n\n- b"})
    ways = [href for href in Html(pages["pages/a.md"].html).links() if "b/#" in href]
    found = Html(pages["pages/b.md"].html).ids
    assert len(ways) == 2
    assert all(way.partition("#")[2] in found for way in ways)


def test_a_first_block_with_text_has_its_own_anchor() -> None:
    assert ids(f"x:: 1\nid:: {UUID}\nслова\n\n- b")[0] == UUID


def test_headings_read_well_and_make_the_contents() -> None:
    made = page("- ## Что показал опыт?\n\t- ### Первый\n- ## Что показал опыт?")
    assert [(h.title, h.anchor, h.level) for h in made.toc] == [
        ("a", "a", 1),
        ("Что показал опыт?", "что-показал-опыт", 2),
        ("Первый", "первый", 3),
        ("Что показал опыт?", "что-показал-опыт-2", 2),
    ]
    assert [h.anchor for h in made.toc if f'id="{h.anchor}"' not in made.html] == []


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("- # X\n- ## B\n- # C", [2, 3, 2]),
        ("- ### X\n- # B", [2, 2]),
        ("- x\n\t- # X\n- ## B", [2, 2]),
        ("- # X\n\t- # B\n\t\t- # C", [2, 3, 4]),
        ("# X\n\n### B", [2, 3]),
    ],
)
def test_no_heading_level_is_skipped(text: str, levels: list[int]) -> None:
    assert [h.level for h in page(text).toc[1:]] == levels


def test_a_heading_that_repeats_the_title_is_shown_once() -> None:
    made = page("### A\n\t- x")
    assert 'class="kb-echo"' in made.html
    assert [h.title for h in made.toc] == ["a"]
    assert "kb-echo" not in page("### B").html


def test_a_collapsed_block_unfolds_without_a_script() -> None:
    html = body("- раз\n  collapsed:: true\n\t- два")
    assert '<details class="kb-folded"><summary>раз</summary><ul' in html
    assert "<details" not in body("- раз\n\t- два")


def test_a_collapsed_block_of_properties_is_called_by_the_first() -> None:
    html = body("- collapsed:: true\n  вкус:: кислый\n\t- внутри")
    assert "<summary>вкус: кислый</summary>" in html


def test_a_page_without_a_name_can_be_clicked() -> None:
    pages = rendered({"pages/a.md": "title::\n\n- x"})
    assert ">—</a>" in pages["all"].html


def test_a_bullet_is_spared_where_a_box_stands_alone() -> None:
    assert 'class="kb-p kb-alone"' in body("- {{embed [[b]]}}", b="- x")
    assert 'class="kb-p kb-alone"' not in body("- слова {{embed [[b]]}}", b="- x")


def test_very_deep_outlines_keep_every_block() -> None:
    text = "\n".join("\t" * i + f"- слово{i}." for i in range(300))
    html = Html(body(text))
    assert [i for i in range(300) if f"слово{i}." not in html.text] == []
    assert html.faults == []


def test_an_empty_bullet_is_kept() -> None:
    assert len(Html(body("- x\n-\n- y")).of_class("kb-block--empty")) == 1


def test_markers_and_priorities_are_badges() -> None:
    html = body("- TODO [#A] дело\n- DONE сделано")
    assert '<span class="kb-marker kb-marker--todo">TODO</span> <span class="kb-priority">A</span> дело' in html
    assert html.count("kb-block--done") == 1


def test_logbooks_are_hidden() -> None:
    assert "CLOCK" not in body("- DONE x\n  :LOGBOOK:\n  CLOCK: [2026-11-01 Sun 10:00]\n  :END:")


# ---------------------------------------------------------------- header


def test_properties_of_the_page_stand_in_its_header() -> None:
    html = page("alias:: альфа\ntags:: [[b]]\ntype:: concept\nstatus:: готово\nавтор:: Кто-то\n\n- x", b="- y").html
    head = html.partition("</header>")[0]
    assert [
        word in head for word in ("также альфа", '<a class="kb-link" href="../b/">b</a>', "concept", "готово", "Кто-то")
    ]
    assert html.partition("</header>")[2].count("готово") == 0


def test_code_in_a_value_is_code() -> None:
    html = body('- x\n  k:: пишут `[[нет]]` и [[b]]\n  quoted:: "`a`"', b="- y")
    assert '<dd>пишут <code>[[нет]]</code> и <a class="kb-link" href="../b/">b</a></dd>' in html
    assert "<dd>&quot;`a`&quot;</dd>" in html or '<dd>"`a`"</dd>' in html


def test_marks_in_a_value_are_shown() -> None:
    html = body("- x\n  k:: **раз** ~~два~~ $x$ snake_case_name <2024-01-01 Mon> *в [[b]]*", b="- y")
    assert "<dd><strong>раз</strong> <del>два</del> <math><mi>x</mi></math> snake_case_name <span" in html
    assert ' <em>в <a class="kb-link" href="../b/">b</a></em></dd>' in html  # Logseq's graph has no reference there


def test_properties_for_the_tool_are_hidden() -> None:
    html = body(f"- x\n  id:: {UUID}\n  created-at:: 1700000000\n  важность:: высокая")
    assert ("created-at" in html, "<dt>важность</dt><dd>высокая</dd>" in html) == (False, True)


def test_namespaces_lead_up() -> None:
    pages = rendered({"pages/а___б___в.md": "- x", "pages/а.md": "- y"})
    made = pages["pages/а___б___в.md"]
    assert '<nav class="kb-crumbs"><a class="kb-link" href="../../../а/">а</a>' in made.html.replace("%D0%B0", "а")
    assert ">в</h1>" in made.html
    assert made.title == "а/б/в"


# ---------------------------------------------------------------- cells


def test_outputs_stand_under_their_code() -> None:
    outputs = (Output("stdout", "од"), Output("stdout", "ин\n"), Output("stderr", "беда"), Output("value", "<42>"))
    html = rendered({"pages/a.md": CELL}, outcomes=outcome(("ok", outputs)))["pages/a.md"].html
    cell = html.partition('<div class="kb-cell kb-cell--ok">')[2]
    shown = ("один</pre>", "kb-output--stderr", "&lt;42&gt;</pre>")
    assert [cell.find(part) for part in shown] == sorted(cell.find(part) for part in shown)
    assert [part for part in shown if part not in cell] == []


def test_the_session_says_where_and_when() -> None:
    html = rendered({"pages/a.md": CELL}, outcomes=outcome(("ok", ())))["pages/a.md"].html
    assert 'Код выполнен <time datetime="2026-11-23T09:41:00+00:00">23.11.2026 09:41 UTC</time>' in html
    assert "Python 3.11.2 · cpu · 1,2 с" in html


def test_a_cell_that_never_ran_says_so() -> None:
    html = body(CELL)
    assert ("не выполнялось" in html, "ещё не выполнялся" in html) == (True, True)
    assert "выполня" not in body("- ```rust\n  x\n  ```")


def test_quoted_code_does_not_say_that_it_never_ran() -> None:
    quoting = page("- x", b=CELL.replace("Опыт", "Опыт с [[a]]")).html
    assert "Опыт" in quoting
    assert "kb-cell" in quoting
    assert "не выполнялось" not in quoting


@pytest.mark.parametrize(("word", "expected"), [("norun", "только для чтения"), ("", "не выполнялось")])
def test_a_cell_for_reading_is_marked(word: str, expected: str) -> None:
    assert expected in body(f"- ```python {word}\n  x\n  ```")


def test_hidden_code_shows_its_outputs_alone() -> None:
    text = CELL.replace("name=p", "hide")
    html = rendered({"pages/a.md": text}, outcomes=outcome(("ok", (Output("stdout", "вывод"),))))["pages/a.md"].html
    assert ("вывод" in html, "print" in html) == (True, False)


@pytest.mark.parametrize(("state", "label"), [("ok", "ожидаемая ошибка"), ("failed", "ошибка")])
def test_an_error_is_a_folded_traceback(state: str, label: str) -> None:
    error = (Output("error", "Traceback:\n  x\nValueError: <беда>"),)
    made = outcome((state, error), failed=state == "failed")
    html = rendered({"pages/a.md": CELL}, outcomes=made)["pages/a.md"].html
    assert (
        f'<summary><span class="kb-error__kind">{label}</span> <code>ValueError: &lt;беда&gt;</code></summary>' in html
    )


def test_a_figure_is_a_file_for_each_theme() -> None:
    made = rendered({"pages/a.md": CELL}, outcomes=outcome(("ok", (Output("figure", PLOT),))))["pages/a.md"]
    light, dark = made.files
    assert [f'src="../{light.path}#only-light"' in made.html, f'src="../{dark.path}#only-dark"' in made.html] == [
        True,
        True,
    ]
    assert 'alt="График 1 (p)" width="96" height="48" loading="lazy"' in made.html
    assert "<svg" not in made.html


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mкрасный\x1b[0m", "красный"),
        ("\x1b]8;;http://x\x07ссылка\x1b]8;;\x07", "ссылка"),
        ("10%\r50%\r100%\nконец", "100%\nконец"),
        ("строка\r\nещё\r\n", "строка\nещё\n"),
        ("шаг\r", "шаг"),
        ("a\x00\x08b\ud800", "ab"),
    ],
)
def test_program_output_is_plain_text(raw: str, shown: str) -> None:
    assert plain_text(raw) == shown


# ---------------------------------------------------------------- backlinks


def test_backlinks_quote_their_blocks_with_their_parents() -> None:
    html = page("- x", b="- раздел\n\t- здесь [[a]] названа\n\t- здесь нет").html.partition("kb-backlinks")[2]
    assert '<p class="kb-quote__crumbs">раздел</p>' in html
    assert 'здесь <a class="kb-link" href="../a/">a</a> названа' in html
    assert "здесь нет" not in html


def test_pages_that_have_this_one_as_a_tag_are_named() -> None:
    html = page("- x", b="tags:: [[a]]\n\n- y").html
    assert "Отмечено этой страницей" in html
    assert "Ссылки сюда" not in html


def test_quoted_code_says_nothing_about_having_run() -> None:
    code = "- [[a]]\n  ```python\n  1 + 1\n  ```"
    quoted = page("- x", b=code).html.partition("kb-backlinks")[2]
    assert "не выполнялось" not in quoted
    assert "не выполнялось" in page(code).html


def test_a_page_without_backlinks_has_no_section() -> None:
    assert "kb-backlinks" not in page("- x", b="- y").html


# ---------------------------------------------------------------- addresses and languages


@pytest.mark.parametrize(
    ("directory_urls", "source", "expected"),
    [
        (True, "pages/Дом.md", 'href="%D1%87%D0%B0%D1%81%D1%82%D1%8C/"'),
        (False, "pages/Дом.md", 'href="%D1%87%D0%B0%D1%81%D1%82%D1%8C.html"'),
        (True, "pages/а___б.md", 'href="../../%D1%87%D0%B0%D1%81%D1%82%D1%8C/"'),
        (False, "pages/а___б.md", 'href="../%D1%87%D0%B0%D1%81%D1%82%D1%8C.html"'),
    ],
)
def test_addresses_are_relative(directory_urls: bool, source: str, expected: str) -> None:
    look = Look(directory_urls=directory_urls, home="pages/Дом.md")
    notes = {"pages/Дом.md": "- [[часть]]", "pages/а___б.md": "- [[часть]]", "pages/часть.md": "- x"}
    assert expected in rendered(notes, look)[source].html


def test_the_way_home_is_never_empty() -> None:
    look = Look(home="pages/a.md")
    pages = rendered({"pages/a.md": "- [[a]]", "pages/b.md": "- [[a]]"}, look)
    assert 'href="./">a</a>' in pages["pages/a.md"].html
    assert 'href="../">a</a>' in pages["pages/b.md"].html


def test_without_a_home_note_the_list_of_pages_is_home() -> None:
    pages = rendered({"pages/a.md": "- x"})
    assert 'href="a/">a</a>' in pages["index"].html
    assert "index" not in rendered({"pages/a.md": "- x"}, Look(home="pages/a.md"))


def test_the_site_speaks_english_too() -> None:
    pages = rendered({"pages/a.md": "- [[b]]", "pages/b.md": "- x"}, Look("en"))
    assert "Linked from" in pages["pages/b.md"].html


def test_a_page_depends_on_no_order_of_files() -> None:
    notes = {f"pages/{name}.md": "- [[a]] [[b]] [[c]]" for name in "abc"}
    back = dict(reversed(notes.items()))
    assert rendered(notes)[NoteId("pages/a.md")] == rendered(back)[NoteId("pages/a.md")]


# ---------------------------------------------------------------- imports in code


EXPORT = "- ```python export\n  x = 1\n  ```\n"
IMPORT = '- ```python\n  import kb\n  kb["B & c"].x\n  from kb.a import x\n  ```\n'


def used_by(text: str) -> str:
    return text.partition("Используется в коде")[2].partition("</section>")[0]


def test_a_page_says_whose_code_uses_its_own() -> None:
    pages = rendered({"pages/b & c.md": EXPORT, "pages/Q.md": IMPORT, "pages/z.md": IMPORT, "pages/a.md": EXPORT})
    assert list(Html(used_by(pages["pages/a.md"].html)).links()) == ["../q/", "../z/"]
    assert used_by(pages["pages/Q.md"].html) == ""
    assert "Ссылки сюда" not in pages["pages/a.md"].html


def test_code_leads_to_the_pages_that_it_imports() -> None:
    pages = rendered({"pages/b & c.md": EXPORT, "pages/Q.md": IMPORT, "pages/a.md": EXPORT})
    html = pages["pages/Q.md"].html
    assert '<a href="../b-c/">B &amp; c</a>' in html
    assert 'kb.<a href="../a/">a</a>' in html
    assert Html(html).faults == []


def test_what_is_not_published_uses_nothing_and_is_not_linked() -> None:
    pages = rendered({"pages/Q.md": "public:: false\n\n" + IMPORT, "pages/a.md": EXPORT, "pages/z.md": IMPORT})
    assert list(Html(used_by(pages["pages/a.md"].html)).links()) == ["../z/"]
    hidden = rendered({"pages/a.md": "public:: false\n\n" + EXPORT, "pages/z.md": IMPORT})
    assert "../a/" not in hidden["pages/z.md"].html


def test_code_that_is_hidden_imports_all_the_same() -> None:
    pages = rendered({"pages/Q.md": IMPORT.replace("python", "python hide"), "pages/a.md": EXPORT})
    assert list(Html(used_by(pages["pages/a.md"].html)).links()) == ["../q/"]
    assert "../a/" not in pages["pages/Q.md"].html.partition("kb-users")[0]


def test_a_known_type_is_said_in_the_language_of_the_site() -> None:
    for word, shown in (("concept", "понятие"), ("своё", "своё")):
        text = page(f"type:: {word}\n\n- x\n").html
        assert f'kb-meta__type">{shown}<' in text


def test_a_mention_below_another_stands_there_once() -> None:
    nested = "- Кросс с [[a]]\n\t- TODO проверить [[a]] [[c]]\n- ещё [[a]]"
    html = page("- x", b=nested, c="- y").html.partition("kb-backlinks")[2]
    assert html.count("проверить") == 1
    assert html.count('class="kb-quote"') == 2
    far = f"- Кросс с [[a]] {'много слов ' * 300}\n\t- TODO проверить [[a]]"
    assert page("- x", b=far).html.partition("kb-backlinks")[2].count("проверить") == 1
