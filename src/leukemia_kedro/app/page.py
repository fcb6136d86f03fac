"""The page of ``kedro score``: drop a table, see what was read, and how a model calls its samples.

Streamlit runs this file again at every change on the page. What comes from a file is shown by
``page.html``, which escapes it: Streamlit's own texts would take it for Markdown.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from leukemia_kedro.app.server import MOST_MEGABYTES
from leukemia_kedro.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from leukemia_kedro.model.fitted import FittedModel

MOST_ROWS = 500
"""Of the calls on the page; the file to download has all."""
SHOWN = {
    "sample": "Sample", "label": "Known class", "call": "Call", "no_call_reason": "Why no call",
    "confidence": "Confidence", "threshold": "Threshold", "out_of_distribution":
    "Out of distribution", "conformal_set": "Conformal set", "driving_genes": "Genes behind it",
}  # fmt: skip
"""Columns of the calls, and their headings. The probabilities stand before the confidence."""
NAMED = {"driving_genes": "driving_symbols"}


@st.cache_resource(max_entries=1, show_spinner="Reading the model")
def _model(path: str, changed: float) -> FittedModel:
    from leukemia_kedro.model.file import load_champion

    return load_champion(path)


def _show(part: str, **content: Any) -> None:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    st.html(environment.get_template("page.html").render(part=part, **content))


def _headings(calls: pd.DataFrame) -> dict[str, str]:
    from leukemia_kedro.model.predictions import PROBABILITY

    headings: dict[str, str] = {}
    for name, heading in SHOWN.items():
        if name == "confidence":
            of_classes = [column for column in map(str, calls) if column.startswith(PROBABILITY)]
            headings |= {each: f"P({each.removeprefix(PROBABILITY)})" for each in of_classes}
        if name in calls:
            headings[name] = heading
    # Genes by name, where the model knows names; the file has both.
    known = "driving_symbols" in calls
    return {NAMED.get(name, name) if known else name: text for name, text in headings.items()}


def _in_words(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return {True: "yes", False: "no"}.get(value, str(value))


def _show_calls(calls: pd.DataFrame) -> None:
    from leukemia_kedro.compute.spreadsheets import safe_table
    from leukemia_kedro.pipelines.inference.nodes import describe_calls

    headings = _headings(calls)
    rows = calls[list(headings)].head(MOST_ROWS).to_numpy(dtype=object)
    cells = [[_in_words(value) for value in row] for row in rows.tolist()]
    record = describe_calls(calls)
    _show("calls", record=record, headings=list(headings.values()), rows=cells, most=MOST_ROWS)
    table = safe_table(calls.to_csv(index=False).encode())
    st.download_button(
        "Download all columns as CSV", table, "calls.csv", "text/csv", on_click="ignore"
    )


def _call_samples(model: FittedModel) -> None:
    """Ask for a table, say what was read, and show its calls."""
    from leukemia_kedro.app.reading import read_table, what_was_read
    from leukemia_kedro.cohort.terms import terms_of

    terms = terms_of(model.card["scale"])
    dropped = st.file_uploader(
        f"Table of new samples: CSV, TSV, Excel or Parquet, at most {MOST_MEGABYTES} MB. Its first "
        f"column names the {terms.row}s, or the samples where each sample is a row."
    )
    left, right = st.columns(2)
    samples = left.radio("Each sample is a", ["column", "row"], horizontal=True)
    share = left.number_input(
        f"Share of the model's {terms.row}s that a sample may lack", 0.0, 0.99, 0.0, step=0.01
    )
    other = {"column": "row", "row": "column"}[samples]
    label = right.text_input(f"Name of the {other} of known classes, if there is one")
    checked = right.checkbox("I looked at the values: they are on the scale of the model")
    if dropped is None:
        return
    cohort = read_table(dropped.name, dropped.getvalue(), f"{samples}s", label or None)
    _show("read", found=what_was_read(cohort, model))
    _show_calls(model.predict(cohort, share, checked))


def main(path: Path) -> None:
    """Draw the page."""
    st.set_page_config(page_title="Score new samples", layout="wide")
    st.title("Score new samples", anchor=False)
    model = _model(str(path), path.stat().st_mtime)
    _show("model", card=model.card, path=path)
    try:
        _call_samples(model)
    except UserError as error:
        _show("refused", message=str(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
