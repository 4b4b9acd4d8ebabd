#!/bin/sh
# dist.sh [FOLDER]: the release tarball of what is committed, lanpost-VERSION.tar.gz, its checksum, and the bill of materials of the source.
# DIST_KEY=KEY: signed by gpg with that key. The same commit gives the same bytes.
set -eu
cd "$(dirname "$0")/.."
out=${1:-build/dist}
version=$(cat VERSION)
name=lanpost-$version

fail() { echo "dist: $*" >&2; exit 1; }
echo "$version" | grep -qE '^[0-9]+\.[0-9]+\.[0-9]+$' || fail "VERSION is $version: not MAJOR.MINOR.PATCH"
[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed"
head -n 1 debian/changelog | grep -qF "lanpost ($version)" || fail "debian/changelog begins with another version"
head -n 1 NEWS | grep -q "^lanpost $version: " || fail "NEWS begins with another version"
if head -n 1 NEWS | grep -qF '(in development)'; then
    echo "dist: NEWS says that $version is in development: the tarball is a snapshot, not the release" >&2
fi

mkdir -p "$out"
git archive --format=tar --prefix="$name/" HEAD | gzip -9n > "$out/$name.tar.gz"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) tools/sbom.py > "$out/$name.spdx.json"
(cd "$out" && sha256sum "$name.tar.gz" "$name.spdx.json" > "$name.sha256")
if [ -n "${DIST_KEY:-}" ]; then
    gpg --yes --armor --local-user "$DIST_KEY" --detach-sign "$out/$name.tar.gz"
fi
ls -l "$out/$name".*
