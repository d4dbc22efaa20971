# `make quickstart` and `make test` are all that a fresh machine needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: install quickstart quickstart-mlm quickstart-mlm-tcm test slow style quality audit clean

install: $(INSTALLED)

# constraints.txt is the tested set; it also keeps a machine without a GPU on the CPU build of torch where one is found.
$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

# Both models at once, a core each: at this size a second thread gains less than it costs.
quickstart: $(INSTALLED)
	$(BIN)/xalign prepare recipes/quickstart.yaml
	$(MAKE) --no-print-directory --jobs 2 quickstart-mlm quickstart-mlm-tcm
	$(BIN)/xalign report runs/quickstart/mlm runs/quickstart/mlm-tcm --output runs/quickstart/report.html

quickstart-mlm: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/xalign train recipes/quickstart.yaml --disable_tqdm true \
		--heads.tcm null --output_dir runs/quickstart/mlm

quickstart-mlm-tcm: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/xalign train recipes/quickstart.yaml --disable_tqdm true

test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 -m 'not slow'

slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

style: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

quality: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Known holes of the tested set, by the advisories of PyPI. It fails where these cannot be reached: silence is no news.
audit: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/python -m pip_audit --strict --no-deps --disable-pip --requirement constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info
