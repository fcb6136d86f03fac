"""Files of ``conf`` that would not end, or be read by half, are refused with file and line."""

import json

import pytest
from helpers.project_copy import PROJECT
from kedro.config import OmegaConfigLoader

from leukemia_kedro import settings
from leukemia_kedro.errors import UserError
from leukemia_kedro.run.config_files import ConfigLoader, read_config

LINES = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
LAUGHS = "\n".join(["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]", *LINES])
"""Ten thousand million values in ten lines."""
REFUSED = {
    "values that repeat values": (LAUGHS, "line 5: more than 100,000 values"),
    "lists within lists": ("a: " + "[" * 50_000 + "]" * 50_000, "line 1: nested more than 50 deep"),
    "mappings within mappings": ("a: " + "{b: " * 500 + "1" + "}" * 500, "more than 50 deep"),
    "a list that holds itself": ("a: &a [1, *a]", r"line 1: \*a stands within &a"),
    "a mapping merged into itself": ("a: &a\n  <<: *a\n", r"line 2: \*a stands within &a"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' stands twice; remove one of them"),
    "a key of a block twice": ("a: {b: 1, c: 2, b: 3}", "line 1: the key 'b' stands twice"),
    "another document": ("a: 1\n---\nb: 1\n", "line 2: no YAML: but found another document"),
    "an object of Python": (
        'a: !!python/object/apply:os.system ["touch trace"]',
        "line 1: no YAML: could not determine a constructor for the tag",
    ),
    "a name of nothing": ("a: *b", "line 1: no YAML: found undefined alias"),
    "a tab before a key": ("a: 1\n\tb: 2\n", "line 2: no YAML: found"),
    "a number of 5,000 digits": ("a: " + "9" * 5000, "cannot be read: Exceeds the limit"),
    "a day that there is not": ("a: 2026-02-30", "cannot be read: day is out of range"),
    "a list at the top": ("- 1\n- 2\n", "found a list; expected keys"),
    "a key that is a number": ("1: a", 'the key 1 is no text; put it in quotes: "1"'),
    "no text": (b"a: \xff", "cannot be read: 'utf-8' codec"),
    "a control character": (b"a: \x00", "cannot be read: .*control characters are not allowed"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize(
    "name", ["globals.yml", "parameters.yml", "catalog.yml", "credentials.yml"]
)
def test_it_is_refused_before_kedro_reads_it(tmp_path, content, message, name):
    for environment in ("base", "mine"):
        (tmp_path / "conf" / environment).mkdir(parents=True)
    path = tmp_path / "conf" / "mine" / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=f"conf/mine/{name}.*{message}"):
        ConfigLoader(str(tmp_path / "conf"), env="mine", **settings.CONFIG_LOADER_ARGS)
    assert not (tmp_path / "trace").exists()


def test_kedro_uses_this_loader():
    assert settings.CONFIG_LOADER_CLASS is ConfigLoader


@pytest.mark.parametrize("env", [None, "demo"])
def test_sound_files_are_read_as_kedro_reads_them(env):
    ours, kedros = (
        loader(str(PROJECT / "conf"), env=env, **settings.CONFIG_LOADER_ARGS)
        for loader in (ConfigLoader, OmegaConfigLoader)
    )
    for kind in ("globals", "parameters", "catalog"):
        assert ours[kind] == kedros[kind]


def test_aliases_anchors_and_json_are_sound(tmp_path):
    (tmp_path / "a.yml").write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n", "utf-8")
    assert read_config(tmp_path / "a.yml") == {
        "a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": [{"x": 1}, {"x": 1}]
    }  # fmt: skip
    samples = {"leave_out": {"sample": [f"GSM{i}" for i in range(12_029)]}}
    (tmp_path / "b.json").write_text(json.dumps(samples), "utf-8")
    assert read_config(tmp_path / "b.json") == samples
    (tmp_path / "empty.yml").write_text("# nothing yet\n", "utf-8")
    assert read_config(tmp_path / "empty.yml") == {}
