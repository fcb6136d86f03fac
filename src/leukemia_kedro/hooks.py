"""What happens around every run."""

from __future__ import annotations

import logging
import time
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from leukemia_kedro.compute import one_thread_per_process
from leukemia_kedro.errors import UserError
from leukemia_kedro.models import check_models
from leukemia_kedro.preflight import missing_inputs_message

logger = logging.getLogger(__name__)


class ProjectHooks:
    """Hooks of the project, registered in settings.py."""

    _started: float

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Refuse, before any work, a run that cannot end well."""
        self._started = time.monotonic()
        if any(name.startswith("params:models") for name in pipeline.inputs()):
            check_models(catalog.load("params:models"))
        # With --only-missing-outputs Kedro has yet to choose the nodes.
        if not run_params["only_missing_outputs"]:
            message = missing_inputs_message(pipeline, catalog, pipelines, run_params["env"])
            if message:
                raise UserError(message)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Close a run that made the report with the answer and the report's place."""
        if "report" in pipeline.all_outputs():
            from leukemia_kedro.closing_summary import closing_summary

            for line in closing_summary(catalog, time.monotonic() - self._started).splitlines():
                logger.info(line)

    @hook_impl
    def before_node_run(self) -> None:
        """Libraries that an earlier node loaded are held to one thread, too."""
        one_thread_per_process()
