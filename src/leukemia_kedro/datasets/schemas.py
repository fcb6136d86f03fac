"""What the tables that people may edit must hold. The catalog checks it when it reads them.

The catalog names a schema as ``validator:``. The ``description`` of a field says what is expected
of its cells, and is part of the error message. Further columns are fine.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors
from pandera.typing.pandas import Index, Series

from leukemia_kedro.cohort.cohort import SPLITS
from leukemia_kedro.errors import UserError, first_few


def text(description: str, **checks: Any) -> Any:
    """A cell with something in it."""
    return pa.Field(str_contains=r"\S", description=description, **checks)


class Table(pa.DataFrameModel):
    """A table of one file. ``title`` is the file's name, ``description`` who makes it."""

    @classmethod
    def validate(cls, check_obj: pd.DataFrame, *args: Any, **kwargs: Any) -> Any:
        """The table itself, where it is as it should be.

        Raises
        ------
        UserError
            With every column in which something else was found than expected, and where.
        """
        try:
            return super().validate(check_obj, *args, **kwargs)
        except SchemaErrors as error:
            raise UserError(_message(cls.to_schema(), error.failure_cases)) from error


class Samples(Table):
    """``02_intermediate/<cohort>/samples.csv``"""

    sample: Index[str] = text("an id that occurs once", unique=True, check_name=True)
    label: Series[str] = text("the class of the sample")
    split: Series[str] | None = pa.Field(isin=SPLITS, description="train or test")

    class Config:
        title, description = "samples.csv", "data_processing"


class Probes(Table):
    """``02_intermediate/<cohort>/probes.csv``"""

    probe: Index[str] = text("an id that occurs once", unique=True, check_name=True)
    description: Series[str] = pa.Field(description="text, or nothing")
    is_control: Series[bool] = pa.Field(description="True or False")

    class Config:
        title, description = "probes.csv", "data_processing"


class SampleSplit(Samples):
    """``03_primary/<cohort>/sample_split.csv``"""

    split: Series[str] = pa.Field(isin=SPLITS, description="train or test")
    group: Series[str] | None = text("the patient the sample is from")

    class Config:
        title, description = "sample_split.csv", "data_processing"


class Signature(Table):
    """``04_feature/<cohort>/signature.csv``"""

    probe: Series[str] = text("a probe that occurs once", unique=True)
    description: Series[str] = pa.Field(description="text, or nothing")
    score: Series[float] = pa.Field(description="a number", coerce=True)
    direction: Series[str] = text("the class in which it is higher")
    selection_frequency: Series[float] = pa.Field(
        in_range={"min_value": 0, "max_value": 1}, description="a number from 0 to 1", coerce=True
    )

    class Config:
        title, description = "signature.csv", "feature_selection"


class ResamplingPlan(Table):
    """``05_model_input/<cohort>/resampling_plan.csv``"""

    repeat: Series[int] = pa.Field(ge=1, description="a whole number from 1")
    fold: Series[int] = pa.Field(ge=1, description="a whole number from 1")
    sample: Series[str] = text("a training sample")

    class Config:
        title, description = "resampling_plan.csv", "feature_selection"


def _message(schema: pa.DataFrameSchema, cases: pd.DataFrame) -> str:
    """One line per column, and the command that writes the table again."""
    absent = cases["check"] == "column_in_dataframe"
    columns = cases["column"].mask(absent, cases["failure_case"])
    faults = [
        f"  column {name}{_fault(schema, faulty)}; expected "
        f"{schema.columns.get(name, schema.index).description}"
        for name, faulty in cases.groupby(columns, sort=False)
    ]
    command = f"kedro run --pipelines {schema.description}"
    advice = f"Correct the file, or write it again, with the same --env: {command}"
    return "\n".join([f"{schema.title} is not as expected:", *faults, advice])


def _fault(schema: pa.DataFrameSchema, cases: pd.DataFrame) -> str:
    if cases["check"].eq("column_in_dataframe").any():
        return " is absent"
    located = cases[cases["index"].notna()].drop_duplicates("index")
    if located.empty:
        return f": cells are read as {first_few(cases['failure_case'])}"
    # Without an index, the line in the file: the header is line 1.
    return ": " + first_few(
        f"{value!r} (line {int(row) + 2})"
        if schema.index is None
        else f"{value!r} ({schema.index.name} {row})"
        for value, row in zip(located["failure_case"], located["index"], strict=True)
    )
