"""Bundles Zendesk's app framework SDK for the desktop, from its npm package, without changing its sources:

    npm pack zendesk_app_framework_sdk@2.0.11
    python scripts/vendor_zaf_sdk.py zendesk_app_framework_sdk-2.0.11.tgz

The package holds CommonJS modules only. Each becomes one function, letter by letter; around them is what a bundler
adds. The polyfill for browsers without promises is left out: the SDK asks for it only where `window.Promise` is
missing."""

import hashlib
import sys
import tarfile
from pathlib import Path

SHA256 = "60ed91410cba453ba45d5617b5bf93e638c41aca3e6d6666c78edbc567573415"
VENDOR = Path(__file__).resolve().parents[1] / "agentdesktop" / "static" / "agentdesktop" / "vendor"
MODULES = ("utils", "client", "index")
HEAD = """\
// Zendesk App Framework SDK 2.0.11, copyright 2014 Zendesk, Apache License 2.0 (see zaf_sdk.LICENSE).
// Made by scripts/vendor_zaf_sdk.py from the npm package zendesk_app_framework_sdk; do not edit.
const sources = {
"""
TAIL = """\
};
const loaded = {};
function load(name) {
  if (!(name in loaded)) {
    const module = { exports: {} };
    sources[name](load, module, module.exports);
    loaded[name] = module.exports;
  }
  return loaded[name];
}
export default load("./index");
"""


def main(package: Path) -> None:
    if hashlib.sha256(package.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{package} is not the package whose hash is written here.")
    with tarfile.open(package) as archive:
        texts = {name: _text(archive, f"package/lib/{name}.js") for name in MODULES}
        (VENDOR / "zaf_sdk.LICENSE").write_text(_text(archive, "package/LICENSE"))
    parts = (f'"./{name}": function (require, module, exports) {{\n{text}\n}},\n' for name, text in texts.items())
    bundle = HEAD + "".join(parts) + TAIL
    (VENDOR / "zaf_sdk.js").write_text(bundle)
    print(hashlib.sha256(bundle.encode()).hexdigest())


def _text(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    if member is None:
        raise SystemExit(f"The package lacks {name}.")
    return member.read().decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
