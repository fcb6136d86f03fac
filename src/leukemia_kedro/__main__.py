"""``python -m leukemia_kedro``: ``kedro run`` of the packaged project, beside its ``conf``."""

from __future__ import annotations

from pathlib import Path

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project


def main() -> None:
    """The command line of ``kedro run``."""
    package = Path(__file__).parent.name
    configure_project(package)
    find_run_command(package)(prog_name=f"python -m {package}")


if __name__ == "__main__":
    main()
