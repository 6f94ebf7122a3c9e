# Everything runs in .venv, which the first target that needs it makes.
PYTHON ?= python3
EXTRAS ?= embedded,serve,edit,remote,import,editors,dev
PODGEN := .venv/bin/podgen

.PHONY: setup demo season test lint bench clean
.DELETE_ON_ERROR:

setup: .venv/installed

.venv/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "podgen needs Python 3.11 or newer; say make PYTHON=python3.12")'
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --upgrade pip
	.venv/bin/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	touch $@

# The pilot episode, spoken, mixed and mastered: dist/pilot.mp3
demo: dist/pilot.mp3

# Any show: make dist/NAME.mp3. The dependency file makes it new when the script, the voices, a
# lexicon, a chosen take or an asset has changed, and only then.
dist/%.mp3: shows/%.yaml | .venv/installed
	$(PODGEN) render $< --output $@ --depfile dist/$*.d

# Several shows in one render, each engine loaded once: make season SEASON='FOLDER OR SCRIPTS'
SEASON ?= shows/pilot.yaml shows/scene.yaml
season: .venv/installed
	$(PODGEN) render $(SEASON) --output 'dist/{name}.mp3' --depfile 'dist/{name}.d'

-include $(wildcard dist/*.d)

test: .venv/installed
	.venv/bin/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

lint: .venv/installed
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: .venv/installed
	.venv/bin/python -m benchmarks

clean:
	rm -rf dist build
