"""The picture of the pipelines as a static site: previews, last run, no network, no local paths.

    python scripts/viz_site.py --env demo build/viz
    python -m http.server --directory build/viz

``kedro viz build --include-previews`` shows the path of each file on this machine to every reader.
"""

import json
import re
import shutil
from pathlib import Path

import click
import fsspec
from kedro.framework.cli.utils import ENV_HELP
from kedro_viz.api.rest.responses.metadata import MetadataAPIResponse, get_metadata_response
from kedro_viz.api.rest.responses.save_responses import write_api_response_to_fs
from kedro_viz.integrations.deployment.base_deployer import BaseDeployer
from kedro_viz.server import load_and_populate_data

PROJECT = Path(__file__).resolve().parents[1]

MODELS = """<!DOCTYPE html>
<title>The steps of modelling</title>
<script>
const kept = JSON.parse(localStorage.getItem("KedroViz") ?? "{}");
const visible = {...kept.visible, miniMap: false};
const opened = {orientation: "horizontal", isPrettyName: true, visible};
const shown = {showFeatureHints: false, ...kept, ...opened};
localStorage.setItem("KedroViz", JSON.stringify(shown));
location.replace("./?pid=modelling&types=nodes");
</script>
"""
"""A page that opens the picture with models below one another and without datasets: kedro-viz has
an address for the latter and keeps the former in the browser."""


NO_HINTS = """<script>
localStorage.KedroViz ??= JSON.stringify({showFeatureHints: false});
</script>"""
"""Hints on kedro-viz would cover a third of the picture when it is opened for the first time."""


class Site(BaseDeployer):
    """kedro-viz's own static site, in any folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder
        self._fs = fsspec.filesystem("file")


@click.command()
@click.option("--env", help=ENV_HELP)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def build(env: str | None, folder: Path) -> None:
    """Write the site into FOLDER. Previews show the results of the environment."""
    shutil.rmtree(folder / "api", ignore_errors=True)
    load_and_populate_data(PROJECT, env=env)
    site = Site(folder)
    site.deploy(is_all_previews_enabled=True)
    page = folder / "index.html"
    text = without_network(page.read_text(encoding="utf-8"))
    page.write_text(text.replace("<head>", f"<head>{NO_HINTS}", 1), encoding="utf-8")
    (folder / "models.html").write_text(MODELS, encoding="utf-8")
    # Left out by kedro-viz; its page asks for it all the same.
    metadata = MetadataAPIResponse.model_validate(get_metadata_response(), from_attributes=True)
    write_api_response_to_fs(f"{folder}/api/metadata", metadata, site._fs)
    for node in (folder / "api" / "nodes").iterdir():
        node.write_text(without_paths(node.read_text(encoding="utf-8")), encoding="utf-8")
    click.echo(f"To look at it: python -m http.server --directory {folder}")


def without_network(page: str) -> str:
    """kedro-viz's page without its links to a font elsewhere; the reader has a sans-serif."""
    return re.sub(r"<link[^>]*https://fonts[^>]*>\s*", "", page)


def without_paths(node: str) -> str:
    """What the site shows of a node, with paths relative to the project.

    Parameters
    ----------
    node : str
        JSON; of a file outside the project the name is left.
    """
    told = json.loads(node)
    if told.get("filepath"):
        # Where data lie, kedro-viz tells from the root on, and code from the project's parent on.
        path = PROJECT.parent / told["filepath"]
        inside = path.is_relative_to(PROJECT)
        told["filepath"] = path.relative_to(PROJECT).as_posix() if inside else path.name
    return json.dumps(told, ensure_ascii=False).replace(f"{PROJECT.as_posix()}/", "")


if __name__ == "__main__":
    build()
