#!/usr/bin/env bash
# Writes the locks anew: what `make demo` installs (run.txt), what the license server and the operator need on top
# (server.txt), and what development and CI install (dev.txt).
# With hashes of every file of a release, so that one lock serves every supported Python.
# Pass --upgrade to take newer versions.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
    # No configuration of this machine: the hashes must be those that everybody sees.
    env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null \
        CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/python -m piptools compile --quiet \
        --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host \
        --no-emit-find-links --build-deps-for editable "$@" pyproject.toml
}

compile "$@" --output-file requirements/run.txt
compile "$@" --extra server --constraint requirements/run.txt --output-file requirements/server.txt
compile "$@" --extra test --extra lint --extra lock --constraint requirements/server.txt --output-file requirements/dev.txt
