"""Project settings; read by Kedro before anything else of the project is imported."""

from leukemia_kedro.compute import one_thread_per_process
from leukemia_kedro.hooks import ProjectHooks

one_thread_per_process()

HOOKS = (ProjectHooks(),)

# kedro-viz's hook warns at every run of part of a pipeline; drawing needs no hook.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-viz",)

# An environment changes single parameters of a block without repeating the block.
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft"},
}
