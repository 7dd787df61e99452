"""Words and stems in the browser are those of the build."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from kbtool.front import ASSETS, search_tables
from kbtool.search_words import Words, fold, stretches
from kbtool.stems import Stems
from tests.conftest import ROOT
from tests.searching import run

ENGLISH = (
    "s es ed ing ly ies ied edly ingly eed eedly sses ss us ization ational iveness fulness ousness biliti tional "
)
ENGLISH += (
    "lessli entli ation alism aliti ousli iviti fulli ogist enci anci abli izer ator alli bli ogi li alize icate "
)
ENGLISH += (
    "iciti ative ical ness ful ement ance ence able ible ment ant ent ism ate iti ous ive ize ion al er ic e l ll y"
)
RUSSIAN = (
    "в ив ыв вши ивши ывши вшись ившись ывшись ее ие ое ые ими ыми ей ий ой ый ем им ом ым его ого ему ому их ых ею "
)
RUSSIAN += (
    "ою ую юю ая яя нн вш ивш ывш щ ющ ующ сь ся ла ила ыла на ена ете ите йте ейте уйте ли или ыли й уй л ил ыл н "
)
RUSSIAN += (
    "ен ло ило ыло но ено нно ет ует ит ыт ют уют ят ны ены ть ить ыть ешь ишь ю а ев ов е ье и еи ии ами ями иями "
)
RUSSIAN += "ией ам ием ям иям о у ах ях иях ы ь ию ью я ия ья ост ость ейше ейш ок ек ец енок"
LETTERS = {ENGLISH: "bcdfghjklmnpqrstvwxzaeiouyaeiouy", RUSSIAN: "бвгджзйклмнпрстфхцчшщаеиоуыэюяаеио"}
TEXTS = (
    "Градиентный спуск; ВНИМАНИЕ, ёлка — за́мок",
    "naïve Größe straße Ελλάδας ÉCOLE İstanbul",
    "scaled_dot_product, __init__, nn.MultiHeadAttention, HTTPServer2 x_1 getURL2Path",
    "α_i + β² − Lαβ, Σ ϵεφ, Γ(x) και ϵεφϕ αα",
    "GPT-2 3.14 1e-5 a+b",
    "C++ C#, (.NET) C++17 a++b i+++ ++i x#y a## #tag .5 a.b Node.js … .gitignore 2++ ²# é++ 模++ .模 f(.x)",
    "深度学习と機械 학습 GPT模型abc 用MultiHead_x注意",
    "深" * 50 + "x" * 50,
    "x" * 50 + " short",
    "хвост" + "ё" * 60,
    "",
)


def words(text: str) -> list[str]:
    known = Words()
    return [word for stretch in stretches(text) for word in known.of(stretch)]


def scripts(*names: str) -> str:
    return search_tables() + "\n" + "\n".join((ASSETS / "search" / name).read_text("utf-8") for name in names)


def in_browser(node: str, function: str, texts: Sequence[str]) -> list[list[str]]:
    script = scripts("words.js", "stems.js") + f"\nconsole.log(JSON.stringify(given.map({function})))"
    found: list[list[str]] = run(node, script, texts)
    return found


def different(node: str, chosen: Sequence[str]) -> list[tuple[str, str, str]]:
    stems = Stems()
    there = run(node, scripts("stems.js") + "\nconsole.log(JSON.stringify(given.map(stemOf)))", chosen)
    pairs = ((word, stems.stem(word), stem) for word, stem in zip(chosen, there, strict=True))
    return [one for one in pairs if one[1] != one[2]]


def made_up(number: int) -> list[str]:
    """Words of any letters with one to three endings."""
    chance = random.Random(1)
    found = set()
    for endings, letters in LETTERS.items():
        for _ in range(number):
            beginning = "".join(chance.choice(letters) for _ in range(chance.randrange(6)))
            found.add(beginning + "".join(chance.choice(endings.split()) for _ in range(chance.randrange(1, 4))))
    return sorted(found)


def of_files(folder: Path) -> list[str]:
    texts = (path.read_text("utf-8", "replace") for path in folder.rglob("*.md"))
    return sorted({word for text in texts for word in re.findall(r"[^\W\d_]+", fold(text))})


def test_made_up_words_have_the_same_stems(node: str) -> None:
    assert different(node, made_up(20_000)) == []


def test_words_of_our_own_notes_have_the_same_stems(node: str) -> None:
    chosen = of_files(ROOT / "kb") + of_files(ROOT / "tests" / "cases")
    assert len(chosen) > 1000
    assert different(node, chosen) == []


def test_words_of_public_graphs_have_the_same_stems(node: str, corpora: Path) -> None:
    assert different(node, of_files(corpora)) == []


def test_words_of_odd_forms_have_the_same_stems(node: str) -> None:
    exceptions = "skis skies sky news atlas cosmos bias andes dying lying inning outing succeed proceed exceed"
    edges = "y yy ay sayyid the as б й ся ость статейше ъ 模型 x1 étude глаголъ " + "z" * 70
    chosen = f"{exceptions} {edges} added egged hopping hoping hop past pasting".split()
    assert different(node, chosen) == []


def test_the_same_words_are_forms_of_one(node: str) -> None:
    made = [word for word in made_up(2_000) if word.isascii()]
    known = "run ran running runner hope hopped hoping author authors authority matrix matrices весом вес study studies"
    pairs = [*pairwise(made), *((one, two) for one in known.split() for two in known.split())]
    there = run(
        node, scripts("stems.js") + "\nconsole.log(JSON.stringify(given.map(pair => areForms(...pair))))", pairs
    )
    stems = Stems()
    assert there == [stems.are_forms(*pair) for pair in pairs]
    assert {True, False} == set(there)


def test_a_wrong_stem_would_be_noticed(node: str) -> None:
    stems = Stems()
    there = run(node, "console.log(JSON.stringify(given.map(word => word.slice(0, -1))))", ["градиентом"])
    assert there != [stems.stem("градиентом")]


def test_texts_have_the_same_words(node: str) -> None:
    there = in_browser(node, "text => tokens(text).flatMap(token => token.keys)", TEXTS)
    assert there == [words(text) for text in TEXTS]


def test_words_are_folded() -> None:
    assert words(TEXTS[0]) == ["градиентный", "спуск", "внимание", "елка", "замок"]
    assert words(TEXTS[1]) == ["naive", "grosse", "strasse", "ελλαδασ", "ecole", "istanbul"]


def test_identifiers_are_found_by_their_parts() -> None:
    found = set(words(TEXTS[2]))
    assert {"scaled_dot_product", "scaled", "dot", "product", "init", "nn"} <= found
    assert {"multiheadattention", "multi", "head", "attention", "http", "server"} <= found


def test_signs_of_formulas_are_found_by_their_names() -> None:
    assert words("α_i β² Lαβ") == ["α_i", "α", "alpha", "β²", "β", "beta", "lαβ", "α", "alpha", "β", "beta"]
    assert words("Ελλάδας") == ["ελλαδασ"]


def test_chinese_is_found_by_pairs() -> None:
    assert words("深度学习") == ["深度", "度学", "学习", "习"]


def test_what_is_no_word_is_left_out() -> None:
    assert words("x" * 41 + " — …") == []
