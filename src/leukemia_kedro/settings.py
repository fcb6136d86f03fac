"""Project settings; read by Kedro before anything else of the project is imported."""

import logging
import os
from importlib.util import find_spec
from typing import Any

from leukemia_kedro.compute.freed_memory import keep_freed_memory
from leukemia_kedro.compute.parallel import end_forks_with_this_process
from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.run.config_files import ConfigLoader
from leukemia_kedro.run.hooks import ProjectHooks

one_thread_per_process()
keep_freed_memory()
end_forks_with_this_process()

HOOKS: tuple[Any, ...] = (ProjectHooks(),)

DISABLE_HOOKS_FOR_PLUGINS: tuple[str, ...] = ()

# kedro-viz's hook writes what its tab of the last run shows. It warns at runs that it does not
# write down: of a part, with other runners, of the packaged project.
logging.getLogger("kedro_viz.integrations.kedro").setLevel(logging.ERROR)

# The extra mlflow registers its hook wherever it is installed. MLflow records a run only where its
# own variable names a store, and sends nothing to its makers.
if find_spec("kedro_mlflow"):
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    if "MLFLOW_TRACKING_URI" in os.environ:
        from leukemia_kedro.run.mlflow_hooks import MlflowHooks

        HOOKS += (MlflowHooks(),)
    else:
        DISABLE_HOOKS_FOR_PLUGINS += ("kedro_mlflow",)

# The base describes no cohort. An environment states one, and changes single parameters of a block
# without repeating the block. Golub's is the environment of a command without --env.
CONFIG_LOADER_CLASS = ConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "golub",
    "merge_strategy": {"parameters": "soft"},
}
