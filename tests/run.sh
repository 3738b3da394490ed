#!/usr/bin/env bash
# Runs all tests. On Debian and Ubuntu it first installs what they need: a C compiler, cmake and nasm to build, exiftool to look for
# traces of the phone in finished pictures, Chromium to compare how templates look, pip to fetch the networks that read labels.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/setup.sh
need cc:build-essential cmake nasm exiftool:libimage-exiftool-perl chromium pip3:python3-pip
networks
cargo test --locked "$@"
