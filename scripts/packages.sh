#!/usr/bin/env bash
# Installs the Debian packages named as arguments that are missing. As root with
# apt it does so by itself; otherwise it says exactly what to install.
set -euo pipefail

if ! command -v go >/dev/null; then
  echo "Go is missing: install Go 1.26 or later, then run make again." >&2
  exit 1
fi

missing=()
for package in "$@"; do
  case "$package" in
    gcc | g++ | git) command -v "$package" >/dev/null || missing+=("$package") ;;
    maven) command -v mvn >/dev/null || missing+=("$package") ;;
    default-jdk-headless) command -v java >/dev/null || missing+=("$package") ;;
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=("$package") ;;
    mariadb-server) { command -v mariadbd || test -x /usr/sbin/mariadbd; } >/dev/null || missing+=("$package") ;;
    slapd) test -x /usr/sbin/slapd || missing+=("$package") ;;
    ldap-utils) command -v ldapsearch >/dev/null || missing+=("$package") ;;
    ca-certificates) test -s /etc/ssl/certs/ca-certificates.crt || missing+=("$package") ;;
    *) dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package") ;;
  esac
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing: ${missing[*]}" >&2
  echo "Install them, for example: sudo apt-get install -y ${missing[*]}" >&2
  exit 1
fi

echo "Installing ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# The servers are started by the tests on ports of their own, never by the system.
if ! { apt-get update && RUNLEVEL=1 apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "apt-get could not install ${missing[*]}; the reason is above." >&2
  exit 1
fi
rm -f "$log"
