"""What is slow to import is not imported at start-up."""

import subprocess
import sys

SLOW = ("matplotlib", "pandas", "plotly", "scipy", "sklearn", "statsmodels", "umap", "xgboost")


def test_registering_the_pipelines_imports_nothing_slow():
    code = (
        "import sys; from leukemia_kedro.pipeline_registry import register_pipelines; "
        "import leukemia_kedro.cli, leukemia_kedro.settings; register_pipelines(); "
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == "[]"
