"""The models are the blocks of the project's base parameters, in their order."""

import pytest
from helpers.small_models import BLOCKS

from leukemia_kedro.errors import UserError
from leukemia_kedro.model import registry


def test_the_names_are_those_of_the_project_around_the_folder(tmp_path, monkeypatch):
    assert registry.model_names() == tuple(BLOCKS)
    file = tmp_path / registry.BLOCKS
    file.parent.mkdir(parents=True)
    file.write_text("models:\n  zeta: {}\n  alpha: {}\n")
    deeper = tmp_path / "data" / "raw"
    deeper.mkdir(parents=True)
    monkeypatch.chdir(deeper)
    assert registry.model_names() == ("zeta", "alpha")


@pytest.mark.parametrize("text", ["", "models:\n", "models: {a: [}", "other: {}"])
def test_a_file_without_blocks_is_refused_with_its_name(text, tmp_path, monkeypatch):
    file = tmp_path / registry.BLOCKS
    file.parent.mkdir(parents=True)
    file.write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"parameters_models\.yml: expected a block for each model"):
        registry.model_names()


def test_elsewhere_the_checkout_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert registry.model_names() == tuple(BLOCKS)
    monkeypatch.setattr(registry, "CHECKOUT", tmp_path)
    with pytest.raises(UserError, match="run Kedro in the folder of the project"):
        registry.model_names()
