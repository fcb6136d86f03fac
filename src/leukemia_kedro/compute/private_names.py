"""Every private name of another library that the project uses.

Such a name can change with any release. So each stands here with its reason, the version it was
last tested with, and what to try when it breaks. Objects of Kedro and Dask come as arguments: this
module imports neither. Four habits of the libraries themselves stay where they are used:

- Subclasses of a Kedro dataset set and read ``self._filepath`` and ``self._protocol``
  (``datasets/files.py``).
- Estimators state ``_parameter_constraints``, as scikit-learn's own do (``estimators/``).
- Previews are annotated with types of ``kedro_datasets._typing``, whose names kedro-viz looks for
  (``datasets/previews.py``).
- A model file names scikit-learn's private classes and attributes that it may hold
  (``model/classifier_contents.py``), and the loaders of skops (``model/schema.py``).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.utils._param_validation import Interval, StrOptions  # noqa: F401 - for others

# --- Kedro 1.7 --------------------------------------------------------------------------------

NODE_COMPLETED = "Completed node: %s"
TASKS_COMPLETED = "Completed %d out of %d tasks"
"""What a runner logs after each node, in this order.

When they break: the log has two lines per node again, and the live line counts no nodes. Look for
the calls in ``AbstractRunner._run``.
"""


def file_of(dataset: Any) -> Path:
    """The file or folder of a dataset; AttributeError where it has none.

    When it breaks: every dataset's ``_init_args["filepath"]``.
    """
    return Path(dataset._filepath)


def settings_of(dataset: Any) -> dict[str, Any]:
    """``type`` and arguments of a catalog entry.

    When it breaks: the entry of that name in ``DataCatalog.to_config``, of the whole catalog.
    """
    return dataset._init_config()


def file_system_of(dataset: Any, default: Any) -> Any:
    """The fsspec file system of a dataset, which has its credentials.

    When it breaks: ``fsspec.filesystem`` with the entry's ``credentials``.
    """
    return getattr(dataset, "_fs", default)


def let_seem_missing(dataset: Any) -> None:
    """Let ``kedro run --changed`` make a dataset whose file stays until then.

    ``exists()`` calls ``_exists()``. When it breaks: override ``exists`` itself.
    """
    dataset._exists = bool  # which returns False; a lambda could not be sent to other processes


def at_another_place(dataset: Any, place: Path) -> Any:
    """A copy of a dataset that reads and writes ``place``.

    When it breaks: make a new dataset from :func:`settings_of` with another ``filepath``.
    """
    moved = copy(dataset)
    moved._filepath = PurePosixPath(place.as_posix())
    return moved


# --- joblib 1.6 -------------------------------------------------------------------------------


def delete_shared_arrays_soon() -> None:
    """Let joblib wait less than 0.1 s after each call until workers have released a shared array.

    An array that is still in use is deleted when the process ends. When it breaks: leave it out,
    runs are slower and otherwise the same.
    """
    from joblib import disk

    disk.RM_SUBDIRS_RETRY_TIME = 0.01  # seconds


def end_workers() -> None:
    """End joblib's idle workers at once, rather than wait for each to finish by itself.

    When it breaks: leave it out; ``peak_memory_gb`` then misses workers that have not ended.
    """
    if "joblib" in sys.modules:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)


def dask_backend(client: Any) -> Any:
    """joblib's Dask backend, corrected in two places.

    With one worker joblib would work in this process, and with none it would give up. And it would
    wait for ever for a task that Dask has given up. When it breaks: look for the class behind
    ``joblib.parallel_config(backend="dask")``, and whether joblib has corrected these itself.
    """
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):
        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, sum(self.client.nthreads().values()))

        def submit(self, func: Callable, callback: Callable | None = None) -> Any:
            def report_failure(done: Any) -> None:
                if callback and (error := done.exception()):
                    callback(error)

            submitted = super().submit(func, callback)
            submitted.add_done_callback(report_failure)
            return submitted

    return Backend(client=client)


# --- scikit-learn 1.9 -------------------------------------------------------------------------


def check_parameters(estimator: Any) -> None:
    """Raise a ValueError where an estimator's own rules refuse a parameter, as ``fit`` would.

    When it breaks: leave it out; the rehearsal of the models (``run/rehearsal.py``) then finds the
    same, once the samples are known.
    """
    with suppress(AttributeError):  # estimators of other packages may have no rules
        estimator._validate_params()


_lock_of_fits = threading.Lock()
_fits: list[int] = []
"""One entry for each thread that fits quickly: the last one restores what the first replaced."""
_replaced: list[tuple[Any, str, Any]] = []


@contextmanager
def quick_fits() -> Iterator[None]:
    """Fit scikit-learn's classifiers to arrays without what they do again for each tree.

    A tree of thirty samples grows in a tenth of the time that scikit-learn spends on it: on
    joblib, copies of the filters of warnings, checks of labels and weights that the forest made,
    and names of parameters, which it reads from signatures. What is fitted is the same. When it
    breaks: leave it out; runs are slower and otherwise the same.
    """
    from sklearn.base import BaseEstimator
    from sklearn.ensemble import _forest
    from sklearn.tree import _classes
    from sklearn.utils import validation

    with _lock_of_fits:
        if not _fits:
            is_table = validation._nw_into_df_or_series
            names: Any = vars(BaseEstimator)["_get_param_names"].__func__
            cached: Any = cache(names)
            quick: list[tuple[Any, str, Any]] = [
                (_forest, "Parallel", _InOrder),
                (_forest, "delayed", _delayed),
                (_classes, "check_classification_targets", lambda labels: None),
                (_classes, "_check_sample_weight", _as_array),
                (validation, "_nw_into_df_or_series", lambda x: not _is_array(x) and is_table(x)),
                (BaseEstimator, "_get_param_names", classmethod(cached)),
            ]
            _replaced.extend((place, name, vars(place)[name]) for place, name, _ in quick)
            for place, name, value in quick:
                setattr(place, name, value)
        _fits.append(1)
    try:
        yield
    finally:
        with _lock_of_fits:
            _fits.pop()
            if not _fits:
                while _replaced:
                    setattr(*_replaced.pop())


def _as_array(weight: Any, _samples: Any, dtype: Any, **_: Any) -> Any:
    import numpy as np

    return np.asarray(weight, dtype)


def _is_array(samples: Any) -> bool:
    import numpy as np

    return type(samples) is np.ndarray


def _delayed(function: Callable) -> Callable[..., tuple[Callable, tuple, dict]]:
    return lambda *given, **named: (function, given, named)


class _InOrder:
    """``joblib.Parallel`` with one job."""

    def __init__(self, **_settings: Any) -> None:
        pass

    def __call__(self, tasks: Iterator[tuple[Callable, tuple, dict]]) -> list[Any]:
        return [function(*given, **named) for function, given, named in tasks]


def __getattr__(name: str) -> Any:
    """``Interval`` and ``StrOptions``, in which an estimator states rules for its parameters.

    When they break: check in ``fit``.
    """
    if name not in ("Interval", "StrOptions"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sklearn.utils import _param_validation

    return getattr(_param_validation, name)


# --- Streamlit 1.67 ---------------------------------------------------------------------------


def know_own_address(host: str) -> None:
    """Let Streamlit take this for the machine's address.

    At the first request from a foreign page it asks a server on the internet for the address, and
    lets pages of that address in. When it breaks: look for what ``get_external_ip`` of
    ``streamlit.net_util`` reads.
    """
    from streamlit import net_util

    net_util._external_ip = net_util._internal_ip = host
