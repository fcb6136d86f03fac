"""A Kedro project of a few nodes, written to a folder, with the commands of this one."""

from pathlib import Path

FILES = {
    "pyproject.toml": """
        [tool.kedro]
        package_name = "tiny"
        project_name = "tiny"
        kedro_init_version = "1.7.0"
        """,
    ".telemetry": "consent: false",
    "src/tiny/__init__.py": "",
    "src/tiny/settings.py": "",
    "src/tiny/cli.py": "from leukemia_kedro.cli import cli",
    "src/tiny/nodes.py": """
        from pydantic import BaseModel
        from leukemia_kedro.errors import CohortError

        class Settings(BaseModel):
            folds: int

        def copy(value):
            return value

        def refuse(value):
            raise CohortError("patient 7 has no label")

        def refuse_behind(value):
            try:
                refuse(value)
            except CohortError as error:
                raise RuntimeError("a layer above") from error

        def fault(value):
            raise TypeError("a fault of the program")

        def write_to_full_disk(value):
            with open("/dev/full", "w") as file:
                file.write("x")

        def noisy(value):
            import logging, subprocess, time, warnings

            time.sleep(0.6)  # the live line is drawn twice a second
            warnings.warn_explicit("of the module warnings", UserWarning, "nodes.py", 1)
            logging.getLogger("tiny").warning("of the log")
            print("printed")
            subprocess.run("echo of another process >&2", shell=True)
            time.sleep(0.6)
            refuse(value)

        def wait(value):
            import time

            print("waiting for Ctrl-C")
            time.sleep(60)

        def read_settings(value, settings: Settings):
            return value
        """,
    "src/tiny/pipeline_registry.py": """
        from kedro.pipeline import Node, Pipeline
        from tiny import nodes

        def register_pipelines():
            def one(function, inputs, outputs):
                return Pipeline([Node(function, inputs, outputs, name=outputs)])

            first = one(nodes.copy, "raw", "primary")
            pipelines = {
                "first": first,
                "damaged": one(nodes.copy, "not_json", "copied"),
                "typed": one(nodes.read_settings, ["raw", "params:settings"], "read"),
            }
            for function in (nodes.refuse, nodes.refuse_behind, nodes.fault, nodes.noisy,
                             nodes.wait, nodes.write_to_full_disk):
                pipelines[function.__name__] = first + one(function, "primary", "nothing")
            return {"__default__": first, **pipelines}
        """,
    "conf/base/catalog.yml": """
        raw: {type: json.JSONDataset, filepath: data/raw.json}
        not_json: {type: json.JSONDataset, filepath: conf/base/catalog.yml}
        primary: {type: json.JSONDataset, filepath: data/primary.json}
        """,
    "conf/base/parameters.yml": "settings: {folds: 5}",
    "conf/wrong_parameters/parameters.yml": "settings: {folds: many}",
    "conf/wrong_yaml/catalog.yml": "raw: {type: [",
    "conf/local/.gitkeep": "",
    "data/raw.json": "[1, 2, 3]",
}


def write_tiny_project(folder: Path) -> Path:
    from textwrap import dedent

    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
    return folder
