#!/usr/bin/env bash
# Builds softbox and the example campaign, and says where to look. For Debian and Ubuntu with Rust; elsewhere, install a C compiler,
# cmake and nasm first.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/setup.sh
need cc:build-essential cmake nasm
cargo build --release --locked
./target/release/softbox -C examples/corner-shop build
echo
echo "Open this folder and look at the pictures: $PWD/examples/corner-shop/dist"
