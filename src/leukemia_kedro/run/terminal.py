"""What a user sees of a run: one live line on a terminal, one line per node elsewhere.

The live part is a single line that fills the width. What another process writes then begins on a
line of its own, and the next refresh erases nothing of it.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from leukemia_kedro.compute.private_names import NODE_COMPLETED, TASKS_COMPLETED
from leukemia_kedro.errors import escaped

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

REFRESHES_PER_SECOND = 2
SHARE_BEFORE_AN_ESTIMATE = 0.05
"""Of the expected time. Kedro's own start would spoil an earlier estimate of the time left."""
NARROW = 90
"""Columns; a narrower terminal has no bar."""
UNKNOWN_NODE = 0.3
SLOW_NODES = {"cross_validate": 3, "draw_models": 30, "permutation_test": 9, "rank_genes": 6}
"""Seconds of a node that no earlier run has timed, by the last part of its name: as for the demo
cohort on two cores. Their ratio matters."""

logger = logging.getLogger(__name__)

_live: LiveLine | None = None
"""The live line of this process, if there is one."""


class LiveLine:
    """Pipeline, model and step at work, nodes done of all, and the time left.

    Parameters
    ----------
    console : rich.console.Console
        The terminal.
    clock : callable
        Seconds since any fixed time.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self._clock = clock
        self._began = clock()
        self._expected: Mapping[str, float] = {}
        self._running: dict[str, float] = {}
        self._finished: list[str] = []
        self._done, self._total = 0, 0
        self._detail = ""

    def expect(self, seconds: Mapping[str, float]) -> None:
        """Begin a run of these nodes, with the seconds each is expected to take."""
        self._expected, self._total, self._began = seconds, len(seconds), self._clock()

    def start(self, node: str) -> None:
        """A node is at work from now on."""
        self._running.setdefault(node, self._clock())

    def complete(self, node: str, done: int, total: int) -> None:
        """A node is done, the ``done``-th of ``total``."""
        self._running.pop(node, None)
        self._finished.append(node)
        self._done, self._total, self._detail = done, total, ""

    def tell(self, detail: str) -> None:
        """How far the node at work is."""
        self._detail = detail

    def seconds_left(self) -> float | None:
        """The expected seconds that remain, at the pace of the run so far; None: not known yet."""
        now = self._clock()
        expected, total = self._expected, sum(self._expected.values())
        behind = sum(expected.get(node, 0) for node in list(self._finished))
        behind += sum(
            min(now - since, expected.get(node, 0)) for node, since in list(self._running.items())
        )
        if not behind or behind < SHARE_BEFORE_AN_ESTIMATE * total:
            return None
        return (now - self._began) / behind * max(0.0, total - behind)

    def __rich__(self) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        # ParallelRunner calls no hook in this process: then it is known what ended, no more.
        at_work = [*self._running][-1:] or [f"done: {node}" for node in self._finished[-1:]]
        name = ", ".join(at_work[0].split(".")) if at_work else "starting"
        what = Text.assemble((name, "bold cyan"), f"  {self._detail}" if self._detail else "")
        count = f"{self._done} of {self._total} nodes" if self._total else "no node yet"
        left = self.seconds_left()
        time_left = "" if left is None else f", {_in_words(left)} left"
        line = Table.grid(expand=True, padding=(0, 1, 0, 0), pad_edge=False)
        line.add_column(ratio=1, no_wrap=True, overflow="crop")  # … is not in every encoding
        line.add_column(no_wrap=True, justify="right")
        cells: list[Any] = [what, Text(count + time_left)]
        if self.console.width >= NARROW:
            line.add_column(width=20)
            cells.append(ProgressBar(self._total or 1, self._done, width=20))
        line.add_row(*cells)
        return line


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


@contextmanager
def live_line() -> Iterator[None]:
    """A live line at the foot of the terminal while this lasts; nothing where there is none.

    Log, warnings and what is printed appear above it.
    """
    global _live
    console = _terminal()
    if console is None:
        yield
        return
    from rich.live import Live

    _live = LiveLine(console)
    streams = sys.stdout, sys.stderr
    with ExitStack() as ending:
        ending.callback(_forget)
        above = _Above(console)
        handlers = [
            (each, each.stream)
            for each in logging.getLogger().handlers
            if isinstance(each, logging.StreamHandler) and each.stream in streams
        ]
        line = _live
        ending.enter_context(
            Live(
                console=console,
                get_renderable=lambda: line,
                refresh_per_second=REFRESHES_PER_SECOND,
                transient=True,
            )
        )

        def restore() -> None:
            for handler, stream in handlers:
                handler.setStream(stream)

        def in_child() -> None:
            if _live is not line:  # the run is over
                return
            # A fork has the console's lock as it is at that moment, perhaps held for ever.
            _forget()
            for handler, stream in handlers:
                handler.setStream(_InPlaceOfTheLine(stream))
            sys.stdout, sys.stderr = streams

        for handler, _ in handlers:
            handler.setStream(above)
        ending.callback(restore)
        ending.enter_context(_told_of_progress(line))
        if hasattr(os, "register_at_fork"):  # Windows cannot fork
            os.register_at_fork(after_in_child=in_child)
        yield


def _forget() -> None:
    global _live
    _live = None


def _terminal() -> Console | None:
    """The console of a terminal that can move its cursor; None where the output is none."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    class Terminal(Console):
        def show_cursor(self, show: bool = True) -> bool:
            """Leave the cursor visible: a killed run could not show it again."""
            return False

    console = Terminal(file=sys.stdout, highlight=False)
    return console if console.is_terminal and not console.is_dumb_terminal else None


class _Above:
    """A stream that writes above the live line."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> None:
        from rich.text import Text

        self._console.print(Text(text), end="", soft_wrap=True)

    def flush(self) -> None:
        """Everything is written at once."""


class _InPlaceOfTheLine:
    """A stream of another process, which writes where the live line is until its next refresh."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        self._stream.write(f"\r\x1b[2K{text}")

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def _told_of_progress(line: LiveLine) -> Iterator[None]:
    """Hand the lines about work in progress, which no log shows, to the live line."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line.tell(record.getMessage().rpartition(": ")[2])  # the line names the step itself

    work, handler = logging.getLogger("leukemia_kedro.compute.parallel"), Handler()
    before = work.level, work.propagate
    work.addHandler(handler)
    work.setLevel(logging.DEBUG)
    work.propagate = False
    try:
        yield
    finally:
        work.removeHandler(handler)
        work.setLevel(before[0])
        work.propagate = before[1]


# --- what hooks and runners say -------------------------------------------------------------------


def expect_nodes(seconds: Mapping[str, float | None]) -> None:
    """Begin a run of these nodes, with the seconds each took in an earlier run, where known."""
    if _live:
        _live.expect({name: known or _typical(name) for name, known in seconds.items()})


def _typical(node: str) -> float:
    return SLOW_NODES.get(node.rpartition(".")[2], UNKNOWN_NODE)


def node_begins(node: str) -> None:
    """A node is at work, as hooks hear of it."""
    if _live:
        _live.start(node)


def show_results(lines: Collection[str]) -> None:
    """The main results at the end of a run: a panel on a terminal, elsewhere lines of the log."""
    if _live and lines:
        from rich.panel import Panel
        from rich.text import Text

        text = Text("\n".join(lines), overflow="fold")
        text.highlight_regex(r"(?m)^[^:\n]+:", "bold")
        _live.console.print(Panel(text, title="Results", border_style="bold green"))
        return
    for line in lines:
        logger.info(line)


class _Escaping(logging.Filter):
    """The log quotes names of files and what stands in them: with control characters escaped."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = escaped(record.getMessage()), ()
        return True


class _RunnersLog(logging.Filter):
    """What of a runner's log a user needs: one line per node, advice that helps, no long lists."""

    _node = ""

    def filter(self, record: logging.LogRecord) -> bool:
        arguments: Any = record.args
        if record.msg == NODE_COMPLETED:
            (self._node,) = arguments
            return False
        if record.msg == TASKS_COMPLETED:
            if _live:
                _live.complete(self._node, *arguments)
                return False
            record.msg, record.args = f"{NODE_COMPLETED} (%d of %d)", (self._node, *arguments)
            return True
        number, _, advice = record.getMessage().partition("\n")
        if "--from-nodes" in advice:
            better = "The same command with --changed keeps what is finished."
            record.msg = f"{number} {better}"
        elif number.startswith("Skipping "):
            record.msg = number.partition(":")[0]
        return not number.startswith(("No nodes ran", "Using synchronous mode"))


_runners_log = _RunnersLog()
_escaping = _Escaping()


def escape_log() -> None:
    """Let no line of the log drive the terminal, here and in the processes forked from here."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(_escaping)


def shorten_log_of_runners() -> None:
    """Let Kedro's runners log one line per node, here and in the processes forked from here."""
    for name in ("sequential_runner", "thread_runner", "parallel_runner"):
        logging.getLogger(f"kedro.runner.{name}").addFilter(_runners_log)
