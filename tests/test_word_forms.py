"""Forms of a word have one stem, other words have another."""

from __future__ import annotations

import pytest

from kbtool import word_forms
from kbtool.irregular_words import IRREGULAR
from kbtool.stems import Stems

# Pairs of forms, a comma between them.
NOUNS_IN_A = """
сетка сеток, строка строк, точка точек, ячейка ячеек, настройка настроек, копейка копеек, линейка линеек, метка
меток, выборка выборок, оценка оценок, палочка палочек, земля земель, капля капель, башня башен, деревня деревень,
свадьба свадеб, сестра сестёр, сосна сосен, матрица матриц, неделя недель, задача задачею
"""
MASCULINE_NOUNS = """
корень корня, камень камнем, огонь огня, конец концов, образец образца, боец бойца, палец пальцы, список списков,
участок участки, подарок подарки, заголовок заголовка, порядок порядке, огонёк огонька, мотылёк мотыльков, угол
углов, посол посла, котёл котлы, козёл козлы, костёр костра, бугор бугры, ковёр ковры, лоб лба, рот рта, сон сны,
лёд льда, шов швы, муравей муравьи, улей ульи, учитель учителя, словарь словарём, герой героем, брат братьев, лист
листья, гражданин граждане, сосед соседи, человек люди, ребёнок дети
"""
NEUTER_NOUNS = """
окно окон, кольцо колец, стекло стёкол, кресло кресел, ведро вёдер, ребро рёбер, зерно зёрен, пятно пятен, волокно
волокон, сердце сердец, яйцо яиц, яблоко яблок, облако облаков, свойство свойствами, поле полей, условие условий,
перо перья, крыло крылья, платье платьев, ружьё ружей, имя имён, семя семян, знамя знамёна, племя племенем, небо
небеса, плечо плечи, колено колени
"""
NOUNS_IN_A_SOFT_SIGN = """
вероятность вероятностями, дочь дочери, ночь ночей, ступень ступени, церковь церкви, кровь крови, мышь мышей,
область областей
"""
ADJECTIVES = """
важный важен, полный полон, точный точен, равный равен, нужный нужен, лёгкий лёгок, верный верна, возможный
возможен, светлый светел, больной болен, линейный линейна, третий третья, быстрый быстрее, быстрый быстрейший,
хороший хорошему, короткий короток, низкий низок, искренний искренне
"""
VERBS = """
писать писал, писать пиши, обучать обучает, обучить обучит, читать читают, вычислять вычисляем, зависеть зависел,
зависеть зависят, иметь имел, смотреть смотрит, смотреть смотрел, видеть видит, хотеть хочет, хотеть хотим, идти
идёт, нести несёт, вести вёл, мочь может, расти растёт, расти рос, брать берёт, дать даст, начать начал, понять
поймёт, искать ищут, сказать скажет, сказать сказали, строить строят, требовать требует, нормировать нормирует,
стать станет, бояться боится, мыть моет, греть греет, тянуть тянет, сохнуть сохнет, вернуть вернёт, жечь жжёт, ехать
едет, бежать бегут, спать спит, стоять стоит, лежать лежат
"""
PARTICIPLES = """
обученный обучена, обученный обучены, обучающий обучающая, прочитанный прочитана, вычисленный вычислено, данный
даны, открытый открыты, скрытый скрытого, нажатый нажата, используемый используема, скользящий скользящего,
изменённый изменены, построенный построено, написанный написано
"""
ENGLISH = """
matrix matrices, index indices, analysis analyses, synthesis syntheses, crisis crises, phenomenon phenomena, run
ran, child children, man men, mouse mice, goose geese, person people, half halves, leaf leaves, wolf wolves, self
selves, go went, go gone, see seen, give gave, find found, build built, think thought, buy bought, catch caught,
seek sought, choose chosen, break broke, speak spoke, freeze frozen, know known, grow grew, throw threw, lose lost,
begin began, begin begun, hold held, hear heard, lead led, read reading, feed fed, understand understood, stand
stood, win won, sink sunk, fall fell, fly flew, make made, pay paid, train trained, network networks, bias biases,
layer layers, query queries, stop stopping, optimize optimizing, optimise optimised, maximum maxima, spectrum
spectra, radius radii, corpus corpora, cluster clustering, model modelling, label labelled, quiz quizzes
"""
OTHER_WORDS = """
модель модный, слово слава, сеть сетовать, стек сток, ток точка, ветка ветер, мох махать, рост ростбиф, посол
посолка, вода водить, весомый вес, бег бегемот, время времянка, мост мостик, игрок игра, козёл коза, пить петь, куб
кубок, часть чаща, часы частый, детектор детекция, идти идея, клён клон, ряд рядовой, том тема, мать мат, кот котёл,
гора горло, окно око, сосна сосна́р, актив активный, кусок куст, база базар, код кодекс, поле полк, стена стон, мат
матовый, семя семья, пёс песок, нос носок, ядро яд, мера мир, бок бокал, пёс песня, пора порог, сон сонет, организм
организация, корень корона, порт парта, роль рой, лето летать, полка пол, есть естественный, закон закат, орёл
орать, стать статья, органы органический, бор борт, рука руда, партия парта, лоб любой, песок писк, кран край, слой
слог, отдел отдых, страна стрела, вина винт, лес лестница, leaves leaven, pin pine, tensor tense, saw sawn, basis
basin, met meter, won wonder, better bet, scared scarred, sing single, base basic, sat satin, foot footer, organ
organize, bound boundary, wand wander, datum date, media median, rose rise, universal universe, sold solder, left
leave, led ledger, man many, cars caress, fed federal, found foundation, star stare, mice mica, planed planned,
vertex vertical, bar bare, told toll, child chili, win wine, thing thin
"""


def pairs(text: str) -> list[tuple[str, str]]:
    """The pairs that are written so."""
    return [(one, other) for one, other in (pair.split() for pair in text.split(","))]


@pytest.mark.parametrize(
    "text",
    [NOUNS_IN_A, MASCULINE_NOUNS, NEUTER_NOUNS, NOUNS_IN_A_SOFT_SIGN, ADJECTIVES, VERBS, PARTICIPLES, ENGLISH],
    ids=["in -а", "masculine", "neuter", "in -ь", "adjectives", "verbs", "participles", "english"],
)
def test_forms_of_a_word_have_one_stem(text: str) -> None:
    stems = Stems()
    found = [(one, other, stems.stem(one), stems.stem(other)) for one, other in pairs(text)]
    assert [pair for pair in found if pair[2] != pair[3]] == []


def test_other_words_have_another_stem() -> None:
    stems = Stems()
    assert [pair for pair in pairs(OTHER_WORDS) if stems.stem(pair[0]) == stems.stem(pair[1])] == []


def test_what_says_of_a_form_of_which_word_it_is_says_one_thing() -> None:
    forms = [form for line in IRREGULAR.strip().splitlines() for form in line.split(": ")[1].split()]
    assert sorted(forms) == sorted(set(forms))


def test_a_word_with_irregular_forms_is_none_itself() -> None:
    known = word_forms.irregular()
    assert [word for word in known.values() if word in known] == []


def test_roots_have_prefixes_where_they_may() -> None:
    stems = Stems()
    assert stems.stem("найдём") == stems.stem("нашла") != stems.stem("пошла")
    assert stems.stem("понял") == stems.stem("поймёт") != stems.stem("принял")
    assert stems.stem("дня") != stems.stem("надня")


def test_an_english_verb_may_have_a_prefix() -> None:
    stems = Stems()
    assert (stems.stem("rewrote"), stems.stem("overran")) == (stems.stem("rewrite"), stems.stem("overrun"))
    assert stems.stem("unknown") != stems.stem("unknow")
