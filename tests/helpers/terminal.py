"""Commands on a pseudo-terminal, and what remains to be seen on its screen."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

NOT_INHERITED = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TERM")


class Session(NamedTuple):
    """What a command wrote to the terminal, as it was and as one sees it in the end."""

    status: int
    written: str
    screen: list[str]


def on_terminal(
    command: list,
    cwd: Path,
    columns: int = 100,
    interrupt_at: str = "",
    environment: Mapping[str, str] = os.environ,
    **variables: str,
) -> Session:
    """Run a command on a terminal; press Ctrl-C once ``interrupt_at`` has been written."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    inherited = {name: value for name, value in environment.items() if name not in NOT_INHERITED}
    process = subprocess.Popen(
        command, cwd=cwd, env=inherited | {"TERM": "xterm-256color"} | variables,
        stdin=end, stdout=end, stderr=end, start_new_session=True,
        preexec_fn=_take_the_terminal,
    )  # fmt: skip
    os.close(end)
    written, stop = b"", time.monotonic() + 600
    while time.monotonic() < stop:
        if not select.select([terminal], [], [], 1)[0]:
            if process.poll() is not None:  # what it has started may still hold the terminal
                break
            continue
        try:
            written += os.read(terminal, 65536)
        except OSError:  # every process has closed it
            break
        if interrupt_at and interrupt_at.encode() in written:
            os.write(terminal, b"\x03")
            interrupt_at = ""
    os.close(terminal)
    status = process.wait(10)
    text = written.decode()
    return Session(status, text, screen(text, columns))


def _take_the_terminal() -> None:
    """So that Ctrl-C reaches the command, also where the tests themselves ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def screen(text: str, columns: int) -> list[str]:
    """The lines that a terminal shows after ``text``, those that have scrolled away included.

    It knows what rich sends: lines that wrap, line ends, the cursor up, and lines erased.
    """
    rows, row, column = [""], 0, 0
    for number, control, character in re.findall(r"\x1b\[([?\d;]*)([A-Za-z])|(.)", text, re.DOTALL):
        if control == "A":
            row -= int(number or 1)
        elif control == "K":
            rows[row] = ""
        elif control:
            assert control == "m", f"{control} is not simulated"
        elif character == "\r":
            column = 0
        elif character == "\n":
            row += 1
        else:
            if column == columns:
                row, column = row + 1, 0
            rows += [""] * (row + 1 - len(rows))
            rows[row] = rows[row][:column].ljust(column) + character + rows[row][column + 1 :]
            column += 1
        rows += [""] * (row + 1 - len(rows))
    while rows and not rows[-1]:
        rows.pop()
    return [line.rstrip() for line in rows]
