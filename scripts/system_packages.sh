#!/usr/bin/env bash
# What the system lacks to installed packages where apt and root are there; elsewhere to one line that says what to install.
#   system_packages.sh venv       a Python of at least 3.11 that can make virtual environments (needed)
#   system_packages.sh browser    Chromium and its driver, in which the Studio's tests click (needed by `make test`)
#   system_packages.sh database   a PostgreSQL server, of which the Studio's tests start a private one (needed by `make test`)
#   system_packages.sh compiler   g++ and Python's headers, with which torch compiles (models run eager without)
set -euo pipefail

python="${PYTHON:-python3}"

install() { # install NEEDED PACKAGE…: with apt, or say it; only what is needed stops the set-up
  local needed="$1"
  shift
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing: $*"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; then return; fi
  fi
  echo "please install: $*" >&2
  [ "$needed" = optional ] || exit 2
}

version() { "$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])'; }

case "${1:-}" in
  venv)
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
      echo "wanted Python 3.11 or newer, found $("$python" --version 2>&1): give another with make PYTHON=python3.12 …" >&2
      exit 2
    }
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install needed "$(version)-venv"
    ;;
  compiler)
    missing=()
    command -v g++ >/dev/null || command -v clang++ >/dev/null || missing+=(g++)
    headers="$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')"
    [ -f "$headers/Python.h" ] || missing+=("$(version)-dev")
    [ "${#missing[@]}" = 0 ] || install optional "${missing[@]}"
    ;;
  browser)
    missing=()
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
    command -v chromedriver >/dev/null || missing+=(chromium-driver)
    [ "${#missing[@]}" = 0 ] || install needed "${missing[@]}" fonts-noto-core
    ;;
  database)
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || install needed postgresql
    ;;
  *)
    echo "usage: $0 venv|compiler|browser|database" >&2
    exit 2
    ;;
esac
