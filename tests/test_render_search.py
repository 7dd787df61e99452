"""What search is given of a note."""

from __future__ import annotations

from kbtool.outcomes import Output
from kbtool.values import NoteId, Page, SearchEntry
from tests.rendering import Html, outcome, rendered

CELL = "- Опыт:\n  ```python\n  print(1)\n  ```"


def page(text: str, **others: str) -> Page:
    return rendered({"pages/a.md": text, **{f"pages/{name}.md": other for name, other in others.items()}})["pages/a.md"]


def found(page: Page) -> list[tuple[str, str]]:
    return [(entry.kind, entry.text) for entry in page.search]


def test_each_kind_of_text_is_found() -> None:
    text = "alias:: имя\n\n- # Раздел\n\t- **Слово** и [[ссылка]]\n\t- ```text\n\t  код\n\t  ```\n- $$x^2$$"
    assert found(page(text)) == [
        ("alias", "имя"),
        ("heading", "Раздел"),
        ("text", "Слово и ссылка"),
        ("code", "код"),
        ("code", "x²"),
    ]


def test_each_text_leads_to_its_block() -> None:
    made = page(
        "author:: Хинтон\n\n- # Раздел\n  id:: 67a71ecf-a4e1-4d76-9d45-82f185cfb56b\n\t- дитя\n\t\t- внук\n- > цитата"
    )
    anchors = [entry.anchor for entry in made.search if entry.anchor]
    assert len(set(anchors)) == len(anchors) == 5
    assert set(anchors) - set(Html(made.html).ids) == set()


def test_properties_that_are_shown_are_found() -> None:
    text = "author:: [[Хинтон]]\ncollapsed:: true\nalias:: б\n\n- блок\n  source:: книга"
    assert [text for _, text in found(page(text)) if ":" in text] == ["author: Хинтон", "source: книга"]


def test_what_code_printed_is_found() -> None:
    printed = outcome(("ok", (Output("stdout", "loss 0.25\n"), Output("figure", "<svg/>"), Output("value", "'слово'"))))
    made = rendered({"pages/a.md": CELL}, outcomes=printed)["pages/a.md"]
    assert found(made)[-2:] == [("code", "loss 0.25"), ("code", "'слово'")]


def test_cells_that_are_gone_show_nothing() -> None:
    printed = outcome(("ok", ()), ("ok", (Output("stdout", "старое"),)))
    made = rendered({NoteId("pages/a.md"): CELL}, outcomes=printed)["pages/a.md"]
    assert "старое" not in str(made.search)
    assert made.search[0] == SearchEntry(made.search[0].anchor, "text", "Опыт:")


def test_nothing_of_a_private_page_is_found() -> None:
    secret = "public:: false\n\n- Тайна\n  id:: 67a71ecf-a4e1-4d76-9d45-82f185cfb56b"
    made = page("- ((67a71ecf-a4e1-4d76-9d45-82f185cfb56b)) {{embed [[b]]}} видно", b=secret)
    assert "Тайна" not in str(made.search)
    assert "видно" in str(made.search)


def test_formulas_are_found_as_they_are_read() -> None:
    text = "- Функция $\\sigma(z) = 1+e^{-z}$ и $x_i$\n- # О $\\alpha$\n- | $\\frac{a}{b}$ |\n  |--|\n  | $\\beta$ |"
    said = [("text", "Функция σ(z) = 1 + e^(−z) и x_i"), ("heading", "О α"), ("text", "a/b · β")]
    assert found(page(text)) == said


def test_a_value_of_code_leaves_a_sign_in_its_sentence() -> None:
    assert found(page("- Всего {{val total}} шагов {{query (todo now)}}")) == [("text", "Всего … шагов")]


def test_a_block_of_another_place_leaves_a_sign_in_its_sentence() -> None:
    ident = "67a71ecf-a4e1-4d76-9d45-82f185cfb56b"
    made = page(f"- Сказано: (({ident})), и верно\n- (({ident}))", b=f"- мысль\n  id:: {ident}")
    assert found(made) == [("text", "Сказано: …, и верно")]


def test_a_heading_s_anchor_stays_what_its_latex_gave() -> None:
    made = page("- # О $\\alpha$\n- # Плюс <b>жирный</b>\n- # Итог {{val x}}")
    assert [entry.anchor for entry in made.search] == ["о-alpha", "плюс", "итог"]
    assert [entry.text for entry in made.search] == ["О α", "Плюс жирный", "Итог …"]


def test_raw_html_is_found_by_what_it_shows() -> None:
    text = "- a <u>b</u> c <script>d</script><!-- e -->\n- <div><b>f</b>&amp;g</div>\n- [:div h]"
    assert [words for _, words in found(page(text))] == ["a b c", "f&g"]
