# make demo   sets everything up on a fresh machine and starts the whole product offline
# make test   sets everything up and runs the suite
# make evidence  the long campaigns; writes their figures into docs/evidence (hours)
# make check  style and types only
# make lock   renews the pinned requirements after a change to pyproject.toml

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
WORKERS ?= 2

.PHONY: demo test evidence check lock clean
.DEFAULT_GOAL := demo

# One stamp per set of requirements: the second time nothing is installed.
RUN_STAMP := $(VENV)/.run-$(shell cksum requirements/run.txt pyproject.toml | cksum | cut -d' ' -f1)
DEV_STAMP := $(VENV)/.dev-$(shell cksum requirements/dev.txt pyproject.toml | cksum | cut -d' ' -f1)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian: apt install python3-venv"; exit 2; }

$(RUN_STAMP): requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing what it runs on (once, about half a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_STAMP): requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing what it is tested with (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(RUN_STAMP)
	@$(BIN)/voice-agent demo --port $(PORT)

test: $(DEV_STAMP) node_modules/.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run: ruff format ."; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile

# Each of them exits with an error when a promise is not kept; the others still run. EVIDENCE=n runs one alone.
EVIDENCE ?= red_team handoff drain kills campaign confidence bench
evidence: export OMP_NUM_THREADS = 1

evidence: $(DEV_STAMP)
	@mkdir -p docs/evidence
	@failed=; for one in $(EVIDENCE); do echo "== $$one"; case $$one in \
		red_team) $(BIN)/python -m tests.red_team --out docs/evidence/red_team.md ;; \
		handoff) $(BIN)/python -m tests.handoff --out docs/evidence/handoff.md ;; \
		drain) $(BIN)/python -m tests.draining --out docs/evidence/drain.md ;; \
		kills) $(BIN)/python -m tests.kills --writes 10000 > docs/evidence/writes.md ;; \
		campaign) $(BIN)/python -m tests.campaign --workers $(WORKERS) --out docs/evidence/conversations.md ;; \
		confidence) $(BIN)/python -m training.confidence --check --workers $(WORKERS) ;; \
		bench) $(BIN)/voice-agent bench --calls 1 --calls 50 --calls 200 --seconds 60 | tee docs/evidence/bench.txt ;; \
		*) echo "EVIDENCE: there is no $$one"; false ;; \
	esac || failed="$$failed $$one"; done; [ -z "$$failed" ] || { echo "not kept:$$failed"; exit 1; }

check: $(DEV_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/mypy

# The official Node clients drive the emulators too; without Node those tests say why they are skipped.
node_modules/.stamp: $(wildcard tests/*/node/package-lock.json)
	@mkdir -p node_modules
	@for folder in $(wildcard tests/*/node); do \
		if command -v npm >/dev/null 2>&1; then (cd $$folder && npm ci --silent --no-audit --no-fund --ignore-scripts) || exit 1; fi; \
	done
	@touch $@

lock:
	@$(BIN)/python -m pip install --quiet uv
	@printf 'hatchling==1.33.0\neditables\n' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header - -o requirements/build.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		pyproject.toml -o requirements/run.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		pyproject.toml --group dev -o requirements/dev.txt

clean:
	@rm -rf $(VENV) node_modules tests/*/node/node_modules .mypy_cache .ruff_cache .pytest_cache
