"""What forms of Russian and English words have in common, as tables.

`stems.py` reads them here, `site_assets/search/stems.js` finds them in the script that searches, as `WORD_FORMS`. In
patterns stands only what Python and JavaScript read alike, `$1` in what is put in their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from kbtool.irregular_words import IRREGULAR

Rules: TypeAlias = Sequence[tuple[str, str]]
"""Patterns, and what a word that matches becomes: the first that matches decides."""

# ---------------------------------------------------------------- English

_ENGLISH_PREFIXES = "re over under out mis fore up with"
_LATIN: Rules = (
    (r"^(.*(?:matr|append))ices$", "$1ix"),
    (r"^(.*(?:ind|vert|vort|simpl)|ap|cod)ices$", "$1ex"),
    (r"^(.*(?:aly|the|gno|empha|morpho))ses$", "$1sis"),
)

# ---------------------------------------------------------------- Russian: roots whose forms look unlike

# What may stand before a root, two at most.
_PREFIXES = """
без бес вз вос воз взо вы во в вс до за изо из ис надо над на не низ обо об ото от о пере подо под по пред пре при
про разо раз рас со с у
"""
_SOFT = "ий ая ее ие его ему им ими ем ей ую их"
_HARD = "ый ая ое ые ого ому ым ыми ом ой ую ых"


def _each(beginning: str, endings: str) -> str:
    return " ".join(beginning + ending for ending in endings.split())


# Endings that roots have behind their `+`.
_CLASSES: Mapping[str, str] = {
    "у": "у ет ут ем ешь ете",
    "ю": "ю ет ют ем ешь ете",
    "т": "ет ут ем ешь",
    "л": f"ть л ла ло ли {_each('вш', _SOFT)}",
    "щ": f"{_each('ш', _SOFT)} {_each('щ', _SOFT)}",
    "взят": f"т та то ты {_each('т', _HARD)}",
    "ел": f"еть ел ела ело ели ит ят ишь ите им {_each('евш', _SOFT)} {_each('ящ', _SOFT)}",
    "ал": " ".join(
        [_each(vowel, "ть л ла ло ли т щий щая щее щие щего щему щим щими щем щей щую щих") for vowel in "ая"]
        + [_each("авш", _SOFT), "ит ишь ите им"]
    ),
    "а": "а у ом е ы и ов ам ами ах",
    "я": "я ю ем е и ей ям ями ях",
    "мя": "мя мени менем мена мен менам менами менах мян",
    "й": "й я ю ем е и ев ям ями ях",
}
# What the forms of a root become, and the forms. A `=` bars prefixes, a `*` asks for one; `-` is put behind each root.
_ROOTS = """
йд: йти йд+у йдя шел шла шло шли шед+щ
=йд: ид+у идя идти иди идите
=прийд: прид+у
=принял: прим+т
мог: мочь мог могла могло могли могу могут может можем можешь можете мог+щ могу+щ
нес: нести несла несло несли нес+у нес+щ
вед: вести вел вела вело вели вед+у вед+щ
раст: расти раст+у расту+щ рос росла росло росли рос+щ
брал: бра+л бер+у
звал: зва+л зов+т
ждал: жда+л ждет ждут ждешь
давал: дава+л да+ю даю+щ давая
дал: да+л дашь даст дадим дадите дадут
ставал: става+л ста+ю стаю+щ
стал: ста+л стан+у
=взял: взя+взят взя+л возьм+у
*нял: ня+взят ня+л йм+у ним+у
начал: нача+взят нача+л начн+у
жал: жа+взят жа+л жм+у
влек: влечь влек влекла влекло влекли влеку влекут влечет влечем влек+щ
крыл: кро+ю кры+взят кры+л
мыл: моет моют моем моешь мы+взят мы+л
жил: жив+у жи+л
был: бы+л буд+у
ехал: еха+л ед+т
*пал: пасть па+л пад+т
*чел: честь чт+т чел чла чло чли
обрел: обрести обрел обрела обрело обрели обрет+у
*гибнул: гиб гибла гибло гибли
*стигнул: стичь стиг стигла стигло стигли
*никнул: ник никла никло никли
*выкнул: вык выкла выкло выкли
*чезнул: чез чезла чезло чезли
*вергнул: верг вергла вергло вергли
хотел: хочу хочет хочешь
знал: зна+л зна+ю знай
грел: гре+л гре+ю
бежал: бегут
лег: лечь лег легла легло легли лягу лягут ляжет
борол: боро+л бор+ю
колол: коло+л кол+ю
жег: жечь жег жгла жгло жгли жгут жжет
бил: бьет бьют бьем бьешь би+л
пил: пьет пьют пьем пьешь пи+л
лил: льет льют льем льешь ли+л
вил: вьет вьют вьем вьешь ви+л
шил: шьет шьют шьем шьешь ши+л
-ел: вид+ел ненавид+ел завис+ел смотр+ел терп+ел верт+ел сид+ел лет+ел гор+ел хот+ел кип+ел бол+ел гляд+ел вис+ел шум+ел
-ал: держ+ал слыш+ал дыш+ал леж+ал молч+ал крич+ал звуч+ал беж+ал сто+ал бо+ал сп+ал
писал: пиш+у пиши пишите
казал: каж+у кажи кажите
вязал: вяж+у вяжи вяжите
резал: реж+у режь режьте
мазал: маж+у мажь мажьте
искал: ищ+у ищи ищите
плакал: плачет плачут
двигал: движет движут
=дн: день дн+я
=пн: пень пн+я
=сон: сн+а
=лев: льв+а
=рот: рт+а
=лоб: лб+а
=пес: пс+а
=лед: льд+а
=лен: льн+а
=мох: мх+а
=ров: рв+а
=шов: шв+а
=лож: лжи
=рож: ржи
=времен: вре+мя
=имен: и+мя
=семен: се+мя
=племен: пле+мя
=знамен: зна+мя
=пламен: пла+мя
=бремен: бре+мя
=стремен: стре+мя
=музей: музе+й
=лицей: лице+й
"""

# ---------------------------------------------------------------- Russian: endings

_V = "[аеиоуыэюя]"
_C = "[^аеиоуыэюя]"
_OF_SOFT = f"(?:{_SOFT.replace(' ', '|')})"
_OF_HARD = f"(?:{_HARD.replace(' ', '|')})"
_STEM = f"^({_C}*{_V}.*?)"
_ALL = f"^({_C}*{_V}.*)"
_REFLEXIVE: Rules = ((r"^(.{3,})ся$", "$1"), (r"^(.{2,}(?:[лш][ао]|[^п]и|[уюй]|те))сь$", "$1"))
# What a verb, and no adjective, has before its ending of the first person.
_WE = "(?:полу|[буз]у|клю|зна|вели|отли|грани|кон|сме|то)ч|[нл]ож|[мр]еш|мен|равн|ясн|олн|помн|хран|цен|един"
# Forms of verbs become the one of the past: nouns have it, too (канал, лимит), and so have one stem in all their forms.
_VERBS: Rules = (
    (f"^([а-я]{{2,}}?)([ая])(?:ть|[ею]т|ешь|ете|ющ{_OF_SOFT}|вш{_OF_SOFT})$", "$1$2л"),
    (f"{_STEM}(?:[ое]ва(?:ть|нн{_OF_HARD})|у(?:[ею]т|ем|ешь|ете|ющ{_OF_SOFT}|йте))$", "$1овал"),
    (f"{_STEM}([аяе])(?:ть|[ею]т|ешь|ете|йте|ющ{_OF_SOFT}|вш{_OF_SOFT}|л[аои]?)$", "$1$2л"),
    (f"{_STEM}([ая])(?:ю|ем|й|нн{_OF_HARD}|(?<!капита)н[аоы]?)$", "$1$2л"),
    (f"{_STEM}(?:ить|ит|ят|ишь|ите|ивш{_OF_SOFT}|ящ{_OF_SOFT}|ил[аои]?|(?<=[бвдзлмпрст])им)$", "$1ил"),
    (f"{_STEM}(?<=[жшчщ])(?:ат|ащ{_OF_SOFT})$", "$1ил"),
    (f"^(.*(?:{_WE}))им$", "$1ил"),
    ("^(.*(?:ир|ств|льз|треб))ую$", "$1овал"),
    (f"{_STEM}ну(?:ть|л[аои]?|вш{_OF_SOFT})$", "$1нул"),
    (f"^(.*(?:верн|тян|обман|помян|[гкхпб]н))(?:ет|ут|ешь|ут[аоы]|ут{_OF_HARD})$", "$1ул"),
)
# What looks like an ending, and is none.
_WHOLE = (
    "(?:систем|проблем|схем|теорем|[кр]сем|морфем|эмблем|поэм|ъем|альбом|(?:син|аэро)дром|[зо]гром|перелом|симптом|"
    "аксиом|диплом|(?:астр|эк|гастр|агр)оном|оним|здоров|полуостров|панорам|реклам|ислам|запах|"
    "^(?:прием|основ|остров|голов|готов|покров|коров|вызов|атом|гном|режим|драм|монах|размах|отдых|жених))$"
)
_NO_NOUN = "(?<!ич)(?<!моч)(?<!руж)(?<!реч)(?<!луч)"
_NOMINAL = (
    "[оы]е|[ыи]ми|[оы]й|[ыи]м|ого|ому|(?<=[жшщчньо])е(?:го|му)|[ыи]х|[уо]ю|юю|яя|(?<![иь])ее|ая|[ое]в|ами|ями|ей|[ое]м|"
    "[ая]м|[ая]х|ью|ья|ье|ьи|ьев|ьям|ьями|ьях|ьей|(?<![еи])о|[аеуыьюяий]"
)
_ENDINGS: Rules = (
    ("^(случа|урожа|обыча|трамва|попуга|сара)я$", "$1"),
    ("^(.*(?:альб|симпт|дипл|перел|синдр)ом|атом)у$", "$1"),
    (f"^(.*(?:дол|стро|мно|убо|поло)г|.*{_C}н|трет|син)и[ей]$", "$1"),
    (f"{_STEM}(?:(?<=[гкхжшщч]){_NO_NOUN}ие|(?<=[кхжшщч]){_NO_NOUN}ий)$", "$1"),
    (f"{_STEM}и(?:[еяюий]|ем|ей|ям|ями|ях|ев)$", "$1и"),
    (f"{_STEM}(?:{_NOMINAL})$", "$1"),
)
_SUFFIXES: Rules = (
    (f"{_ALL}ейш$", "$1"),
    (f"{_ALL}([ая])(?:(?<!капита)нн?|вш|ем|ющ|нин)$", "$1$2л"),
    ("^(.*)нн$", "$1н"),
    (f"{_ALL}([ая])$", "$1$2л"),
    (f"{_ALL}({_C})[ео]$", "$1$2"),
    (f"{_ALL}(?:уем|ующ)$", "$1овал"),
    (f"{_ALL}(?:ит|(?<=[бвдзлмпрст])им|ящ|ивш)$", "$1ил"),
    (f"^({_C}*{_V}+{_C}+{_V}.*{_C})ост$", "$1"),
)
# Vowels that stand only where no ending does, by what is around them: кус(о)к, ядер and ядр, огон(е)к and огоньк.
_FLEETING: Rules = (
    ("^(степен|ступен)$", "$1"),
    (f"{_ALL}(?<=[^аеиоуыэюяйь])ок$", "$1к"),
    (f"{_ALL}(?<=[жшчщ])ек$", "$1к"),
    (f"^(.*{_V})е([кцн])$", "$1й$2"),
    (f"{_ALL}(?<=[лнр])ек$", "$1ьк"),
    (f"{_ALL}(?<=л)е([цн])$", "$1ь$2"),
    (f"{_ALL}(?<={_C})е([цнлр])$", "$1$2"),
    (f"{_ALL}(?<=[кгх])о([нт])$", "$1$2"),
    (f"{_ALL}(?<=[кгс])ол$", "$1л"),
    (f"{_ALL}гор$", "$1гр"),
    (f"{_ALL}деб$", "$1дьб"),
)

# ---------------------------------------------------------------- for those who read them


def irregular() -> Mapping[str, str]:
    """The words that forms are of."""
    return {form: word for word, forms in _lines(IRREGULAR) for form in forms}


def roots() -> Mapping[str, str]:
    """What forms of roots become, behind the sign that bars or asks for prefixes."""
    found: dict[str, str] = {}
    for made, forms in _lines(_ROOTS):
        for form in forms:
            root, _, of_class = form.partition("+")
            common = root + made[1:] if made[0] == "-" else made
            found.update((root + ending, common) for ending in (_CLASSES[of_class].split() if of_class else ("",)))
    return found


def prefixes() -> frozenset[str]:
    """What may stand before a root."""
    single = ("", *_PREFIXES.split())
    return frozenset(first + second for first in single for second in single)


def _lines(table: str) -> Iterator[tuple[str, Sequence[str]]]:
    for line in table.strip().splitlines():
        word, _, forms = line.partition(": ")
        yield word, forms.split()


RULES: Mapping[str, Rules] = {
    "latin": _LATIN,
    "reflexive": _REFLEXIVE,
    "verbs": _VERBS,
    "endings": _ENDINGS,
    "suffixes": _SUFFIXES,
    "fleeting": _FLEETING,
}
"""The rules by the step that they are of."""
WHOLE = _WHOLE
"""What a Russian word ends with that only looks as if it had an ending."""
ENGLISH_PREFIXES = tuple(_ENGLISH_PREFIXES.split())
"""What may stand before an irregular English verb."""


def written() -> Mapping[str, object]:
    """All tables as they are written, for the browser."""
    return {
        "irregular": IRREGULAR.strip(),
        "englishPrefixes": ENGLISH_PREFIXES,
        "roots": _ROOTS.strip(),
        "classes": dict(_CLASSES),
        "prefixes": _PREFIXES.split(),
        "rules": dict(RULES),
        "whole": WHOLE,
    }
