# Needs Python 3.11 to 3.13 and nothing else; everything is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
ENV ?= demo

# The tests start Python some hundred times, and each start would compile the project again.
unexport PYTHONDONTWRITEBYTECODE

# pip prints nothing while it unpacks. So print a dot every other second until make's shell ends.
PIP_INSTALL = ( while sleep 2 && kill -0 $$$$ 2>/dev/null; do printf .; done ) & \
	$(@D)/bin/python -m pip install --disable-pip-version-check --quiet

.PHONY: run test check lint format docs viz viz-site pictures sample benchmark audit licences lock clean

run: .venv/run.stamp  ## Run the whole analysis on simulated data (another cohort: make run ENV=golub)
	$(BIN)/kedro run --env $(ENV)

# Each worker takes whole files in order. Sorted by number of tests, the longest would come last:
# tests/conftest.py puts it first.
PYTEST = $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

test: lint .venv-mlflow/test.stamp  ## Lint, run every test, measure coverage
	@echo "This takes 25 to 40 minutes on two cores. Each dot is a test; some take a minute."
	$(PYTEST) --cov --cov-report=term

check: lint  ## Lint and run the quick tests, in about five minutes
	$(PYTEST) -m "not slow"

lint: .venv/test.stamp  ## Check style, imports between rooms and types; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: .venv/test.stamp  ## Rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

viz: viz-site  ## Show the picture of the pipelines in a browser, with the last run; needs no network
	@echo "Open http://127.0.0.1:4141, or http://127.0.0.1:4141/models.html for the models; Ctrl-C ends it."
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory build/viz 4141

# Another run of what exists would be the last run, and its tab would be empty.
viz-site: .venv/run.stamp  ## Write the picture as a static site: build/viz/index.html
	test -f data/08_reporting/$(ENV)/report.html || $(BIN)/kedro run --env $(ENV)
	$(BIN)/python scripts/viz_site.py --env $(ENV) build/viz

pictures: .venv/test.stamp  ## Make the README's pictures from a run on simulated data; needs chromium
	$(BIN)/python scripts/pictures.py

sample: .venv/run.stamp  ## Make a sample report and a sample bundle of simulated patients: build/sample
	$(BIN)/kedro run --env demo
	rm -rf build/sample data/08_reporting/demo/demo-bundle.zip
	$(BIN)/kedro bundle --env demo
	mkdir -p build/sample
	mv data/08_reporting/demo/demo-bundle.zip build/sample
	cp data/08_reporting/demo/report.html build/sample/demo-report.html

docs: .venv/test.stamp  ## Build the documentation: build/docs/index.html
	$(BIN)/sphinx-build -W -n -q docs build/docs

benchmark: .venv/test.stamp  ## Compare times with scikit-learn, limma and multtest (with R if installed)
	$(BIN)/python benchmarks

audit: .venv-audit/run.stamp  ## Look up known vulnerabilities of the locked packages; needs a network
	.venv-audit/bin/python scripts/audit.py requirements*.txt

licences: .venv/test.stamp  ## List the licences of the locked packages; looks nothing up
	$(BIN)/python scripts/licences.py requirements-dev.txt

COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --no-header \
	--no-annotate --quiet

lock: .venv/test.stamp  ## Update the lock files
	$(BIN)/python -m pip install --quiet uv
	mkdir -p build
	$(COMPILE) pyproject.toml --group dev --all-extras --upgrade -o build/together.txt
	$(COMPILE) pyproject.toml --generate-hashes -c build/together.txt -o requirements.txt
	$(COMPILE) pyproject.toml --generate-hashes -c build/together.txt --group dev --extra airflow --extra app --extra dask \
		--extra excel --extra h5ad -o requirements-dev.txt
	echo pip-audit > build/audit.in
	$(COMPILE) --generate-hashes build/audit.in -o requirements-audit.txt
	$(COMPILE) pyproject.toml --generate-hashes -c build/together.txt --extra mlflow -o requirements-mlflow.txt

clean:  ## Remove environments, builds and results
	rm -rf .venv .venv-mlflow .venv-audit build dist data/0[2-8]*/*/

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
		"Name another: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing the locked dependencies into $(@D) (a minute or two the first time)"
	@$(PIP_INSTALL) --require-hashes -r $<
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@echo && touch $@

.venv/test.stamp: requirements-dev.txt .venv/run.stamp
	@echo "Installing what the tests need into $(@D)"
	@$(PIP_INSTALL) --require-hashes -r $<
	@echo && touch $@

# A separate environment, because the plugin slows every start wherever it is installed.
.venv-audit/run.stamp: requirements-audit.txt | .venv/bin/python
	@echo "Installing pip-audit into $(@D)"
	@.venv/bin/python -m venv $(@D)
	@$(PIP_INSTALL) --require-hashes -r $<
	@echo && touch $@

.venv-mlflow/test.stamp: requirements-mlflow.txt pyproject.toml | .venv/bin/python
	@echo "Installing MLflow and what the project needs into $(@D)"
	@.venv/bin/python -m venv $(@D)
	@$(PIP_INSTALL) --require-hashes -r $<
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@echo && touch $@
