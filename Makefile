# make site   compiles kb/ into site/          make serve   the same, again at each change
# make test   style, types, tests              make bench   speed, measured
# make clean  takes away all of that but .venv
#
# PYTHON=python3.12 names another interpreter; PIP_FLAGS="…" goes to every `pip install`.

PYTHON ?= python3
PIP_FLAGS ?=
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install $(PIP_FLAGS) --constraint constraints.txt
PINS := pyproject.toml constraints.txt

.DELETE_ON_ERROR:
.PHONY: site test serve bench clean

site: $(VENV)/.site
	@$(PY) -m kbtool build --allow gpu

serve: $(VENV)/.site
	@$(PY) -m kbtool serve

test: $(VENV)/.test
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(VENV)/.test
	@$(PY) -m benchmarks.check
	@$(PY) -m benchmarks.sessions
	@$(PY) -m benchmarks.site
	@$(PY) -m benchmarks.serve
	@$(PY) -m benchmarks.graph
	@$(PY) -m benchmarks.cluster

clean:
	rm -rf site site.new-* .cache build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find kbtool tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# A stamp is written last: what Ctrl-C cut short is done again. PyTorch goes first and alone, because it is most of the
# download and pip shows how far it is; the rest is quick and quiet.
$(VENV)/.site: $(VENV)/.python $(PINS)
	@echo "Installing PyTorch for the code in kb/ (the one large download) …"
	@$(PIP) torch
	@echo "Installing kbtool and what it stands on …"
	@$(PIP) --quiet --editable '.[notes]'
	@touch $@

$(VENV)/.test: $(VENV)/.site
	@echo "Installing what the tests need …"
	@$(PIP) --quiet --editable '.[notes,dev]'
	@touch $@

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo "kbtool needs Python 3.11 or newer, and there is no $(PYTHON) here." \
	    "Install one, or name it: make site PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kbtool needs Python 3.11 or newer;" \
	    "$(PYTHON) is $$($(PYTHON) -V 2>&1). Name a newer one: make site PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@
