"""What a run shows: one live line on a terminal, plain lines elsewhere; nothing is lost."""

import io
import logging
import re
import shutil
import subprocess
import sys

import pytest
from helpers.project_copy import PROJECT
from helpers.terminal import on_terminal
from helpers.tiny_project import write_tiny_project
from rich.console import Console

from leukemia_kedro.run import terminal
from leukemia_kedro.run.terminal import SLOW_NODES, UNKNOWN_NODE, LiveLine, escape_log, expect_nodes

RUN = [sys.executable, "-m", "kedro", "run", "--pipelines"]
COLOURS = re.compile(r"\x1b\[(?:\d+;)*[349]\d")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = write_tiny_project(tmp_path_factory.mktemp("tiny"))
    shutil.copy(PROJECT / "conf" / "logging.yml", folder / "conf")
    return folder


# --- the time left -------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def line():
    clock = Clock()
    line = LiveLine(Console(width=100), clock)
    line.clock = clock
    return line


def test_the_time_left_follows_the_pace_of_the_run_so_far(line):
    """Twice as slow as last time: 10 of 40 expected seconds took 20, so 30 will take 60."""
    line.expect({"a": 10, "b": 20, "c": 10})
    line.start("a")
    line.clock.now = 20
    line.complete("a", 1, 3)
    assert line.seconds_left() == 60


def test_a_node_at_work_counts_by_its_time_but_not_beyond_what_was_expected(line):
    line.expect({"a": 10, "b": 10, "c": 20})
    line.start("a")
    line.clock.now = 10
    line.complete("a", 1, 3)
    line.start("b")
    line.clock.now = 15
    assert line.seconds_left() == 25  # 15 of 40 done, on time
    line.clock.now = 40
    assert line.seconds_left() == 40  # 20 of 40 expected seconds took 40


def test_no_time_is_told_before_anything_is_known(line):
    assert line.seconds_left() is None
    line.expect({"a": 1, "b": 99})
    line.start("a")
    line.clock.now = 30
    line.complete("a", 1, 2)
    assert line.seconds_left() is None


def test_nodes_never_timed_are_expected_to_take_what_their_kind_does(line, monkeypatch):
    monkeypatch.setattr(terminal, "_live", line)
    expect_nodes({"modelling.knn.cross_validate": None, "modelling.knn.fit": None, "x": 7.5})
    line.start("x")
    line.clock.now = 7.5
    line.complete("x", 1, 3)
    assert line.seconds_left() == pytest.approx(SLOW_NODES["cross_validate"] + UNKNOWN_NODE)


def shown(console, line):
    lines = console.render_lines(line, pad=False)
    return ["".join(segment.text for segment in each) for each in lines]


@pytest.mark.parametrize("no_color", [False, True])
@pytest.mark.parametrize("columns", [40, 60, 100, 200])
def test_the_line_fills_the_width_and_is_one(columns, no_color):
    console = Console(width=columns, force_terminal=True, no_color=no_color)
    line = LiveLine(console)
    for text in shown(console, line):
        assert len(text) == columns
    line.expect({"modelling.a_model_with_a_long_name.cross_validate": 3.0})
    line.start("modelling.a_model_with_a_long_name.cross_validate")
    line.tell("12 of 30")
    (text,) = shown(console, line)
    assert len(text) == columns
    assert text.startswith("modelling, a_model")
    assert "0 of 1 nodes" in text


# --- runs on a terminal --------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "no_color"), [(60, ""), (100, "1")])
def test_on_a_terminal_the_live_line_goes_when_the_run_ends(tiny, columns, no_color):
    session = on_terminal([*RUN, "first"], tiny, columns, NO_COLOR=no_color)
    assert session.status == 0
    assert "1 of 1 nodes" in session.written
    remains = "".join(session.screen)
    assert re.fullmatch(r"[\d:]{8} INFO    Pipeline .* successfully in \d\.\d sec\.", remains)
    assert bool(COLOURS.search(session.written)) != bool(no_color)
    assert "\x1b[?25l" not in session.written, "a killed run could not show the cursor again"


def test_a_terminal_without_unicode_gets_none(tiny):
    session = on_terminal([*RUN, "wait"], tiny, interrupt_at="waiting", PYTHONIOENCODING="ascii")
    at_work = next(line for line in session.screen if "1 of 2 nodes" in line)
    assert len(at_work) <= 100
    assert session.written.isascii()


NOISE = ["of the module warnings", "of the log", "printed", "of another process"]


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_nothing_paints_over_warnings_or_the_error(tiny, runner):
    session = on_terminal([*RUN, "noisy", "--runner", runner], tiny)
    assert session.status == 1
    for noise in NOISE:
        assert [line for line in session.screen if line.endswith(noise)], session.screen
    assert session.screen[-1] == "Error: patient 7 has no label"
    assert len(session.screen) <= 20


def test_ctrl_c_leaves_the_terminal_whole(tiny):
    session = on_terminal([*RUN, "wait"], tiny, interrupt_at="waiting for Ctrl-C")
    assert session.status == 1
    assert session.screen[-1] == "Aborted!"
    assert sum("nodes" in line for line in session.screen) <= 1, "what was at work may stay"


def test_a_line_of_the_log_drives_no_terminal(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(written)])
    escape_log()
    logging.getLogger("any").warning("%s: not\tsigned", "\x1b]0;title\x07\x9b2Jmodel.skops")
    assert written.getvalue() == "\\x1b]0;title\\x07\\x9b2Jmodel.skops: not\tsigned\n"


def test_elsewhere_each_node_has_one_line_without_control_characters(tiny):
    """On a terminal that cannot move its cursor, and in a pipe."""
    dumb = on_terminal([*RUN, "first"], tiny, TERM="dumb").written
    pipe = subprocess.run([*RUN, "first"], cwd=tiny, capture_output=True, text=True, timeout=60)
    assert pipe.stderr == ""
    for text in (dumb.replace("\r\n", "\n"), pipe.stdout):
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
        (line,) = (line for line in text.splitlines() if "primary" in line)
        assert line.endswith("Completed node: primary (1 of 1)")
