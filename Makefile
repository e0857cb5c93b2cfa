# make          set up .venv, run every notebook over data/articles, leave figures/
# make test     set up .venv, lint, run the tests
# make lab      JupyterLab on the notebooks
# make validate how well each instrument does on annotated corpora, and what names move (data/validity.csv, …)
# make norms    what reference articles score, so that much and little can be told (data/norms.csv)
# make bench    how fast each stage is, how much memory a thousand articles take, how time grows; prints only
# make train    learn the model of data/models anew from annotated corpora; resumes where it was stopped
# make lock     pin what was tested anew, after a change of pyproject.toml
# make clean    remove .venv and everything built; figures/ stays

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: figures test lab validate norms bench train lock clean

figures: $(READY)
	$(BIN)/python -m analysis run

test: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

lab: $(READY)
	$(BIN)/jupyter lab notebooks

validate: $(READY)
	$(BIN)/python -m training.validate
	$(BIN)/python -m training.invariance

norms: $(READY)
	$(BIN)/python -m training.norms

bench: $(READY)
	$(BIN)/python -m training.bench --sizes 1000 4000 16000
	$(BIN)/python -m training.growth --largest 32000

train: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[training]'
	$(BIN)/python -m training.train

# The package comes last and without isolation, so that it is built by the pinned setuptools.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is missing or older than 3.11; try: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "error: $(PYTHON) cannot make environments; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lock:
	$(PYTHON) -m venv --clear build/lock
	build/lock/bin/python -m pip install --quiet --upgrade setuptools --editable '.[test]'
	{ sed -n '/^#/p' requirements.lock; \
		build/lock/bin/python -m pip freeze --all --exclude-editable | grep -v '^pip=='; } > build/requirements.lock
	! grep -E '@|/' build/requirements.lock
	mv build/requirements.lock requirements.lock

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .hypothesis
	find analysis tests training -name __pycache__ -prune -exec rm -rf {} +
