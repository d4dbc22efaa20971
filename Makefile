# `make quickstart` and `make test` are all that a fresh machine needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: install quickstart test slow style quality clean

install: $(INSTALLED)

# constraints.txt is the tested set; it also keeps a machine without a GPU on the CPU build of torch where one is found.
$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

quickstart: $(INSTALLED)
	$(BIN)/xalign train recipes/quickstart.yaml --heads.tcm null --output_dir runs/quickstart/mlm
	$(BIN)/xalign train recipes/quickstart.yaml
	$(BIN)/xalign report runs/quickstart/mlm runs/quickstart/mlm-tcm --output runs/quickstart/report.html

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

clean:
	rm -rf $(VENV) build dist *.egg-info
