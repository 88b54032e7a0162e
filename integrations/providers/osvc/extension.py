"""The extension for B2C Service's browser user interface: what puts our desktop into a side pane.

A zip with the init page that is named in the Add-In Manager, its script, and what to click. The script asks for a left
side pane and shows our page in it (B2C Service docs, "BUI Extensibility Framework": `registerUserInterfaceExtension`,
`getLeftSidePaneContext`, `setContentUrl`). The property *desktop_address* of the extension wins over the address in the
file, so that a new address needs no new upload. The same addresses make the same bytes."""

import io
import json
import zipfile
from pathlib import Path
from urllib.parse import urlencode

LOADER = "/AgentWeb/module/extensibility/js/client/core/extension_loader.js"
FILES = Path(__file__).with_name("extension_files")
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def package(site: str, origin: str, our_address: str) -> bytes:
    """`site`: the address below which Oracle's script lies; `origin`: of the site's pages; `our_address`: ours."""
    address = f"{our_address}/agentdesktop/Oracle.jsp?{urlencode({'topDomain': origin})}"
    words = {"LOADER": site + LOADER, "ADDRESS": json.dumps(address), "PLAIN_ADDRESS": address}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("init.html", "init.js", "readme.txt"):
            entry = zipfile.ZipInfo(name, ZIP_EPOCH)
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, _filled((FILES / name).read_text(), words))
    return target.getvalue()


def _filled(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(f"@{name}@", value)
    return text
