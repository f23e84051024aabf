#!/usr/bin/env bash
# Put Debian's Prometheus and promtool into CACHE/bin; the package is unpacked, so that no service is installed or started.
set -euo pipefail
cache=$1
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "Prometheus is not on PATH. Install it (Debian: apt-get install prometheus; others: your package manager or the" >&2
  echo "release page of the Prometheus project), or run this as root on Debian or Ubuntu, where it is fetched for you." >&2
  exit 1
fi
echo "Fetching Debian's Prometheus into $cache (once)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq; apt-get download -qq prometheus; }
dpkg-deb --extract prometheus_*.deb unpacked
mkdir -p "$cache/bin"
install -m 755 unpacked/usr/bin/prometheus unpacked/usr/bin/promtool "$cache/bin/"
