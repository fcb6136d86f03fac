"""The documentation site: ``make docs`` builds it into build/docs, without a network."""

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

from pygments.lexers.shell import BashLexer
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(HERE.parent / "conf" / "logging.yml"))

project = "leukemia-kedro"
version = release = version_of(project)

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    # The site's own, in this folder.
    "docstrings",
    "made_from_code",
    "mathml",
]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
smartquotes = False  # it makes a dash of the two hyphens of an option

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_math_renderer = "mathml"

# Docstrings state types, shapes and scales themselves.
autodoc_typehints = "none"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
nitpick_ignore_regex = [
    # Other projects, whose pages need a network to be looked up.
    (r"py:.*", r"(kedro|matplotlib|numpy|xgboost)\..*"),
    # Words of a shape, which Sphinx takes for types.
    (r"py:class", r"ndarray|shape|n_\w+|2"),
]


def setup(app: Sphinx) -> None:
    """Languages of blocks: commands without prompt or output, and tables."""
    app.add_lexer("console", BashLexer)
    app.add_lexer("csv", TextLexer)
