"""Programs of other makers that run on Node.js, each a folder with a `package.json` and its lock file."""

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Folder -> the package whose presence shows that the folder is installed.
FOLDERS = {
    HERE / "integrations" / "rotating": "oidc-provider",
    HERE / "integrations" / "identity_providers" / "saml_idp": "saml-idp",
    HERE / "contactcenter" / "zapier_app": "zapier-platform-core",
    HERE / "simulators" / "node_zendesk": "node-zendesk",
    HERE / "simulators" / "jsforce_client": "jsforce",
}
INSTALL = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")


def is_installed(folder: Path) -> bool:
    return (folder / "node_modules" / FOLDERS[folder]).is_dir()


def install(folder: Path) -> None:
    """Put the locked packages into the folder, unless they are there."""
    if not is_installed(folder):
        subprocess.run(INSTALL, cwd=folder, check=True, timeout=300, capture_output=True)
