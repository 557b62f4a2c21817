#!/usr/bin/env bash
# Runs the tests that hold the bytes of the output on each other supported Python that is found, on PATH or among
# pyenv's. Installs none: a Python that isn't there is named and passed over.
set -euo pipefail
cd "$(dirname "$0")/.."

find_python() {
    local candidate
    for candidate in "$(command -v "python$1")" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/"python$1"; do
        # pyenv's shims are on PATH for versions that aren't active, and fail
        "$candidate" -c 'import ensurepip, venv' 2>/dev/null && { echo "$candidate"; return; }
    done
    return 1
}

for version in 3.11 3.12 3.13; do
    [[ $(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])') == "$version" ]] && continue
    if ! python=$(find_python "$version"); then
        echo "python$version: not found, passed over" >&2
        continue
    fi
    venv=.venv-$version
    if [[ ! -e $venv/.done || requirements/dev.txt -nt $venv/.done || pyproject.toml -nt $venv/.done ]]; then
        echo "installing into $venv" >&2
        "$python" -m venv --clear "$venv"
        pip=("$venv/bin/python" -m pip -qq --disable-pip-version-check install)
        "${pip[@]}" --require-hashes --requirement requirements/dev.txt >&2
        "${pip[@]}" --no-deps --no-build-isolation --editable . >&2
        touch "$venv/.done"
    fi
    "$venv/bin/python" -m pytest -m determinism
done
