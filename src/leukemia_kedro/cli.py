"""The project's own commands: ``kedro fetch``, and ``kedro run`` with errors that can be read.

Kedro finds this module by its name. It is imported at every ``kedro`` command, so it imports
nothing that takes time.
"""

from __future__ import annotations

import copy
import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS, env_option
from kedro.framework.project import pipelines as registered_pipelines

from leukemia_kedro.errors import UserError
from leukemia_kedro.run.user_message import user_message

logger = logging.getLogger(__name__)


cli = click.Group(name="leukemia_kedro", context_settings=CONTEXT_SETTINGS)


def ends_cleanly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command end with one message on stderr where the user can mend what went wrong.

    The traceback goes to the log at level DEBUG. Faults of the program keep theirs.
    """

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Exception as error:
            message = user_message(error)
            if message is None:
                raise
            logger.debug("The command ended with an error", exc_info=True)
            raise click.ClickException(message) from error

    return wrapper


def _run(pipeline: str | None, pipelines: list[str], **options: Any) -> Any:
    """Kedro's run, with ``--pipeline X`` as another spelling of ``--pipelines X``."""
    if pipeline and not pipelines:
        pipeline, pipelines = None, [pipeline]
    _leave_out_noise()
    if options.get("runner") == "ParallelRunner":
        _let_manager_end_with_run()
    try:
        return kedro_run.callback(pipeline=pipeline, pipelines=pipelines, **options)
    except ValueError as error:
        unknown = sorted(set(pipelines) - set(registered_pipelines))
        if not unknown:
            raise
        raise UserError(
            f"There is no pipeline named {', '.join(unknown)}. "
            f"There are: {', '.join(sorted(registered_pipelines))}."
        ) from error


def _let_manager_end_with_run() -> None:
    """The process in which ParallelRunner keeps what is in memory ends when the run is killed."""
    from multiprocessing.managers import SyncManager

    from kedro.runner.parallel_runner import ParallelRunnerManager

    from leukemia_kedro.compute.parallel import end_with_parent

    ParallelRunnerManager.start = functools.partialmethod(SyncManager.start, end_with_parent)


def _leave_out_noise() -> None:
    """Leave out of Kedro's log what the message at the end says better, and advice to no avail."""
    logging.getLogger("kedro.validation.parameter_validator").setLevel(logging.CRITICAL)
    for name in ("sequential_runner", "thread_runner", "parallel_runner"):
        logging.getLogger(f"kedro.runner.{name}").addFilter(_is_of_use)


_OF_NO_USE = ("No nodes ran", "Using synchronous mode")


def _is_of_use(record: logging.LogRecord) -> bool:
    """Whether to log it; advice to resume ``--from-nodes`` dozens of names is made short."""
    number, _, advice = record.getMessage().partition("\n")
    if "--from-nodes" in advice:
        record.msg = (
            f"{number} The same command with --only-missing-outputs keeps what is finished."
        )
    return not number.startswith(_OF_NO_USE)


run = copy.copy(kedro_run)
run.callback = ends_cleanly(_run)
cli.add_command(run)


@cli.command()
@click.argument("cohort", type=click.Choice(["golub", "cumida", "mll"]))
@click.option(
    "--from",
    "origin",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Folder, zip or file that holds the files; without it they are downloaded from Kaggle.",
)
@click.pass_obj
@ends_cleanly
def fetch(project, cohort: str, origin: Path | None) -> None:
    """Bring the files of a public cohort into data/01_raw, verified."""
    from leukemia_kedro.fetch.command import fetch

    fetch(cohort, project.project_path, origin)


@cli.command()
@env_option
@click.pass_obj
@ends_cleanly
def check(project, env: str | None) -> None:
    """Read the raw cohort and say what was understood of it and what would stop a run."""
    from kedro.framework.session import KedroSession

    from leukemia_kedro.run.check import check_catalog

    with KedroSession.create(project.project_path, env=env) as session:
        report = check_catalog(session.load_context().catalog)
    for what, found in report.understood.items():
        click.echo(f"{what + ':':<29}{found}")
    for line in report.suspicious:
        click.echo(f"Suspicious: {line}")
    for line in report.obstacles:
        click.echo(f"Would stop a run: {line}", err=True)
    if report.obstacles:
        raise SystemExit(1)
    environment = f" --env {env}" if env else ""
    click.echo(f"Nothing here would stop a run. Next: kedro run{environment}")
