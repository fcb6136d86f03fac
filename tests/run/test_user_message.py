"""Which errors have a message for the user, and which are faults of the program."""

import errno
from pathlib import Path

import click
import pytest
from kedro.config import MissingConfigException
from kedro.framework.cli.utils import KedroCliError
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError

from leukemia_kedro.errors import CohortError, UserError
from leukemia_kedro.run.user_message import user_message


def caught(function) -> Exception:
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def raised_from(error: Exception, cause: Exception) -> Exception:
    def function():
        raise error from cause

    return caught(function)


def test_a_user_error_speaks_for_what_was_raised_because_of_it():
    behind = raised_from(DatasetError("Failed while loading"), CohortError("patient 7"))
    assert user_message(behind) == "patient 7"
    assert user_message(raised_from(RuntimeError("above"), behind)) == "patient 7"


def test_a_user_error_speaks_where_another_error_followed_it():
    def function():
        try:
            raise UserError("two words to the user")
        except UserError:
            raise KeyError("while it was handled")  # noqa: B904 - the point of the test

    assert user_message(caught(function)) == "two words to the user"


@pytest.mark.parametrize(
    "error",
    [
        DatasetError("Failed while saving"),
        ParameterValidationError("folds"),
        MissingConfigException("conf/nowhere"),
        KedroCliError("two options that exclude each other"),
        NotADirectoryError("data"),
    ],
)
def test_errors_about_files_and_configuration_are_for_the_user(error):
    assert user_message(error) == str(error)


def test_a_full_disk_and_a_refused_permission_come_with_advice():
    full = OSError(errno.ENOSPC, "No space left on device", "data/a.csv")
    assert user_message(raised_from(DatasetError("a: Failed while saving"), full)) == (
        "a: Failed while saving\nThe disk is full: free some space, then type the command again."
    )
    refused = PermissionError(errno.EACCES, "Permission denied", "data/a.csv")
    assert user_message(refused).startswith("data/a.csv: Permission denied\nLook at the owner")


def test_a_fault_of_the_program_is_not_for_the_user():
    assert user_message(TypeError("a fault")) is None
    assert user_message(caught(lambda: int("x"))) is None
    assert user_message(BrokenPipeError()) is None
    assert user_message(click.UsageError("click says it better")) is None

    def function():
        try:
            Path("/no/such/file").read_text()
        except OSError:
            raise TypeError("a fault")  # noqa: B904 - the point of the test

    assert user_message(caught(function)) is None
