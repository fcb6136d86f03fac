"""The project's own commands: ``kedro fetch``, ``kedro check``, ``kedro bundle``, ``kedro score``,
and ``kedro run`` with its errors as short messages.

Kedro finds this module by its name and imports it at every command, so it imports nothing slow.
"""

from __future__ import annotations

import io
import logging
import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import click
import yaml
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS, env_option
from kedro.framework.project import pipelines as registered_pipelines

from leukemia_kedro.errors import UserError, escaped
from leukemia_kedro.run.terminal import live_line, shorten_log_of_runners
from leukemia_kedro.run.user_message import user_message

logger = logging.getLogger(__name__)

_run_of_kedro: Any = kedro_run.callback

ENV = "The cohort: the name of its folder in conf. Without it, golub."

cli = click.Group(name="leukemia_kedro", context_settings=CONTEXT_SETTINGS)


@contextmanager
def ends_cleanly() -> Iterator[None]:
    """End a command with one message on stderr where the user can correct the error.

    The traceback goes to the log at level DEBUG. Faults of the program keep theirs. What the
    console's encoding lacks is printed as an escape, such as ``\\u6025``.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except Exception as error:
        message = user_message(error)
        if message is None:
            raise
        logger.debug("The command ended with an error", exc_info=True)
        raise click.ClickException(message) from error


def _run(pipeline: str | None, pipelines: list[str], **options: Any) -> Any:
    """Kedro's run, with ``--pipeline X`` as another spelling of ``--pipelines X``."""
    if pipeline and not pipelines:
        pipelines, pipeline = [pipeline], None
    _silence_repetitions()
    shorten_log_of_runners()
    try:
        with live_line():
            return _run_of_kedro(pipeline=pipeline, pipelines=pipelines, **options)
    except ValueError as error:
        unknown = sorted(set(pipelines) - set(registered_pipelines))
        if not unknown:
            raise
        raise UserError(
            f"There is no pipeline named {', '.join(unknown)}. "
            f"There are: {', '.join(sorted(registered_pipelines))}."
        ) from error


def _params(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """The values of ``--params``, which Kedro reads as YAML before it calls the command."""
    try:
        return _callback_of_kedro(context, option, value)
    except yaml.YAMLError as error:
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise click.BadParameter(
            f"{escaped(value)} cannot be read as YAML: {escaped(reason)}. Expected one such as "
            "seed=7,resampling.folds=3; a text with signs goes in quotes",
            context,
            option,
        ) from error


def _silence_repetitions() -> None:
    """Keep out of Kedro's log what the last message repeats."""
    logging.getLogger("kedro.validation.parameter_validator").setLevel(logging.CRITICAL)


def _option_of_kedro(name: str) -> Any:
    return next(copy(option) for option in kedro_run.params if option.name == name)


_params_option, _changed_option, _env_option = map(
    _option_of_kedro, ("params", "only_missing_outputs", "env")
)
_env_option.help = ENV  # Kedro's own says `local`, whatever the settings say
_callback_of_kedro = _params_option.callback
_params_option.callback = _params
_changed_option.opts = ["--changed", *_changed_option.opts]
_changed_option.help = (
    "Compute only what is missing, or what another parameter, file, line of code or version of a "
    "package concerns since it was made; say what changed."
)
_own_options = {option.name: option for option in (_params_option, _changed_option, _env_option)}
run = copy(kedro_run)
run.callback = ends_cleanly()(_run)
run.params = [_own_options.get(option.name, option) for option in run.params]
cli.add_command(run)


@cli.command()
@click.argument("cohort", type=click.Choice(["golub", "cumida", "mll", "chiaretti", "annotation"]))
@click.option(
    "--from",
    "origin",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Folder, zip or file that holds the files; without it they are downloaded from Kaggle, or "
    "the command says where they are found.",
)
@click.pass_obj
@ends_cleanly()
def fetch(project, cohort: str, origin: Path | None) -> None:
    """Bring the files of a public cohort, or the annotation of its chip, into data/01_raw,
    verified."""
    from leukemia_kedro.fetch.command import fetch

    fetch(cohort, project.project_path, origin)


@cli.command()
@env_option(help=ENV)
@click.pass_obj
@ends_cleanly()
def check(project, env: str | None) -> None:
    """Read the raw cohort, and print what was understood and what would stop a run."""
    from kedro.framework.project import settings
    from kedro.framework.session import KedroSession

    from leukemia_kedro.run.check_command import check_catalog
    from leukemia_kedro.run.environment import Environment

    _silence_repetitions()
    session = KedroSession.create(project.project_path, env=env)
    with session:
        context = session.load_context()
        slips = Environment(context.config_loader).slips()
        default = settings.CONFIG_LOADER_ARGS["default_run_env"]
        report = check_catalog(context.catalog, env or default)
    click.echo(_wrapped(report.found))
    for what, found in report.understood.items():
        click.echo(_wrapped(f"{what + ':':<29}{found}", indent=29))
    for line in [*slips, *report.suspicious]:
        click.echo(_wrapped(f"Suspicious: {line}"))
    for line in report.obstacles:
        click.echo(f"Would stop a run: {line}", err=True)
    if report.obstacles:
        raise SystemExit(1)
    environment = f" --env {env}" if env else ""
    click.echo(f"Nothing here would stop a run. Next: kedro run{environment}")


def _wrapped(line: str, indent: int = 2) -> str:
    """The line, on a terminal broken between words; a file or a pipe gets it whole."""
    if not sys.stdout.isatty():
        return line
    width = shutil.get_terminal_size().columns
    return textwrap.fill(
        line,
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


@cli.command()
@env_option(help=ENV)
@click.pass_obj
@ends_cleanly()
def bundle(project, env: str | None) -> None:
    """Write one zip of the last finished run, to hand on: report, tables, model and more."""
    from kedro.framework.project import settings
    from kedro.framework.session import KedroSession

    from leukemia_kedro.run.bundle import bundle

    _silence_repetitions()
    session = KedroSession.create(project.project_path, env=env)
    with session:
        environment = env or settings.CONFIG_LOADER_ARGS["default_run_env"]
        place, n_files = bundle(project.project_path, session.load_context().catalog, environment)
    click.echo(f"{n_files} files, {place.stat().st_size / 1e6:.1f} MB: {place}")
    click.echo(
        "Raw data are not in it, but results of single patients are: README.md in "
        "the zip says what to ask before you hand it on."
    )


@cli.command()
@env_option(help=ENV)
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.pass_obj
@ends_cleanly()
def score(project, env: str | None, port: int) -> None:
    """Open a page on this machine alone, where the champion calls the samples of a table."""
    from kedro.framework.session import KedroSession

    from leukemia_kedro.app.server import serve
    from leukemia_kedro.compute.private_names import file_of

    _silence_repetitions()
    session = KedroSession.create(project.project_path, env=env)
    with session:
        model = file_of(session.load_context().catalog["champion_model"])
    if not model.exists():
        environment = f" --env {env}" if env else ""
        raise UserError(f"{model} is missing.\nTo make the model: kedro run{environment}")
    serve(model, port)
