"""Licences of the installed packages of a lock file, as the packages themselves state them.

    .venv/bin/python scripts/licences.py requirements.txt

Status 1 where a package offers none of the licences in ``ALLOWED``, or states none. Nothing is
looked up in a network.
"""

import re
import sys
from importlib import metadata
from itertools import chain
from pathlib import Path

ALLOWED = re.compile(
    r"0?BSD|MIT|Apache|ISC|PSF|Python Software|MPL|Mozilla|Zlib|CC0|HPND|Unlicense|Public Domain|"
    r"Artistic"
)
"""Licences that let the project be MIT, and its users do what they like with the whole."""
READ = {"cookiecutter": "BSD-3-Clause", "skops": "MIT"}
"""Stated in a file of the package only; read there."""


def licence(name: str) -> str:
    """What a package says of its licence, in the newest of three places."""
    stated = metadata.metadata(name)
    classified = [
        each.rpartition(" :: ")[2]
        for each in stated.get_all("Classifier") or []
        if each.startswith("License :: ") and not each.endswith("OSI Approved")
    ]
    first_line = (stated.get("License") or "").strip().partition("\n")[0]
    in_metadata = stated.get("License-Expression") or "; ".join(classified) or first_line
    return in_metadata or READ.get(name, "")


def main(lock_file: str) -> int:
    """Print a line for each licence, then one for each package to look at."""
    text = Path(lock_file).read_text(encoding="utf-8")
    packages: dict[str, list[str]] = {}
    absent = []
    for name in dict.fromkeys(re.findall(r"^([\w.-]+)==", text, re.M)):
        try:
            packages.setdefault(licence(name), []).append(name)
        except metadata.PackageNotFoundError:  # of another system or version of Python
            absent.append(name)
    for stated, names in sorted(packages.items()):
        print(f"{stated or 'no licence stated'}: {', '.join(names)}")
    if absent:
        print(f"Not installed here: {', '.join(absent)}")
    refused = [names for stated, names in packages.items() if not ALLOWED.search(stated)]
    strange = list(chain(*refused))
    for name in strange:
        print(f"Look at the licence of {name}: is it one that the project may use?")
    return bool(strange)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
