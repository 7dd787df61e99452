"""Forms of a word have one stem, other words have another."""

from __future__ import annotations

import pytest

from kbtool import word_forms
from kbtool.irregular_words import IRREGULAR
from kbtool.stems import Stems

# Pairs of forms, a comma between them.
NOUNS_IN_A = """
сетка сеток, ошибка ошибок, строка строк, нейронка нейронками, точка точек, ссылка ссылок, ячейка ячеек, настройка
настроек, копейка копеек, линейка линеек, метка меток, выборка выборок, оценка оценок, проверка проверок, палочка
палочек, кривая кривых, земля земель, капля капель, башня башен, песня песен, вишня вишен, спальня спален, деревня
деревень, кухня кухонь, тюрьма тюрем, судьба судеб, свадьба свадеб, сестра сестёр, сосна сосен, статья статей, семья
семей, скамья скамей, идея идей, функция функций, матрица матриц, производная производных, неделя недель, модель
моделей, игра игр, книга книгами, задача задачею, свеча свечей, величина величин, дробь дробями, переменная
переменными, теория теорий
"""
MASCULINE_NOUNS = """
отец отца, кусок куска, день дня, пень пней, корень корня, камень камнем, уровень уровней, огонь огня, конец концов,
столбец столбцов, образец образца, боец бойца, палец пальцы, европеец европейцы, китаец китайца, список списков,
участок участки, рынок рынка, подарок подарки, заголовок заголовка, порядок порядке, потомок потомков, щенок щенки,
огонёк огонька, мотылёк мотыльков, орешек орешка, мешочек мешочка, узел узлы, угол углов, посол посла, котёл котлы,
орёл орлов, козёл козлы, ветер ветра, костёр костра, шатёр шатры, бугор бугры, ковёр ковры, лев львы, лоб лба, рот
рта, сон сны, пёс псы, лёд льда, лён льна, мох мха, ров рвы, шов швы, заём займа, муравей муравьи, воробей воробья,
ручей ручьи, соловей соловья, улей ульи, ноготь ногтя, локоть локтем, дёготь дёгтя, учитель учителя, словарь
словарём, кластер кластера, слой слоёв, край краёв, герой героем, критерий критериев, стул стулья, брат братьев,
лист листья, друг друзья, сын сыновья, гражданин граждане, англичанин англичан, сосед соседи, профессор профессора,
человек люди, ребёнок дети, хозяин хозяева
"""
NEUTER_NOUNS = """
ядро ядер, окно окон, число чисел, письмо писем, кольцо колец, стекло стёкол, кресло кресел, весло вёсел, ведро
вёдер, ребро рёбер, зерно зёрен, пятно пятен, бревно брёвен, волокно волокон, полотно полотен, сердце сердец,
полотенце полотенец, яйцо яиц, яблоко яблок, облако облаков, множество множеств, свойство свойствами, поле полей,
значение значений, значение значениями, условие условий, дерево деревья, перо перья, крыло крылья, звено звенья,
платье платьев, ружьё ружей, время времени, время времён, имя имён, имя имени, семя семян, знамя знамёна, племя
племенем, небо небеса, чудо чудеса, плечо плечи, ухо уши, око очи, колено колени
"""
NOUNS_IN_A_SOFT_SIGN = """
сеть сетей, вероятность вероятностями, точность точностью, ложь лжи, рожь ржи, мать матери, дочь дочери, ночь ночей,
вещь вещей, степень степеней, ступень ступени, церковь церкви, любовь любви, кровь крови, площадь площадей, мышь
мышей, часть частями, область областей, память памяти, запись записей
"""
ADJECTIVES = """
важный важен, полный полон, точный точен, равный равен, нужный нужен, узкий узок, лёгкий лёгок, верный верна,
возможный возможен, светлый светел, тёплый тёпл, спокойный спокоен, хитрый хитёр, больной болен, синий синего,
большой больших, линейный линейна, случайный случайными, глубокий глубокая, общий общего, третий третья, быстрый
быстрее, быстрый быстрейший, новый новейшими, плохой плохие, хороший хорошему, горячий горячая, жаркий жарок,
короткий короток, низкий низок, искренний искренне
"""
VERBS = """
писать пишет, писать пишут, писать писал, писать пиши, обучать обучает, обучать обучали, обучить обучит, делать
делаешь, читать читают, вычислять вычисляем, вычислить вычислили, зависеть зависит, зависеть зависел, зависеть
зависят, иметь имеет, иметь имел, иметь имеют, смотреть смотрит, смотреть смотрел, видеть видит, видеть видели,
хотеть хочет, хотеть хотим, идти идёт, идти шёл, идти шла, нести несёт, нести несли, вести ведёт, вести вёл, мочь
может, мочь могут, мочь могла, расти растёт, расти растут, расти рос, брать берёт, брать берут, давать даёт, дать
даст, взять возьмёт, взять взяли, начать начнёт, начать начал, понять поймёт, понять понял, искать ищет, искать
ищут, сказать скажет, сказать сказали, говорить говорит, строить строят, требовать требует, использовать используют,
использовать использовали, нормировать нормирует, рисовать рисуем, стать станет, стать стали, становиться
становится, учиться учатся, учиться учится, обучаться обучался, являться является, сходиться сходятся, сходиться
сходился, бояться боится, открыть откроет, открыть открыл, мыть моет, пить пьёт, бить бьют, греть греет, тянуть
тянет, сохнуть сохнет, вернуть вернёт, жечь жжёт, достичь достигнет, колоть колет, бороться борется, лечь ляжет,
ехать едет, бежать бегут, спать спит, стоять стоит, лежать лежат, держать держит, дышать дышит, слышать слышал, быть
будет
"""
PARTICIPLES = """
обученный обучена, обученный обучены, решённый решён, решённый решены, обучающий обучающая, обучающийся обучающихся,
читающий читающими, прочитанный прочитана, сделанный сделаны, вычисленный вычислено, заданный задана, взвешенный
взвешенная, данный даны, открытый открыты, скрытый скрытого, нажатый нажата, используемый используема,
использованный использованы, растущий растущая, сходящийся сходящаяся, скользящий скользящего, изменённый изменены,
упорядоченный упорядочены, построенный построено, связанный связаны, написанный написано, обновлённый обновлена,
потерянный потеряны
"""
ENGLISH = """
matrix matrices, vertex vertices, index indices, appendix appendices, vortex vortices, simplex simplices, analysis
analyses, hypothesis hypotheses, thesis theses, synthesis syntheses, crisis crises, axis axes,
criterion criteria, phenomenon phenomena, formula formulae, run ran, teach taught, write wrote, write written, child
children, man men, woman women, mouse mice, foot feet, tooth teeth, goose geese, person people, half halves, leaf
leaves, knife knives, wolf wolves, shelf shelves, self selves, thief thieves, go went, go gone, see saw, see seen,
take took, take taken, give gave, find found, build built, bring brought, buy bought, catch caught,
seek sought, choose chose, choose chosen, break broke, break broken, speak spoke, freeze frozen, hide hidden, drive
driven, know known, grow grew, draw drawn, show shown, throw threw, lose lost, learn learnt, mean meant, keep kept,
send sent, spend spent, begin began, begin begun, swim swam, hold held, hear heard, lead led, read reading, feed
fed, meet met, sell sold, tell told, understand understood, stand stood, win won, shrink shrunk, sink sunk, spin
spun, eat ate, fall fell, feel felt, fly flew, forget forgot, get got, make made, pay paid, say said, sit sat, sleep
slept, stick stuck, swap swapped, train trained, training trains, network networks, batch batches, bias biases,
class classes, layer layers, query queries, box boxes, process processes, loss losses, study studied, die dying, lie
lying, tie tied, stop stopping, optimize optimizing, optimise optimised, maximum maxima, spectrum spectra, radius
radii, stimulus stimuli, nucleus nuclei, corpus corpora, schema schemata, cluster clustering, cache cached, model
modelling, label labelled, travel traveling, quiz quizzes
"""
OTHER_WORDS = """
think thought, basis bases, стек сток, стена стон, клён клон, корень корона, порт парта, весомый вес, член чаша,
сцена цена, замок замена, мука муха, степень степной, лист лиса, матрица матрос, число чистый, модель модный, модель
мода, предел предлог, отдел отдых, слово слава, страна стрела, строка срок, урок ура, ток точка, точка точный, том
тема, мера мир, поле полк, полка пол, часть час, часть чаща, сеть сетовать, вид видео, вода водить, игра иглу, тело
тёлка, перо первый, пора порог, роль рой, роза рожь, рука руда, нос носок, план плен, код кодекс, ряд рядовой, рост
ростбиф, мост мостик, вина винт, круг крупа, куб кубок, шум шуба, шаг шах, метод метро, метр метрика, закон закат,
сумма сумка, слой слог, слон слива, лес лестница, лето летать, дело деление, деление делянка, дым дума, зал залог,
знак знание, зона зонт, игрок игра, кран край, кость костёр, кот котёл, кол кольцо, гора горло, город горд, голос
голод, бор борт, бок бокал, бег бегемот, бар баран, база базар, агент агентство, актив активный, опыт опытный,
операция оператор, операция опера, организм организация, органы органический, партия парта, часы частый, лоб любой,
отец отек, соль солнце, сон сонет, день деньги, дно день, песок писк, кусок куст, рот ротор, лён лента, мох махать,
пёс песок, пёс песня, ров ровный, шов шоу, уголь угольник, узел узкий, посол посолка, орёл орать, козёл коза, котёл
котёнок, ветер ветвь, ветка ветер, ядро яд, окно око, число числитель, имя иметь, время времянка, семя семья, дети
детектор, детектор детекция, люди людоед, вес весло, стоять стоимость, стать статья, стать стальной, идти идея, есть
естественный, мать мат, мат матовый, дочь доча, быть бить, пить петь, вести вес, вести весть, расти расстояние, мочь
моча, писать писк, искать иск, policy police, university universe, universal universe, operate opera, general
generic, organ organize, new news, wand wander, past paste, station state, arm army, man many, mice mica, feet fee,
foot footer, axis axe, base basic, basis basin, index indicate, vertex vertical, matrix matter, child chili, ran
rand, led ledger, fed federal, fell fellow, found foundation, bound boundary, saw sawn, lay lied, left leave, felt
felting, rose rise, bore bear, sank sanction, spoke spokesman, met meter, sold solder, told toll, won wonder, sat
satin, ate atelier, lives livid, leaves leaven, better bet, data date, datum date, media median, criteria critic,
thing thin, number numb, sing single, car care, cars caress, mod mode, mod model, tensor tense, parameter
parametric, hop hope, plan plane, planed planned, plat plate, rat rate, star stare, bar bare, win wine, pin pine,
pining pinning, filing filling, scared scarred
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
