"""The message for the user about an error: the part of it that a user can act on."""

from __future__ import annotations

import errno
import re
import traceback
from collections.abc import Iterator

from leukemia_kedro.errors import UserError, escaped

_MORE_ROOM = "free some space, then type the command again."
_PERMISSION = "Look at the owner and the permissions of the file and of its folder."
_ADVICE = {
    errno.ENOSPC: f"The disk is full: {_MORE_ROOM}",
    errno.EDQUOT: f"Your quota of the disk is used up: {_MORE_ROOM}",
    errno.EFBIG: "The system limits the size of files: see ulimit -f.",
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EMFILE: "The system limits the files open at once: see ulimit -n. 1024 are enough.",
    errno.EROFS: "The place is read-only: work in a copy of the project elsewhere.",
}

_LACK_OF_MEMORY = re.compile(
    r"can't start new thread|failed to map segment|annot allocate memory|bad.alloc|"
    r"worker process managed by the executor was unexpectedly terminated"
)
"""What libraries say in errors of other types than MemoryError."""
_MORE_MEMORY = (
    "Close other programs, use fewer workers (--params compute.n_jobs=1), or see ulimit -v. Then "
    "type the command again: with --changed it keeps what is finished."
)


def user_message(error: BaseException) -> str | None:
    """The message for the user about an error; None for a fault of the program.

    It is that of the first :class:`~leukemia_kedro.errors.UserError` behind the error, else of the
    first error in the chain of causes that Kedro or the operating system raises about files,
    configuration or the command line. A lack of memory is no fault of the program either.
    """
    for link in _chain(error, with_context=True):
        if isinstance(link, UserError):
            return _with_advice(str(link), link)
    for link in _chain(error, with_context=True):
        if isinstance(link, MemoryError) or _LACK_OF_MEMORY.search(str(link)):
            found = str(link).partition("\n")[0]
            return f"Memory ran out{': ' if found else '.'}{found}\n{_MORE_MEMORY}"
    for link in _chain(error, with_context=False):
        if _user_can_act_on(link):
            return escaped(_with_advice(_text(link), error))
    return None


def _with_advice(message: str, error: BaseException) -> str:
    """The message, with advice on the operating system's error behind it, if any."""
    for link in _chain(error, with_context=False):
        if isinstance(link, OSError) and link.errno in _ADVICE:
            return f"{message}\n{_ADVICE[link.errno]}"
    return message


def _chain(error: BaseException | None, with_context: bool) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        context = None if error.__suppress_context__ or not with_context else error.__context__
        error = error.__cause__ or context


def _user_can_act_on(error: BaseException) -> bool:
    from kedro.config import MissingConfigException
    from kedro.framework.cli.utils import KedroCliError
    from kedro.io import DatasetError
    from kedro.validation.exceptions import ParameterValidationError
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    if isinstance(error, BrokenPipeError):
        return False  # the program reading a pipe has ended; click then ends without a message
    of_configuration = (MissingConfigException, OmegaConfBaseException, ParameterValidationError)
    if isinstance(error, (*of_configuration, DatasetError, KedroCliError, OSError, YAMLError)):
        return True
    if not isinstance(error, ValueError | KeyError | AttributeError | ImportError):
        return False
    # Kedro itself raises it about a name or an entry that the project does not have.
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_globals.get("__name__", "").startswith("kedro.")


def _text(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    lines = [line for line in str(error).splitlines() if "https://errors.pydantic.dev" not in line]
    # After each fault pydantic repeats the whole block.
    return "\n".join(re.sub(r" \[type=\w+, input_value=.*\]$", "", line) for line in lines)
