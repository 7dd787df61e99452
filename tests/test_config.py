"""Settings: `mkdocs.yml` and `logseq/config.edn`, well written and not."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtool.config import Config, GraphSettings, KbError, MkdocsFile, load_options, read_mkdocs, with_options
from kbtool.graph_config import graph_settings

# ---------------------------------------------------------------- options


def test_no_options_are_the_defaults() -> None:
    assert load_options({}) == Config()


def test_options() -> None:
    raw = {"wanted": ["а", "б"], "timeout": 5, "output_limit": 10}
    assert load_options(raw) == Config(wanted=("а", "б"), timeout=5.0, output_limit=10)


def test_every_option_takes_its_default_and_may_stand_empty() -> None:
    for name, default in Config()._asdict().items():
        assert load_options({name: default}) == Config()
        assert load_options({name: None}) == Config()


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"wantd": []}, "mkdocs.yml: the plugin kbtool has no option `wantd`; did you mean `wanted`?"),
        ({"zzz": 1}, "mkdocs.yml: the plugin kbtool has no option `zzz`\n"),
        ({"wanted": "x"}, "`wanted` of the plugin kbtool takes a list of texts, not the text 'x'"),
        ({"wanted": [1]}, "takes a list of texts, not a list"),
        ({"wanted": {"a": 1}}, "takes a list of texts, not a mapping"),
        ({"timeout": True}, "takes a number above 0, not true"),
        ({"timeout": 0}, "takes a number above 0, not 0"),
        ({"timeout": float("nan")}, "takes a number above 0, not nan"),
        ({"timeout": "60"}, "takes a number above 0, not the text '60'"),
        ({"output_limit": 1.5}, "takes a whole number above 0, not 1.5"),
        (
            {"languages": "bash"},
            "`languages` of the plugin kbtool takes a list of `python` and `bash`, not the",
        ),
        ({"languages": ["bush"]}, "not a list with the text 'bush'; did you mean `bash`?"),
        ({"languages": [["bash"]]}, "not a list with a list"),
        ({"output_limit": False}, "takes a whole number above 0, not false"),
    ],
)
def test_wrong_option(raw: dict[str, object], told: str) -> None:
    with pytest.raises(KbError) as caught:
        load_options(raw)
    assert told in str(caught.value)


def test_unknown_option_lists_the_known_ones() -> None:
    with pytest.raises(KbError, match="wanted, timeout, output_limit"):
        load_options({"zzz": 1})


# ---------------------------------------------------------------- mkdocs.yml


def test_mkdocs_file() -> None:
    text = "docs_dir: kb\nsite_dir: out\nplugins:\n  - search\n  - kbtool:\n      wanted: [а, б]\n      timeout: 1.5\n"
    assert read_mkdocs(text) == MkdocsFile("kb", "out", True, {"wanted": ["а", "б"], "timeout": 1.5})


@pytest.mark.parametrize("text", ["", "# nothing\n", "site_name: x\n", "plugins:\n", "plugins: [search]\n"])
def test_mkdocs_file_without_kbtool(text: str) -> None:
    assert read_mkdocs(text) == MkdocsFile("docs", "site", False, {})


@pytest.mark.parametrize("text", ["plugins: [kbtool]", "plugins:\n  kbtool: {}\n", "plugins:\n  - kbtool:\n"])
def test_mkdocs_file_with_kbtool_alone(text: str) -> None:
    assert read_mkdocs(text) == MkdocsFile("docs", "site", True, {})


def test_tags_are_not_followed() -> None:
    text = (
        "docs_dir: kb\n"
        "extra: !!python/object/apply:os.mkdir [/tmp/kbtool-was-here]\n"
        "x: !!python/name:os.system\n"
        "plugins:\n  - kbtool:\n      timeout: !ENV [HOME, 3]\n      wanted: !!python/tuple [a]\n"
    )
    found = read_mkdocs(text)
    assert found._replace(code=()) == MkdocsFile("kb", "site", True, {"timeout": None, "wanted": None})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: b: c", "mkdocs.yml, line 1, column 5: mapping values are not allowed here"),
        ("x: 1\na: [", "mkdocs.yml, line 2, column 5: "),
        ("- 1", "mkdocs.yml, line 1, column 1: a list or text"),
        ("docs_dir: [a]", "mkdocs.yml, line 1, column 11: `docs_dir` must be a path"),
        ("docs_dir: !ENV X", "mkdocs.yml, line 1, column 11: `docs_dir` must be a path"),
        ("plugins: [{kbtool: [1]}]", "the options of kbtool must be `key: value`"),
        ('a: "\x01"', "mkdocs.yml: unacceptable character"),
        ("[" * 5_000, "mkdocs.yml: lists or mappings within each other, too deep"),
        ("x" * 1_048_577, "mkdocs.yml: longer than"),
    ],
    ids=lambda text: text[:20],
)
def test_bad_mkdocs_file(text: str, told: str) -> None:
    with pytest.raises(KbError) as caught:
        read_mkdocs(text)
    assert told in str(caught.value)


def test_aliases_cannot_blow_up() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(97 + i)}: &{chr(97 + i)} [*{chr(96 + i)}, *{chr(96 + i)}]\n" for i in range(1, 25)
    )
    with pytest.raises(KbError, match="line 16, column 4: aliases"):
        read_mkdocs(bomb + "plugins: [{kbtool: {wanted: *y}}]")


def test_aliases_may_be_used() -> None:
    assert read_mkdocs("a: &a [x]\nb: [*a, *a]\nplugins: [{kbtool: {wanted: *a}}]").options == {"wanted": ["x"]}


@pytest.mark.parametrize("text", ["? [a]\n: b", "? {a: b}\n: c\ndocs_dir: docs"])
def test_odd_keys_are_passed_over(text: str) -> None:
    assert read_mkdocs(text) == MkdocsFile()


# ---------------------------------------------------------------- config.edn


def test_graph_settings() -> None:
    edn = """
    ;; comment
    {:meta/version 1
     :file/name-format :triple-lowbar
     :journal/page-title-format "yyyy-MM-dd"
     :property/separated-by-commas #{:Авторы "see_also"}
     :property-pages/enabled? false
     :property-pages/excludelist #{:rating}
     :hidden ["/utils" "x/y.md"]
     :macros {"hi" "привет $1" :q "{{query $1}}"}
     :default-home {:page "Q"}
     #_#_:home "x"}
    """
    assert graph_settings(edn) == (
        GraphSettings(
            "triple-lowbar",
            ("yyyy-MM-dd",),
            frozenset({"авторы", "see-also"}),
            False,
            frozenset({"rating"}),
            ("utils", "x/y.md"),
            (("hi", "привет $1"), ("q", "{{query $1}}")),
            "Q",
        ),
        (),
    )


@pytest.mark.parametrize("edn", ["{}", "", "{:file/name-format :legacy}", "{:preferred-format :markdown}"])
def test_a_graph_that_names_no_format_is_an_old_one(edn: str) -> None:
    assert graph_settings(edn) == (GraphSettings(name_format="legacy"), ())


def test_old_name_of_the_date_format() -> None:
    assert graph_settings('{:date-formatter "dd-MM-yyyy"}')[0].date_formats == ("dd-MM-yyyy",)


def test_values_of_the_wrong_kind_count_as_absent() -> None:
    edn = '{:hidden "x" :macros [1] :default-home 3 :property/separated-by-commas :a :journal/page-title-format 1}'
    assert graph_settings(edn) == (GraphSettings(name_format="legacy"), ())


UNREADABLE = ["{", "{:a}}", "[1 2]", ":a", '{:a "\\', "{#{1} 1 :a", "{:a}", "{:a :}"]
HUGE = ["[" * 200_000, "{:a " * 60_000, "#_" * 100_000, "x" * 262_145]


@pytest.mark.parametrize(
    "value",
    [
        '#"\\d+"',
        "#foo 1",
        '#inst "2020-01-01"',
        '#uuid "x"',
        "(fn [x] #(+ % 1))",
        "#?(:clj 1)",
        "'x",
        "`(~a ~@b)",
        "#:b{:c 1}",
        "##Inf",
        "^:k x",
        "#^k x",
        "#_ b #{1}",
        "\\{",
        '"#foo ; #("  ; }',
    ],
)
def test_clojure_in_a_config_is_passed_over(value: str) -> None:
    settings, warnings = graph_settings(f'{{:x {value}\n :hidden ["/kept"]}}')
    assert (settings.hidden, warnings) == (("kept",), ())


@pytest.mark.parametrize(
    ("edn", "told"),
    [
        ("{:a 1}}", "line 1, column 7: `}` closes nothing"),
        ("{:a 1\n :b (1 2]}", "line 2, column 9: `]` closes nothing but `(`"),
        ("\n  {:a [1]", "line 2, column 3: `{` is never closed"),
        ('{:a "x', "line 1, column 5: the string never ends"),
        ("{:a\n {:b}}", "line 2, column 2: the map ends in a key without a value"),
        ("{:a :}", "line 1, column 5: `:` can't stand here"),
        ("[" * 300, "nested too deep"),
    ],
)
def test_a_broken_config_is_one_warning_at_its_place(edn: str, told: str) -> None:
    _, warnings = graph_settings(edn)
    assert len(warnings) == 1
    assert told in warnings[0]


def test_keys_under_their_old_names_and_in_other_shapes() -> None:
    edn = """{:all-pages-public? false :preferred-workflow "todo" :default-home "Q" :pages-directory "./заметки/"
              :journals-directory "../out" :ui/show-full-blocks? true :block-hidden-properties #{:Card_x}
              :journal/file-name-format "yyyyMMdd"}"""
    found, _ = graph_settings(edn)
    assert (found.all_public, found.workflow, found.home, found.full_blocks) == (False, "todo", "Q", True)
    assert (found.pages_directory, found.journals_directory) == ("заметки", "journals")
    assert (found.hidden_properties, found.journal_files) == (frozenset({"card-x"}), "yyyyMMdd")


def test_the_newer_name_of_a_key_counts_before_the_old() -> None:
    edn = """{:all-pages-public? false :publishing/all-pages-public? true
              :date-formatter "x" :journal/page-title-format "y"}"""
    found, _ = graph_settings(edn)
    assert (found.all_public, found.date_formats) == (True, ("y",))


@pytest.mark.parametrize("edn", ['{:default-home "journals"}', "{:default-home {}}"])
def test_journals_are_no_home_page(edn: str) -> None:
    assert graph_settings(edn)[0].home == ""


@pytest.mark.parametrize("edn", [*UNREADABLE, *HUGE], ids=lambda edn: edn[:12])
def test_what_cannot_be_read_is_a_warning_and_the_defaults(edn: str) -> None:
    settings, warnings = graph_settings(edn)
    assert settings == GraphSettings()
    assert len(warnings) == 1
    assert warnings[0].startswith("logseq/config.edn ")


def test_configs_of_public_graphs_are_read(corpora: Path) -> None:
    found = [graph_settings(path.read_text("utf-8")) for path in sorted(corpora.glob("*/logseq/config.edn"))]
    assert [warnings for _, warnings in found] == [()] * 5


def test_dialect() -> None:
    assert load_options({"dialect": "obsidian"}).dialect == "obsidian"
    with pytest.raises(KbError, match="takes `logseq` or `obsidian`, not the text 'org'"):
        load_options({"dialect": "org"})


def test_languages() -> None:
    assert load_options({"languages": ["python", "bash"]}).languages == ("python", "bash")
    assert Config().languages == ("python",)
    assert with_options(GraphSettings(), Config(languages=("bash",))).languages == ("bash",)
