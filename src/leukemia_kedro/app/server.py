"""Serves the page of ``kedro score`` to this machine."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from leukemia_kedro.errors import UserError

HOST = "127.0.0.1"
NAMES = [HOST, "localhost"]
"""Of this machine, in the address of the page."""
MOST_MEGABYTES = 200
"""Of a table that is dropped."""

_SETTINGS = {
    "server.address": HOST,
    "server.maxUploadSize": MOST_MEGABYTES,
    "server.allowedHosts": " ".join(NAMES),
    "server.enableAgentApi": "false",
    "server.enableCORS": "true",
    "server.enableXsrfProtection": "true",
    "server.corsAllowedOrigins": f"http://{HOST}",
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": "false",
    "browser.serverAddress": HOST,
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "runner.magicEnabled": "false",
}
"""Of Streamlit; several values of one have blanks between them. These go before a user's own
``.streamlit/config.toml``, which may open other pages to everyone."""


def serve(model: Path, port: int) -> None:
    """Serve the page until the process is interrupted.

    Parameters
    ----------
    model : Path
        The file of the champion, or of another model of a run.
    port : int

    Raises
    ------
    UserError
        The extra is not installed, or the model file is refused.
    """
    try:
        from streamlit.web.cli import main
    except ModuleNotFoundError as error:
        raise UserError(
            f"The page needs Streamlit, which is not installed ({error}).\n"
            'Next: pip install "leukemia-kedro[app]"'
        ) from error
    from leukemia_kedro.compute.private_names import know_own_address
    from leukemia_kedro.model.file import load_champion

    load_champion(model)  # what is wrong with it is said here, before the page opens
    know_own_address(HOST)
    settings = [
        f"--{name}={each}" for name, value in _SETTINGS.items() for each in str(value).split()
    ]
    app = Path(__file__).with_name("served.py")
    command = ["run", *settings, f"--server.port={port}", str(app), "--", str(model.resolve())]
    with suppress(click.Abort):  # Ctrl-C
        main(command, prog_name="streamlit", standalone_mode=False)
