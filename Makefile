# Needs Python 3.11 to 3.13 and nothing else; everything is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
ENV ?= demo

.PHONY: run test lint docs viz benchmark lock clean

run: .venv/run.stamp  ## The whole analysis on simulated data (another cohort: make run ENV=base)
	$(BIN)/kedro run --env $(ENV)

test: .venv/test.stamp  ## Every test; those that need real files say so where they are absent
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pytest

viz: .venv/run.stamp  ## The picture of the pipelines in a browser
	$(BIN)/kedro viz run --env $(ENV)

lint: .venv/test.stamp  ## Put code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/test.stamp  ## The documentation as a site: build/docs/index.html
	$(BIN)/sphinx-build -W -n -q docs build/docs

COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-header \
	--no-annotate --quiet

lock: .venv/test.stamp  ## Resolve the dependencies anew
	$(BIN)/python -m pip install --quiet uv
	mkdir -p build
	$(COMPILE) --group dev --all-extras --upgrade -o build/together.txt
	$(COMPILE) --generate-hashes -c build/together.txt -o requirements.txt
	$(COMPILE) --generate-hashes -c build/together.txt --group dev --extra airflow --extra dask \
		-o requirements-dev.txt
	$(COMPILE) --generate-hashes -c build/together.txt --extra mlflow -o requirements-mlflow.txt

clean:  ## Remove everything that was made
	rm -rf .venv build dist data/0[2-8]*/*/

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
		"Name another: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing the locked dependencies into .venv (a minute or two the first time)"
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on \
		--require-hashes -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet \
		--no-deps --no-build-isolation -e .
	touch $@

.venv/test.stamp: requirements-dev.txt .venv/run.stamp
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on \
		--require-hashes -r requirements-dev.txt
	touch $@
