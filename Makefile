# Everything happens in .venv, made with the first Python 3.11 to 3.13 that is found (or PYTHON=...).
#
#   make demo                               a sample clip in a shipped style
#   make demo VIDEO=my.mp4 STYLE=ukiyoe     a video of yours
#   make studio                             the studio, in your browser
#   make test                               the tests
#   make soak                               the long forms of the tests: minutes to hours
#   make check                              what CI looks at: ruff, pyright, import-linter
#   make install                            everything: applying, training, demo, tests
#   make install TORCH_INDEX=               with pip's own torch: on Linux it brings CUDA (gigabytes)
#   make install TORCH_INDEX=URL            with torch from an index of your choice

VENV ?= .venv
VIDEO ?=
STYLE ?= vangogh
# A POSIX layout first; on Windows (Git Bash, MSYS) a virtual environment has Scripts instead of bin.
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
STAMPS := $(VENV)/.stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt
SETTINGS := pyproject.toml constraints.txt
# On Linux the ordinary index has torch with CUDA alone; a build for the CPU is a version of its own (+cpu) that
# pip prefers where it sees both. Elsewhere, and where this index cannot be reached, the ordinary one serves.
TORCH_INDEX ?= $(if $(filter Linux,$(shell uname -s)),https://download.pytorch.org/whl/cpu)

IS_REACHABLE = 'import sys, urllib.request as u; \
	sys.excepthook = lambda *_: None; u.urlopen(sys.argv[1] + "/torch/", timeout=10).close()'

# Looked for once, and only while there is no environment yet.
ifeq ($(wildcard $(STAMPS)/venv)$(PYTHON),)
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
endif

.PHONY: help demo studio install test soak check format clean

help:
	@sed -n 's/^#   //p' Makefile

$(STAMPS)/venv:
	@test -n "$(PYTHON)" || { echo "Stylereel needs Python 3.11, 3.12 or 3.13, and none was found:" \
		"install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 4; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "Stylereel needs Python 3.11, 3.12 or 3.13; $(PYTHON) is `$(PYTHON) --version`." >&2; exit 4; }
	@echo "Making $(VENV) with `$(PYTHON) --version`"
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/demo: $(STAMPS)/venv $(SETTINGS)
	@echo "Installing Stylereel without training"
	@$(INSTALL) --editable '.[demo]'
	@touch $@

$(STAMPS)/studio: $(STAMPS)/venv $(SETTINGS)
	@echo "Installing Stylereel with its studio, without training"
	@$(INSTALL) --editable '.[demo,studio]'
	@touch $(STAMPS)/demo $@

$(STAMPS)/all: $(STAMPS)/venv $(SETTINGS)
	@echo "Installing Stylereel with training and tests (torch is large: this takes a while)"
	@index='$(TORCH_INDEX)'; \
	if [ '$(origin TORCH_INDEX)' = file ] && [ -n "$$index" ] && ! $(BIN)/python -c $(IS_REACHABLE) "$$index"; then \
		echo "$$index cannot be reached: torch comes from pip's own index, perhaps with CUDA"; index=; \
	fi; \
	$(INSTALL) $${index:+--extra-index-url "$$index"} torch
	@$(INSTALL) --editable '.[demo,train,dev,studio]'
	@touch $(STAMPS)/demo $(STAMPS)/studio $@

install: $(STAMPS)/all

demo: $(STAMPS)/demo
	@$(BIN)/stylereel demo $(if $(VIDEO),"$(VIDEO)") --style "$(STYLE)"

studio: $(STAMPS)/studio
	@$(BIN)/stylereel studio

test: $(STAMPS)/all
	@$(BIN)/python -m pytest -n auto $(TESTS)

soak: $(STAMPS)/all
	@$(BIN)/python -m pytest -m soak --timeout 0 -o faulthandler_timeout=0 $(or $(TESTS),tests/soak)

check: $(STAMPS)/all
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/lint-imports

format: $(STAMPS)/all
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist demo .pytest_cache .hypothesis .ruff_cache .import_linter_cache
