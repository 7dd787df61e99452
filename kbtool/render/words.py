"""What the site itself says, in the languages it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kbtool.render.result_words import CHANGES as _CHANGES
from kbtool.render.result_words import GAPS as _GAPS
from kbtool.render.result_words import PROVENANCE as _PROVENANCE
from kbtool.render.result_words import REASONS as _REASONS
from kbtool.render.result_words import STATES as _STATES

Language = Literal["ru", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """One text for each thing that the site says by itself."""

    backlinks: str
    unlinked: str
    users: str
    answer: str
    reveal: str
    back: str
    time_spent: str
    pdf_page: str
    units: tuple[tuple[str, str], ...]
    tagged: str
    more: str
    also: str
    not_written: str
    ambiguous: str
    no_file: str
    source_of_embed: str
    not_embedded: str
    too_large: str
    block_link: str
    heading_link: str
    image: str
    plot: str
    broken_plot: str
    not_run: str
    never_runs: str
    skipped: str
    failed: str
    expected_error: str
    cut: str
    log_lines: str
    not_computed: str
    no_such_value: str
    value_not_run: str
    value_failed: str
    value_not_plain: str
    value_no_format: str
    rows: str
    columns: str
    first_shown: str
    page_ran: str
    page_recorded: str
    page_stale: str
    page_failed: str
    page_not_run: str
    seconds: str
    states: Mapping[str, str]
    reasons: Mapping[str, str]
    changes: Mapping[str, str]
    provenance: Mapping[str, str]
    gaps: Mapping[str, str]
    bad_formula: str
    scheduled: str
    deadline: str
    all_pages: str
    pages_count: str
    not_found: str
    not_found_help: str
    home: str
    query: str
    query_failed: str
    query_partly: str
    cards: str
    nothing_found: str
    unknown_macro: str
    unsupported: str
    block_refs: str
    page: str
    block: str
    dark: str
    light: str
    rules: str
    rules_head: tuple[str, str, str, str]
    severities: tuple[tuple[str, str], ...]
    properties: tuple[tuple[str, str], ...]
    types: tuple[tuple[str, str], ...]
    admonitions: tuple[tuple[str, str], ...]


RUSSIAN = Words(
    backlinks="Ссылки сюда",
    unlinked="Упоминания без ссылки",
    users="Используется в коде",
    answer="Ответ",
    reveal="Нажмите, чтобы увидеть",
    back="Назад к тексту",
    time_spent="затрачено",
    pdf_page="стр.",
    units=(("h", "ч"), ("d", "дн."), ("w", "нед."), ("m", "мес."), ("y", "г.")),
    tagged="Отмечено этой страницей",
    more="ещё",
    also="также",
    not_written="Страница ещё не написана",
    ambiguous="Это имя есть у нескольких страниц",
    no_file="Файла нет",
    source_of_embed="Откуда",
    not_embedded="Вставка слишком глубока или велика; она видна на своей странице",
    too_large="Заметка слишком велика: то, что сверх предела, показано простым текстом или не показано",
    block_link="Ссылка на этот блок",
    heading_link="Ссылка на этот раздел",
    image="Изображение",
    plot="График",
    broken_plot="График повреждён и не показан",
    not_run="не выполнялось",
    never_runs="только для чтения",
    skipped="пропущено: до этой ячейки выполнение не дошло",
    failed="ошибка",
    expected_error="ожидаемая ошибка",
    cut="вывод сокращён",
    log_lines="Строки вывода",
    not_computed="ещё не вычислено",
    no_such_value="такого значения нет",
    value_not_run="код не выполнялся",
    value_failed="код остановился раньше",
    value_not_plain="не число и не короткий текст",
    value_no_format="не подходит формат",
    rows="строк",
    columns="столбцов",
    first_shown="показано",
    page_ran="Код выполнен",
    page_recorded="Результаты записаны",
    page_stale="Результаты устарели, записаны",
    page_failed="Код остановился на ошибке",
    page_not_run="Код этой страницы ещё не выполнялся",
    seconds="с",
    states=_STATES["ru"],
    reasons=_REASONS["ru"],
    changes=_CHANGES["ru"],
    provenance=_PROVENANCE["ru"],
    gaps=_GAPS["ru"],
    bad_formula="Ошибка в формуле",
    scheduled="запланировано",
    deadline="срок",
    all_pages="Все страницы",
    pages_count="страниц",
    not_found="Такой страницы нет",
    not_found_help="Возможно, её переименовали. Попробуйте поиск или общий список.",
    home="На главную",
    query="Запрос",
    query_failed="Этот запрос не выполнен",
    query_partly="Запрос выполнен не полностью",
    cards="Карточки",
    nothing_found="Ничего не найдено",
    unknown_macro="Неизвестный макрос",
    unsupported="Не поддерживается",
    block_refs="Ссылки на этот блок",
    page="страница",
    block="блок",
    dark="Тёмная тема",
    light="Светлая тема",
    rules="Правила проверки",
    rules_head=("Правило", "Важность", "Исправление", "О чём оно"),
    severities=(("error", "ошибка"), ("warning", "предупреждение"), ("info", "сведение"), ("off", "выключено")),
    types=(
        ("concept", "понятие"),
        ("experiment", "опыт"),
        ("hub", "карта"),
        ("question", "вопрос"),
        ("hardware", "железо"),
        ("fun", "забава"),
        ("snapshot", "снимок"),
    ),
    properties=(
        ("type", "вид"),
        ("status", "состояние"),
        ("sources", "источники"),
        ("source", "источник"),
        ("tags", "метки"),
        ("alias", "другие имена"),
        ("inputs", "читает"),
        ("device", "устройство"),
        ("cpus", "потоков"),
        ("gpu-mem", "память GPU"),
        ("launch", "запуск"),
    ),
    admonitions=(
        ("note", "Примечание"),
        ("tip", "Совет"),
        ("important", "Важно"),
        ("caution", "Осторожно"),
        ("warning", "Внимание"),
        ("pinned", "Закреплено"),
    ),
)

ENGLISH = Words(
    backlinks="Linked from",
    unlinked="Mentioned without a link",
    users="Used by the code of",
    answer="Answer",
    reveal="Click to see",
    back="Back to the text",
    time_spent="time spent",
    pdf_page="p.",
    units=(("h", "h"), ("d", "d"), ("w", "wk"), ("m", "mo"), ("y", "yr")),
    tagged="Tagged with this page",
    more="more",
    also="also",
    not_written="This page is not written yet",
    ambiguous="Several pages have this name",
    no_file="No such file",
    source_of_embed="From",
    not_embedded="Too deep or too large to show here; see its own page",
    too_large="This note is too large: what is beyond the limit is shown as plain text, or not at all",
    block_link="Link to this block",
    heading_link="Link to this section",
    image="Image",
    plot="Plot",
    broken_plot="The plot is damaged and not shown",
    not_run="not run",
    never_runs="for reading only",
    skipped="skipped: an earlier cell stopped the run",
    failed="error",
    expected_error="expected error",
    cut="output shortened",
    log_lines="Lines of output",
    not_computed="not computed yet",
    no_such_value="there is no such value",
    value_not_run="the code has not been run",
    value_failed="the code stopped before",
    value_not_plain="neither a number nor a short text",
    value_no_format="it does not fit the format",
    rows="rows",
    columns="columns",
    first_shown="shown",
    page_ran="Code ran",
    page_recorded="Results recorded",
    page_stale="Results are stale, recorded",
    page_failed="Code stopped at an error",
    page_not_run="The code of this page has not been run yet",
    seconds="s",
    states=_STATES["en"],
    reasons=_REASONS["en"],
    changes=_CHANGES["en"],
    provenance=_PROVENANCE["en"],
    gaps=_GAPS["en"],
    bad_formula="Error in the formula",
    scheduled="scheduled",
    deadline="deadline",
    all_pages="All pages",
    pages_count="pages",
    not_found="There is no such page",
    not_found_help="It may have been renamed. Try the search or the list of all pages.",
    home="Home",
    query="Query",
    query_failed="This query was not run",
    query_partly="This query was run in part",
    cards="Cards",
    nothing_found="Nothing found",
    unknown_macro="Unknown macro",
    unsupported="Not supported",
    block_refs="References to this block",
    page="page",
    block="block",
    dark="Dark mode",
    light="Light mode",
    rules="Rules of the check",
    rules_head=("Rule", "Severity", "Fix", "What it finds"),
    severities=(("error", "error"), ("warning", "warning"), ("info", "info"), ("off", "off")),
    types=(),
    properties=(
        ("type", "type"),
        ("status", "status"),
        ("sources", "sources"),
        ("source", "source"),
        ("tags", "tags"),
        ("alias", "also"),
    ),
    admonitions=(
        ("note", "Note"),
        ("tip", "Tip"),
        ("important", "Important"),
        ("caution", "Caution"),
        ("warning", "Warning"),
        ("pinned", "Pinned"),
    ),
)


def words(language: Language) -> Words:
    """The site's texts in one language."""
    return RUSSIAN if language == "ru" else ENGLISH
