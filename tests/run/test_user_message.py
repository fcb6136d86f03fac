"""Which errors have a message for the user, and which are faults of the program."""

import errno

import click
import pytest
from kedro.config import MissingConfigException
from kedro.framework.cli.utils import KedroCliError
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError

from leukemia_kedro.errors import CohortError, UserError
from leukemia_kedro.run.user_message import user_message


def caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def while_handling(error: Exception, handled: Exception) -> Exception:
    error.__context__ = handled
    return error


def test_the_message_is_that_of_a_user_error_behind_an_error():
    read = caused_by(DatasetError("Failed while loading"), CohortError("patient 7"))
    assert user_message(read) == "patient 7"
    assert user_message(caused_by(RuntimeError("above"), read)) == "patient 7"
    assert user_message(while_handling(KeyError("later"), UserError("first"))) == "first"
    assert user_message(UserError("no labels", "no values")) == "no labels\nno values"


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
    assert user_message(caused_by(DatasetError("a: Failed while saving"), full)) == (
        "a: Failed while saving\nThe disk is full: free some space, then type the command again."
    )
    refused = PermissionError(errno.EACCES, "Permission denied", "data/a.csv")
    assert user_message(refused).startswith("data/a.csv: Permission denied\nLook at the owner")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("Unable to allocate 9 GiB for an array"),
        RuntimeError("can't start new thread"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ImportError("libx.so: failed to map segment from shared object"),
        RuntimeError("std::bad_alloc"),
        while_handling(OSError("Could not load libllvmlite.so"), ImportError("failed to map segme"
                                                                             "nt from shared")),
        RuntimeError("A worker process managed by the executor was unexpectedly terminated. This"),
    ],
)  # fmt: skip
def test_a_lack_of_memory_comes_with_advice(error):
    message = user_message(caused_by(RuntimeError("above"), error))
    assert message.startswith("Memory ran out")
    assert "compute.n_jobs=1" in message
    assert "ulimit -v" in message


def test_too_many_open_files_come_with_advice():
    full = OSError(errno.EMFILE, "Too many open files", "data/a.csv")
    assert "ulimit -n" in user_message(caused_by(DatasetError("a: Failed while saving"), full))


def test_a_fault_of_the_program_is_not_for_the_user():
    assert user_message(TypeError("a fault")) is None
    assert user_message(BrokenPipeError()) is None
    assert user_message(click.UsageError("click says it better")) is None
    assert user_message(while_handling(TypeError("a fault"), FileNotFoundError("a"))) is None
    with pytest.raises(ValueError, match="invalid literal") as raised:
        int("x")
    assert user_message(raised.value) is None
