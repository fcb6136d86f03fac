"""A key tells whether a model comes from someone who has it."""

import hashlib
import hmac
import json
import logging
import subprocess
import sys

import pytest
from helpers.forged_models import packed, parts_of
from helpers.small_models import small_model
from kedro.io.core import DatasetError

from leukemia_kedro import load_champion
from leukemia_kedro.datasets import SkopsDataset
from leukemia_kedro.errors import UserError
from leukemia_kedro.model.file import read_model, write_model
from leukemia_kedro.model.signature import TO_MAKE

MODEL = small_model("naive_bayes")


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "model.key"
    path.write_text("a secret of more than thirty-two letters\n")
    return path


@pytest.fixture
def signed(tmp_path, key):
    write_model(MODEL, tmp_path / "signed.skops", sign_with=key)
    return tmp_path / "signed.skops"


def test_a_signature_is_the_hmac_of_the_checksums(signed):
    """RFC 2104, written out."""
    parts = parts_of(signed)
    key = b"a secret of more than thirty-two letters".ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + parts["SHA256SUMS"]).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()
    assert parts["SIGNATURE"].decode() == outer + "\n"
    assert hmac.compare_digest(outer, parts["SIGNATURE"].decode().strip())


def test_the_card_and_the_log_say_whether_a_signature_was_checked(signed, key, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    assert load_champion(signed, check_with=str(key)).card["signature"] == "checked"
    assert caplog.messages == [f"{signed}: signature checked"]
    assert load_champion(signed).card["signature"] == "not checked"
    assert "signature not checked: no key was given" in caplog.messages[1]
    write_model(MODEL, tmp_path / "plain.skops")
    assert read_model(tmp_path / "plain.skops").card["signature"] == "none"


def test_another_key_a_changed_file_and_none_are_refused(signed, key, tmp_path):
    forged = packed(parts_of(signed) | {"2.npy": parts_of(signed)["3.npy"]})
    with_signature = tmp_path / "forged.skops"
    with_signature.write_bytes(forged)
    with pytest.raises(UserError, match="refused, it is not signed"):
        read_model(with_signature, key)
    other = tmp_path / "other.key"
    other.write_text("b" * 40)
    with pytest.raises(UserError, match=r"not made with the key .*other\.key"):
        read_model(signed, other)


def test_a_signature_does_not_hold_for_changed_parts(signed, key):
    """Parts with right checksums, and the signature of the parts before."""
    import zipfile

    parts = parts_of(signed)
    card = json.loads(parts["card.json"]) | {"seed": 8}
    signed.write_bytes(packed(parts | {"card.json": json.dumps(card).encode()}))
    read_model(signed)
    with zipfile.ZipFile(signed, "a") as archive:
        archive.writestr("SIGNATURE", parts["SIGNATURE"])
    with pytest.raises(UserError, match="its signature was not made with the key"):
        read_model(signed, key)


def test_a_short_key_and_none_are_refused(tmp_path):
    (tmp_path / "short.key").write_text("secret")
    with pytest.raises(UserError, match="a key of 6 bytes, expected 32 to 10,000"):
        write_model(MODEL, tmp_path / "model.skops", sign_with=tmp_path / "short.key")
    with pytest.raises(UserError, match=r"there is no such key file. To make one: python -c"):
        write_model(MODEL, tmp_path / "model.skops", sign_with=tmp_path / "no.key")
    assert not (tmp_path / "model.skops").exists()


def test_the_command_that_a_message_names_makes_a_key(tmp_path):
    code = TO_MAKE.partition('"')[2].partition('"')[0]
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    (tmp_path / "model.key").write_bytes(made.stdout)
    write_model(MODEL, tmp_path / "model.skops", sign_with=tmp_path / "model.key")
    assert (
        read_model(tmp_path / "model.skops", tmp_path / "model.key").card["signature"] == "checked"
    )


def test_the_catalog_signs_and_checks(tmp_path, key):
    path = str(tmp_path / "champion.skops")
    SkopsDataset(filepath=path, sign_with=str(key)).save(MODEL)
    assert SkopsDataset(filepath=path, check_with=str(key)).load().card["signature"] == "checked"
    SkopsDataset(filepath=path).save(MODEL)
    with pytest.raises(DatasetError, match="it is not signed"):
        SkopsDataset(filepath=path, check_with=str(key)).load()
