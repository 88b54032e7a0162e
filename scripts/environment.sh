# Sourced by the other scripts: makes .venv with a fitting Python and installs the locked packages into it.
# POSIX sh, because nothing can be assumed before Python is found.

# Many processes are started, one test process per core and more. None of them should compile every module anew.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1
}

# A name on the search path may be a stub of a version manager that runs nothing, so each candidate is tried.
find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python \
        "$HOME"/.pyenv/versions/3.1[123]*/bin/python /opt/homebrew/bin/python3.1[123] /usr/local/bin/python3.1[123]; do
        [ -n "$candidate" ] || continue
        if fits "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# Debian splits venv from Python. As root we install it, otherwise we say what to install.
need_venv_module() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
    package="python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    may_install || die "Python's venv module is missing. Install it (sudo apt-get install $package) and try again."
    say "Installing $package ..."
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package"; } >/dev/null 2>&1 ||
        die "Python's venv module is missing and $package could not be installed. Install it and try again."
}

make_venv() {
    python=$(find_python) ||
        die "Python 3.11, 3.12 or 3.13 is needed and none was found. Install one, or name it: PYTHON=/path/to/python3.12 make ..."
    need_venv_module "$python"
    say "Making .venv with $("$python" --version 2>&1) ..."
    "$python" -m venv --clear .venv >/dev/null 2>&1 ||
        die "The folder .venv could not be made in $(pwd). Is it read-only, or the disk full?"
}

# $1: requirements.txt or requirements-dev.txt. pip runs only when the lock file differs from what was installed last.
install_packages() {
    cmp -s "$1" ".venv/installed-$1" && return 0
    say "Installing packages from $1 (once) ..."
    if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$1" >.venv/pip.log 2>&1; then
        tail -n 5 .venv/pip.log >&2
        die "The packages could not be installed. The reason is above, the whole log in .venv/pip.log."
    fi
    cp "$1" ".venv/installed-$1"
    [ "$1" = requirements.txt ] || cp requirements.txt .venv/installed-requirements.txt
}

# The simulated voices speak with a program of Debian's. Without it everything else works, and their pages say so.
want_voice() {
    if command -v flite >/dev/null 2>&1 || command -v espeak-ng >/dev/null 2>&1 || ! may_install; then return 0; fi
    say "Installing flite, with which the simulated voices speak ..."
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends flite; } >/dev/null 2>&1 ||
        say "flite could not be installed: the simulated Text To Speech accounts will stay silent."
}

# The folder must be ours to write: .venv goes into it, and where VAR_DIR is not set, the data too.
need_writable_folder() {
    [ -w . ] || die "The folder $(pwd) cannot be written to. Copy the project to a folder of yours and try again."
}

prepare() {
    fits .venv/bin/python || { need_writable_folder; make_venv; }
    install_packages "$1"
}
