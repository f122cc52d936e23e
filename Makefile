# Everything a newcomer needs; `make help` explains each target.
PY ?= python3
BIN := .venv/bin
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: help run demo test lowest lint history drill bench bench-full pages wheel clean

help: ## Show what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Start the registry on this machine; needs nothing but Python 3.11 (stop with Ctrl-C)
	@$(PY) -m consent.server up

demo: .venv/.server ## The whole story without a browser: sign, scan, end, scan again, verify
	@$(BIN)/consent-server demo

test: .venv/.test ## Run every test against real components
	@$(BIN)/python -m pytest $(TESTS)

lowest: ## Test with the lowest versions that pyproject.toml allows
	$(PY) -m venv .venv-lowest
	.venv-lowest/bin/pip install --quiet uv
	.venv-lowest/bin/uv pip install --quiet --resolution lowest-direct --python .venv-lowest/bin/python \
	    -e '.[server,embedded,test]'
	.venv-lowest/bin/python -m pytest $(TESTS)

lint: .venv/.lint ## Formatting, lint rules, types, import directions, file sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy consent signing
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/house

history: .venv/.test ## Minutes of checks under faults, judged for stale allows; then each wrong variant
	@$(BIN)/python -m tests.history

drill: .venv/.test ## Back a registry up, lose it, restore it, and rotate its keys, on invented data
	@$(BIN)/python -m pytest tests/faults/test_backup_*.py tests/server/backup tests/server/test_rotation.py

prove: .venv/.test ## Kill, pause, starve and roll back the log's publisher at every step, on four stores; 10 to 20 minutes
	@$(BIN)/python -m tests.faults.publisher

bench: .venv/.test ## Measure and print a table, in about half an hour; writes bench.json, fails on a missed ratio
	@$(BIN)/python -m tests.bench

bench-full: .venv/.test ## The same with a longer warm-up and ten million consents; more than an hour
	@$(BIN)/python -m tests.bench --full

pages: .venv/.test ## Photograph every page, small and wide, light and dark: artefacts/pages.html
	@rm -rf artefacts/pages
	@$(BIN)/python -m pytest tests/browser/test_every_page.py tests/browser/test_second_yes.py \
	    tests/browser/test_documentation.py tests/browser/test_counted_held_erased.py tests/browser/test_verifying.py
	@$(BIN)/python -m tests.browser.contact_sheet

wheel: .venv/.test ## Build the wheel into dist/
	@$(BIN)/python -m build --wheel --outdir dist .

clean: ## Remove the data folder, the environment and everything built
	rm -rf .state .demo .venv .venv-lowest dist build bench.json artefacts

.venv/.server: pyproject.toml
	@$(PY) -m consent.server install --extras server,embedded
	@touch $@

.venv/.test: pyproject.toml
	@$(PY) -m consent.server install --extras server,embedded,test
	@touch $@

.venv/.lint: pyproject.toml
	@$(PY) -m consent.server install --extras server,embedded,test,lint
	@touch $@
