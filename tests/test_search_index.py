"""The site's search: every form of a word finds its page, the best first, and an edit changes few files."""

from __future__ import annotations

import json
import random
import re

import pytest

from kbtool.search_index import page_words
from kbtool.search_merge import SearchIndex, search_files
from kbtool.search_words import Words
from kbtool.stems import Stems
from kbtool.values import File, Page, SearchEntry, Slug
from tests.searching import Answer, ask, files, page

SPUSK = page(
    "спуск",
    "Градиентный спуск",
    ("", "alias", "SGD"),
    ("шаг", "heading", "Скорость обучения"),
    ("b-1", "text", "Вектор градиента указывает, куда растёт функция; шаги против него её уменьшают."),
    ("b-2", "code", "optimizer.zero_grad(set_to_none=True)"),
)
ATTENTION = page(
    "внимание",
    "Внимание",
    ("b-3", "text", "Transformers read all tokens at once. Словам достаётся то, чему уделили внимание."),
    ("b-4", "code", "def scaled_dot_product(query, key): return MultiHeadAttention(query, key)"),
)
OTHER = page("о/другом", "О другом", ("b-5", "text", "Шаг за шагом; градиент здесь назван мимоходом."))
PAGES = (SPUSK, ATTENTION, OTHER)
FORMS = {
    "градиента градиентом градиенту градиентов Градиент ГРАДИЕНТАМИ": {"спуск/", "о/другом/"},
    "вниманию вниманием внимания": {"внимание/"},
    "transformer transformers transformed": {"внимание/"},
    "обучением обучению скоростью скоростей": {"спуск/"},
    "растет растёт растут": {"спуск/"},
    "reading token sgd": {"внимание/", "спуск/"},
    "шагов шагами": {"спуск/", "о/другом/"},
}
VOCABULARY = [f"{a}{b}{c}" for a in ("мо", "ре", "ка", "лу") for b in ("дел", "тум", "вис") for c in ("ун", "ос", "ам")]
VOCABULARY += [f"{a}{b}" for a in ("mod", "ten", "vec", "lay") for b in ("orak", "imus", "upon", "ebri")]


@pytest.fixture(scope="module")
def made() -> tuple[File, ...]:
    return files(PAGES)


def first(node: str, made: tuple[File, ...], query: str) -> Answer:
    return ask(node, made, query)[0]


def base(size: int) -> list[Page]:
    """Pages of several thousand words."""
    chance = random.Random(7)
    ones = [f"{word}{chance.choice('абвгд') if word[0] > 'z' else chance.choice('stuvw')}" for word in VOCABULARY]
    rare = [f"редкое{chance.choice('бвгд')}{i}" for i in range(4000)]
    return [
        page(
            f"страница-{number}",
            f"Страница {number}",
            *((f"b-{i}", "text", " ".join(chance.choices(ones, k=20) + chance.choices(rare, k=40))) for i in range(5)),
        )
        for number in range(size)
    ]


# ---------------------------------------------------------------- what is found


@pytest.mark.parametrize(("forms", "expected"), FORMS.items())
def test_every_form_finds_its_pages(node: str, made: tuple[File, ...], forms: str, expected: set[str]) -> None:
    answers = ask(node, made, *forms.split())
    assert [word for word, one in zip(forms.split(), answers, strict=True) if not set(one.pages) & expected] == []
    assert {found for one in answers for found in one.pages} == expected


def test_another_word_finds_nothing(node: str, made: tuple[File, ...]) -> None:
    assert first(node, made, "интеграл").pages == []


def test_the_beginning_of_the_last_word_is_enough(node: str, made: tuple[File, ...]) -> None:
    begun, done, quoted = ask(node, made, "градие", "градие ", '"градие"')
    assert (set(begun.pages), done.pages, quoted.pages) == ({"спуск/", "о/другом/"}, [], [])
    assert begun.suggest == ["градиент"]


def test_accents_and_case_do_not_matter(node: str) -> None:
    made = files([page("a", "Naïve Größe", ("b", "text", "ёлка за́мок"))])
    assert [one.pages for one in ask(node, made, "naive grosse", "ЕЛКА", "замок", "NAÏVE")] == [["a/"]] * 4


def test_parts_of_identifiers_are_found(node: str, made: tuple[File, ...]) -> None:
    answers = ask(node, made, "scaled_dot_product", "multihead", "attention", "dot product", "zero_grad")
    assert [one.pages for one in answers] == [["внимание/"]] * 4 + [["спуск/"]]


def test_a_formula_is_found_by_the_names_of_its_letters(node: str) -> None:
    made = files([page("a", "А", ("b", "text", "шаг α_i · Lβ")), page("c", "Б", ("b", "text", "шаг p"))])
    answers = ask(node, made, "alpha", "\\alpha", "α", "beta", "β")
    assert [one.pages for one in answers] == [["a/"]] * 5
    assert ask(node, made, "gamma")[0].pages == []


def test_chinese_is_found_without_spaces(node: str) -> None:
    made = files([page("a", "深度学习入门"), page("b", "学习深度")])
    both, begun = ask(node, made, "深度学习", "入")
    assert (both.pages[0], begun.pages) == ("a/", ["a/"])


def test_a_letter_may_be_wrong_where_nothing_else_is_found(node: str, made: tuple[File, ...]) -> None:
    typed = ("градеинт", "грдиент", "граддиент", "градиемт", "рградиент", "вниманье", "transfromers")
    answers = ask(node, made, *typed)
    assert [word for word, one in zip(typed, answers, strict=True) if not one.pages] == []


def test_two_wrong_letters_find_nothing(node: str, made: tuple[File, ...]) -> None:
    assert first(node, made, "грыдиэнт").pages == []


def test_words_behind_a_minus_are_not_there(node: str, made: tuple[File, ...]) -> None:
    assert first(node, made, "градиент -мимоходом").pages == ["спуск/"]


def test_a_phrase_is_found_as_it_stands(node: str, made: tuple[File, ...]) -> None:
    right, other, apart = ask(node, made, '"вектор градиента указывает"', '"градиента вектор"', "градиента вектор")
    assert (right.pages, other.pages, apart.pages[0]) == (["спуск/"], [], "спуск/")


def test_common_words_are_no_condition(node: str, made: tuple[File, ...]) -> None:
    assert first(node, made, "что за внимание и").pages == ["внимание/"]


# ---------------------------------------------------------------- in which order


def test_title_comes_before_heading_before_text_before_code(node: str) -> None:
    kinds = ("code", "text", "heading", "alias")
    pages = [page(f"p-{kind}", "Страница", ("b", kind, "тензор и ещё слова")) for kind in kinds]
    found = first(node, files([*pages, page("p-title", "Тензор")]), "тензора").pages
    assert found == ["p-title/", "p-alias/", "p-heading/", "p-text/", "p-code/"]


def test_the_form_that_was_typed_comes_first(node: str) -> None:
    made = files([page("a", "А", ("b", "text", "operating words")), page("b", "Б", ("b", "text", "operations words"))])
    one, other = ask(node, made, "operating", "operations")
    assert (one.pages, other.pages) == (["a/", "b/"], ["b/", "a/"])


def test_a_form_comes_before_a_word_of_the_same_root(node: str) -> None:
    texts = ("authority", "authors", "experience", "experiments")
    made = files([page(text, text, ("b", "text", f"{text} words")) for text in texts])
    author, experiment = ask(node, made, "author ", "experiment ")
    assert (author.pages, experiment.pages) == (["authors/", "authority/"], ["experiments/", "experience/"])


@pytest.mark.parametrize(("query", "first"), [("C++", "b"), ("c#", "d"), (".net", "f"), ("C", "a"), ("net", "e")])
def test_names_with_signs_are_others_than_without(node: str, query: str, first: str) -> None:
    titles = {"a": "C", "b": "C++", "c": "Cats and CUDA", "d": "Sharp", "e": "net", "f": ".NET"}
    texts = {"d": "Written in C#, not C."}
    pages = [page(slug, title, ("x", "text", texts.get(slug, "cat"))) for slug, title in titles.items()]
    found = ask(node, files(pages), query)[0].pages
    assert found[0] == f"{first}/"
    if query not in ("C", "net"):
        assert len(found) == 1


def test_a_name_with_signs_that_is_nowhere_is_looked_for_without(node: str) -> None:
    assert ask(node, files([page("a", "Go", ("x", "text", "go"))]), "go++")[0].pages == ["a/"]
    assert ask(node, files([page("a", "Go", ("x", "text", "go"))]), '"go++"')[0].pages == []


def test_pages_with_all_words_come_before_those_with_some(node: str) -> None:
    all_words = page("all", "А", ("b", "text", "матрица весов"))
    some = page("some", "Матрица", ("b", "text", "матрица матриц"))
    found = first(node, files([all_words, some]), "матрица весов")
    assert found.pages == ["all/", "some/"]
    assert found.items[1][0]["terms"]["весов"] is False


def test_the_page_that_is_called_so_comes_first(node: str) -> None:
    pages = [page(f"p{i}", f"Сеть и {word}", ("b", "text", "сеть сети")) for i, word in enumerate(VOCABULARY)]
    assert first(node, files([*pages, page("сеть", "Сеть")]), "сети").pages[0] == "сеть/"


# ---------------------------------------------------------------- how many


def many(number: int, text: str = "слово и дело") -> list[Page]:
    return [page(f"p{at}", f"Страница {at}", ("b", "text", text)) for at in range(number)]


def test_the_number_of_pages_is_told_and_all_come_in_stretches(node: str) -> None:
    found = ask(node, files(many(137)), "слову", all_of_it=True)[0]
    assert (found.total, found.is_open) == (137, False)
    assert [len(stretch) for stretch in found.stretches] == [10] * 13 + [7]
    places = [item[0]["location"] for stretch in found.stretches for item in stretch]
    assert len(set(places)) == 137
    scores = [item[0]["score"] for stretch in found.stretches for item in stretch]
    assert scores == sorted(scores, reverse=True)


def test_the_first_stretch_fetches_as_much_however_many_pages_there_are(node: str) -> None:
    fetched = [len(ask(node, files(many(number, "слово " * 700)), "слово")[0].files) for number in (60, 240)]
    assert max(fetched) <= 12
    assert len([one for one in files(many(240, "слово " * 700)) if "/texts/" in one.path]) > 20


def test_where_many_pages_have_all_words_those_with_some_do_not_answer(node: str) -> None:
    some = page("some", "А", ("b", "text", "слово"))
    few, enough = (ask(node, files([*many(number), some]), "слово дело")[0] for number in (9, 10))
    assert (few.total, enough.total) == (10, 10)
    assert few.pages[-1] == "some/"
    assert "some/" not in enough.pages


def test_a_phrase_has_its_number_when_all_pages_are_read(node: str) -> None:
    pages = [*many(80, "дело и слово"), *[page(f"q{at}", "А", ("b", "text", "слово и дело")) for at in range(12)]]
    found = ask(node, files(pages), '"слово и дело"', all_of_it=True)[0]
    assert found.is_open
    assert sum(map(len, found.stretches)) == 12
    assert not ask(node, files(pages[60:]), '"слово и дело"')[0].is_open


# ---------------------------------------------------------------- what is shown


def test_results_are_blocks_below_their_page(node: str, made: tuple[File, ...]) -> None:
    found = first(node, made, "градиенты")
    assert found.blocks == ["спуск/#b-1", "о/другом/#b-5"]
    assert "<mark>градиента</mark>" in found.html
    assert "<mark>Градиентный</mark>" not in found.html


def test_nothing_of_a_note_is_taken_for_html(node: str) -> None:
    bad = "<img src=x onerror=alert(1)> & \"'слово"
    found = first(node, files([page("a", bad, ("b", "heading", bad), ("c", "text", bad), ("d", "code", bad))]), "слово")
    assert re.findall(r"<[^>]*>", re.sub(r"</?(?:mark|p|code)>", "", found.html)) == []
    assert found.html.count("&lt;img") >= 4


def test_a_long_text_is_cut_around_what_was_found(node: str) -> None:
    text = " ".join(f"слово{i}" for i in range(500)) + " находка " + " ".join(f"конец{i}" for i in range(500))
    shown = first(node, files([page("a", "А", ("b", "text", text))]), "находки").items[0][0]["text"]
    assert "<mark>находка</mark>" in shown
    assert len(shown) < 300
    assert shown.startswith("<p>…слово")


# ---------------------------------------------------------------- files


def test_files_from_disk_are_scripts_with_the_same_content() -> None:
    there = {one.path: one.text for one in files(PAGES)}
    disk = {one.path: one.text for one in files(PAGES, directory_urls=False)}
    assert {f"{path[:-2]}json" for path in disk} == set(there)
    for path, text in disk.items():
        name, content = path.removeprefix("search/").removesuffix(".js"), there[f"{path[:-2]}json"]
        assert text == f'kbSearchFile("{name}",{content})'


def test_without_folders_pages_are_files(node: str) -> None:
    answer = ask(node, files(PAGES, directory_urls=False), "внимание", directory_urls=False)[0]
    assert answer.pages == ["внимание.html"]


def test_the_index_does_not_depend_on_the_order_of_pages() -> None:
    pages = base(60)
    mixed = random.Random(3).sample(pages, len(pages))
    assert files(pages) == files(mixed)
    assert files(pages) != files(pages[1:])


def test_an_edit_changes_few_files() -> None:
    pages = base(400)
    before = {one.path: one.text for one in files(pages)}
    entries = (*pages[7].search[1:], pages[7].search[0]._replace(text="совсем новое слово"))
    after = {one.path: one.text for one in files([*pages[:7], pages[7]._replace(search=entries), *pages[8:]])}
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    # One of texts, those of the words that are new or gone, and the directory where a file begins elsewhere.
    words = {path for path in changed if "/words/" in path}
    assert len([path for path in changed if "/texts/" in path]) == 1
    assert 0 < len(words) < len([path for path in before if "/words/" in path])


def test_a_page_more_changes_no_number() -> None:
    pages = base(300)
    numbers = {name for one in files(pages) if "/texts/" in one.path for name in json.loads(one.text)}
    more = {name for one in files([*pages, SPUSK]) if "/texts/" in one.path for name in json.loads(one.text)}
    assert len(more - numbers) == 1
    assert numbers < more


def test_a_query_fetches_few_files(node: str) -> None:
    made = files(base(800))
    sizes = {one.path: len(one.text.encode()) for one in made}
    answer = ask(node, made, VOCABULARY[0])[0]
    assert answer.pages
    assert sum(sizes[path] for path in answer.files) < 400_000 < sum(sizes.values())


@pytest.mark.parametrize("seed", range(8))
def test_an_index_made_after_an_edit_is_that_of_a_clean_build(seed: int) -> None:
    chance = random.Random(seed)
    pages = {one.slug: one for one in (*base(40), *PAGES)}
    index, known = SearchIndex(Stems()), Words()
    for _ in range(12):
        kept = [page_words(one, known) for one in pages.values()]
        assert index.files(kept, True) == search_files(kept, Stems(), True)
        for slug in chance.sample(sorted(pages), 3):
            match chance.choice(("gone", "title", "text", "long", "new")):
                case "gone":
                    del pages[slug]
                case "title":
                    pages[slug] = pages[slug]._replace(title=f"Имя {chance.random()}")
                case "text":
                    entry = SearchEntry("b", "text", " ".join(chance.choices(VOCABULARY, k=9)))
                    pages[slug] = pages[slug]._replace(search=(*pages[slug].search[1:], entry))
                case "long":
                    pages[slug] = pages[slug]._replace(search=pages[slug].search * 9)
                case _:
                    pages[Slug(f"{slug}-x")] = pages[slug]._replace(slug=Slug(f"{slug}-x"))


def test_an_index_of_no_pages_is_empty(node: str) -> None:
    index = SearchIndex(Stems())
    empty = index.files((), True)
    assert index.files([page_words(one, Words()) for one in PAGES], True) == files(PAGES)
    assert index.files((), True) == empty
    assert ask(node, empty, "слово")[0].items == []
