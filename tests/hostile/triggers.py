"""Traps that a base may hold: what each plants, and what springs it. `MARK` is a file that a sprung one makes."""

from __future__ import annotations

from typing import NamedTuple

PYTHON = "open('MARK', 'a').write('x')\n"
SHELL = "touch 'MARK'\n"
JINJA = "cycler.__init__.__globals__.os.popen(\"touch 'MARK'\").read()"
YAML = "!!python/object/apply:os.system [\"touch 'MARK'\"]\n"


class Trigger(NamedTuple):
    """A trap: the files that it plants, added to the end of what is there, and a shell command that springs it.

    The command runs in the folder of the project with `$PY` for Python; `kb/` below is the base.
    """

    name: str
    files: dict[str, str]
    spring: str


def _note(fence: str, code: str, before: str = "") -> str:
    indented = "".join(f"  {line}\n" for line in code.splitlines())
    return f"{before}- [[Start]]\n- ```{fence}\n{indented}  ```\n"


def _cell(name: str, fence: str, code: str) -> Trigger:
    return Trigger(name, {f"kb/pages/{name}.md": _note(fence, code)}, "$PY -m kbtool run --sandbox none kb")


def _code(name: str, fence: str, code: str, interpreter: str) -> Trigger:
    """A fence that nothing of ours runs; it is sprung as what its author meant would."""
    spring = f"sed -n '/```/,/```/p' kb/pages/{name}.md | sed '1d;$d' | sed 's/^  //' | {interpreter}"
    return Trigger(name, {f"kb/pages/{name}.md": _note(fence, code)}, spring)


def _module(name: str, folder: str = "kb/pages/") -> Trigger:
    """A module where a careless program looks first."""
    return Trigger(f"module {folder}{name}", {f"{folder}{name}.py": PYTHON}, f"cd ./{folder} && $PY -c 'import {name}'")


def _git(name: str, config: str, spring: str, **files: str) -> Trigger:
    return Trigger(f"git {name}", {".git/config": config, **files}, spring)


def _attribute(name: str, config: str, spring: str) -> Trigger:
    """A program of git's that files name by an attribute."""
    kind = "filter" if config.startswith("[filter") else "diff"
    return _git(name, config, spring, **{".gitattributes": f"*.md {kind}={name}\n"})


_HOOK = f"#!/bin/sh\n{SHELL}"
_EDIT = "echo x >> kb/pages/Start.md; "

TRIGGERS = (
    # ---- code in notes
    _cell("python", "python", PYTHON),
    _cell("bash", "bash", SHELL),
    _cell("transcript", "pycon", ">>> " + PYTHON),
    _cell("named", "python name=cell export", PYTHON + "x = 1\n"),
    _cell("raising", "python raises=ValueError", PYTHON + "raise ValueError\n"),
    Trigger(
        "imported",
        {
            "kb/pages/exports.md": _note("python export", "def f():\n    " + PYTHON),
            "kb/pages/imports.md": _note("python", "from kb.exports import f\nf()\n"),
        },
        "$PY -m kbtool run --sandbox none kb",
    ),
    Trigger(
        "helper",
        {
            "kb/pages/uses.md": _note(
                "python", "import sys\nsys.path.insert(0, 'kb')\nexec(open('kb/helper.txt').read())\n"
            )
        }
        | {"kb/helper.txt": PYTHON},
        "$PY -c \"exec(open('kb/helper.txt').read())\"",
    ),
    _code("norun", "python norun", PYTHON, "$PY -"),
    _code("executed", 'python exec="on"', PYTHON, "$PY -"),
    _code("posix", "sh", SHELL, "sh"),
    _code("javascript", "javascript", "require('fs').writeFileSync('MARK', 'x')\n", "node -"),
    _code("dataview", "dataviewjs", "require('fs').writeFileSync('MARK', 'x')\n", "node -"),
    _code("magic", "python norun", f"!{SHELL}", "sed 's/^!//' | sh"),
    Trigger(
        "babel",
        {"kb/pages/babel.md": f"- #+BEGIN_SRC python\n  {PYTHON}  #+END_SRC\n"},
        "sed -n 2p kb/pages/babel.md | sed 's/^  //' | $PY -",
    ),
    # ---- templates and data
    Trigger(
        "expression",
        {"kb/pages/expression.md": f"- {{{{ {JINJA} }}}}\n"},
        "$PY -c \"import jinja2; jinja2.Template(open('kb/pages/expression.md').read()).render()\"",
    ),
    Trigger(
        "statement",
        {"kb/pages/statement.md": f"- {{% if {JINJA} %}}x{{% endif %}}\n"},
        "$PY -c \"import jinja2; jinja2.Template(open('kb/pages/statement.md').read()).render()\"",
    ),
    Trigger(
        "override",
        {"kb/overrides/main.html": f"{{{{ {JINJA} }}}}\n"},
        "$PY -c \"import jinja2; jinja2.Template(open('kb/overrides/main.html').read()).render()\"",
    ),
    Trigger(
        "front matter",
        {"kb/pages/matter.md": f"---\ntags: {YAML}---\n- x\n"},
        "$PY -c \"import yaml; next(yaml.unsafe_load_all(open('kb/pages/matter.md')))\"",
    ),
    Trigger(
        "inner settings",
        {"kb/mkdocs.yml": f"site_name: {YAML}hooks: [hooks.py]\n"},
        "$PY -c \"import yaml; yaml.unsafe_load(open('kb/mkdocs.yml'))\"",
    ),
    Trigger("hooks", {"kb/hooks.py": PYTHON}, "$PY kb/hooks.py"),
    Trigger("data", {"kb/data.yml": YAML}, "$PY -c \"import yaml; yaml.unsafe_load(open('kb/data.yml'))\""),
    Trigger(
        "pickle",
        {"kb/.kbtool/cache.pickle": "cos\nsystem\n(S\"touch 'MARK'\"\ntR."},
        "$PY -c \"import pickle; pickle.load(open('kb/.kbtool/cache.pickle', 'rb'))\"",
    ),
    # ---- what Python, make and shells load by themselves
    *map(_module, ("numpy", "yaml", "nh3", "math", "mkdocs", "markdown_it", "pygments", "usercustomize", "kbtool")),
    _module("yaml", ""),
    _module("numpy", "kb/"),
    Trigger("start", {"sitecustomize.py": PYTHON}, "PYTHONPATH=. $PY -c pass"),
    Trigger("start in the base", {"kb/pages/sitecustomize.py": PYTHON}, "PYTHONPATH=kb/pages $PY -c pass"),
    Trigger("package", {"kb/__init__.py": PYTHON}, "$PY -c 'import kb'"),
    Trigger(
        "conftest", {"kb/conftest.py": PYTHON}, "$PY -m pytest -q -p no:cacheprovider -c /dev/null --rootdir kb kb"
    ),
    Trigger("setup", {"setup.py": PYTHON}, "$PY setup.py"),
    Trigger("path file", {"kb/x.pth": f"import os; {PYTHON}"}, "$PY -c \"import site; site.addsitedir('kb')\""),
    Trigger("makefile", {"kb/Makefile": f"all:\n\t{SHELL}"}, "make -C kb"),
    Trigger("shell start", {".bashrc": SHELL}, "bash --rcfile .bashrc -i -c true"),
    # ---- programs that git starts
    _git("fsmonitor", "[core]\n\tfsmonitor = touch 'MARK'\n", "git status"),
    _git("hooksPath", "[core]\n\thooksPath = hooks\n", "git commit --allow-empty -m x", **{"hooks/pre-commit": _HOOK}),
    _git("post-index-change", "", f"{_EDIT}git add .", **{".git/hooks/post-index-change": _HOOK}),
    _git("external diff", "[diff]\n\texternal = touch 'MARK' #\n", f"{_EDIT}git diff"),
    _attribute("textconv", "[diff \"textconv\"]\n\ttextconv = touch 'MARK'; cat\n", f"{_EDIT}git diff"),
    _attribute("command", "[diff \"command\"]\n\tcommand = touch 'MARK' #\n", f"{_EDIT}git diff"),
    _attribute("clean", "[filter \"clean\"]\n\tclean = touch 'MARK'; cat\n", f"{_EDIT}git add ."),
    _attribute("smudge", "[filter \"smudge\"]\n\tsmudge = touch 'MARK'; cat\n", "rm kb/pages/Start.md; git checkout ."),
    _git("sshCommand", "[core]\n\tsshCommand = touch 'MARK' #\n", "git ls-remote ssh://localhost/x"),
    _git("gitProxy", "[core]\n\tgitProxy = PROXY\n", "git ls-remote git://localhost/x", PROXY=_HOOK),
    _git("credential", "[credential]\n\thelper = \"!touch 'MARK' #\"\n", "echo url=https://x.y | git credential fill"),
    _git("gpg", "[gpg]\n\tprogram = PROXY\n", "git commit -S --allow-empty -m x", PROXY=_HOOK),
    _git("editor", "[core]\n\teditor = touch 'MARK' #\n", "git commit --allow-empty"),
)
