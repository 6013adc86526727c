"""Signatures: what is signed on one machine is verified on another, and nothing else is."""

from __future__ import annotations

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.adapters.sign import Ed25519Signer
from shoreward.domain import Terminal, TrustedKey

from .keys import PRIVATE, PUBLIC, SIGNATURE, SIGNED

COMMIT = "a" * 10


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "signing-key"


@pytest.fixture
def signer(path: Path) -> Ed25519Signer:
    return Ed25519Signer(path)


def refused(code: str = "MANIFEST_INVALID"):
    return pytest.raises(Terminal, check=lambda error: error.code == code)


# Envelopes


def test_what_is_signed_reads_back(signer: Ed25519Signer):
    assert signer.verify(signer.sign(b'{"a": 1}'), COMMIT) == b'{"a": 1}'


def test_the_same_payload_has_the_same_envelope(signer: Ed25519Signer):
    assert signer.sign(b"{}") == signer.sign(b"{}")


def test_an_envelope_is_dsse(signer: Ed25519Signer):
    envelope = json.loads(signer.sign(b"{}"))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert base64.b64decode(envelope["payload"]) == b"{}"
    (signature,) = envelope["signatures"]
    assert len(base64.b64decode(signature["sig"])) == 64
    assert len(signature["keyid"]) == 64


@settings(max_examples=50, deadline=None)
@given(payload=st.binary(max_size=200), where=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_an_envelope_in_which_anything_was_changed_is_refused(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes, where: int, bit: int
):
    signer = Ed25519Signer(tmp_path_factory.getbasetemp() / "of-many-examples" / "signing-key")
    envelope = bytearray(signer.sign(payload))
    envelope[where % len(envelope)] ^= 1 << bit
    assert read_or_refused(signer, bytes(envelope)) in (payload, "MANIFEST_INVALID", "SIGNER_UNKNOWN"), (
        "only what means the same"
    )


def read_or_refused(signer: Ed25519Signer, envelope: bytes) -> bytes | str:
    """The payload, or the code of the refusal."""
    try:
        return signer.verify(envelope, COMMIT)
    except Terminal as error:
        return error.code


@pytest.mark.parametrize(
    "envelope",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b'{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}',
        b'{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":null}',
        b'{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"keyid":"a"}]}',
        b'{"payloadType":"application/vnd.in-toto+json","payload":1,"signatures":[]}',
        b'{"payloadType":"application/vnd.in-toto+json","payload":"*","signatures":[]}',
    ],
)
def test_what_is_no_envelope_or_has_no_signature_is_refused(signer: Ed25519Signer, envelope: bytes):
    signer.sign(b"{}")
    with refused():
        signer.verify(envelope, COMMIT)


def test_a_signature_on_another_kind_of_payload_does_not_count(signer: Ed25519Signer):
    envelope = json.loads(signer.sign(b"{}"))
    with refused():
        signer.verify(json.dumps({**envelope, "payloadType": "text/plain"}).encode(), COMMIT)


def test_a_signature_of_the_wrong_length_does_not_count(signer: Ed25519Signer):
    envelope = json.loads(signer.sign(b"{}"))
    envelope["signatures"][0]["sig"] = base64.b64encode(b"x" * 63).decode()
    with refused():
        signer.verify(json.dumps(envelope).encode(), COMMIT)


# Whose signatures count


def test_a_foreign_key_does_not_count(signer: Ed25519Signer, tmp_path: Path):
    signer.sign(b"{}")
    foreign = Ed25519Signer(tmp_path / "foreign").sign(b"{}")
    with refused("SIGNER_UNKNOWN") as refusal:
        signer.verify(foreign, COMMIT)
    assert json.loads(foreign)["signatures"][0]["keyid"][:10] in refusal.value.what
    assert COMMIT in refusal.value.what


def test_a_foreign_key_that_calls_itself_ours_does_not_count(signer: Ed25519Signer, tmp_path: Path):
    ours = json.loads(signer.sign(b"{}"))
    foreign = json.loads(Ed25519Signer(tmp_path / "foreign").sign(b"{}"))
    foreign["signatures"][0]["keyid"] = ours["signatures"][0]["keyid"]
    with refused():
        signer.verify(json.dumps(foreign).encode(), COMMIT)


def trusting(path: Path, *others: Ed25519Signer) -> Ed25519Signer:
    """A machine on which a commit, and no other one, trusts some others."""
    keys = [TrustedKey(name="ci", key=other.public().splitlines()[1]) for other in others]
    return Ed25519Signer(path, lambda commit: keys if commit == COMMIT else [])


def test_a_key_that_a_commit_trusts_counts_beside_our_own(path: Path, tmp_path: Path):
    colleague = Ed25519Signer(tmp_path / "colleague")
    signer = trusting(path, colleague)
    assert signer.verify(colleague.sign(b"theirs"), COMMIT) == b"theirs"
    assert signer.verify(signer.sign(b"ours"), COMMIT) == b"ours"
    with refused("SIGNER_UNKNOWN"):
        colleague.verify(signer.sign(b"ours"), COMMIT)


def test_a_key_that_another_commit_trusts_does_not_count(path: Path, tmp_path: Path):
    colleague = Ed25519Signer(tmp_path / "colleague")
    with refused("SIGNER_UNKNOWN"):
        trusting(path, colleague).verify(colleague.sign(b"{}"), "b" * 10)


def test_what_a_trusted_key_signed_and_somebody_changed_is_refused(path: Path, tmp_path: Path):
    colleague = Ed25519Signer(tmp_path / "colleague")
    envelope = json.loads(colleague.sign(b"theirs"))
    with refused():
        trusting(path, colleague).verify(json.dumps({**envelope, "payload": "bWluZQ=="}).encode(), COMMIT)


def test_a_machine_without_a_key_may_trust_others(path: Path, tmp_path: Path):
    colleague = Ed25519Signer(tmp_path / "colleague")
    assert trusting(path, colleague).verify(colleague.sign(b"{}"), COMMIT) == b"{}"
    assert not path.exists()


def test_one_signature_that_counts_is_enough(path: Path, tmp_path: Path):
    signer, foreign = Ed25519Signer(path), Ed25519Signer(tmp_path / "foreign")
    ours, theirs = json.loads(signer.sign(b"{}")), json.loads(foreign.sign(b"{}"))
    both = {**ours, "signatures": theirs["signatures"] + ours["signatures"]}
    assert signer.verify(json.dumps(both).encode(), COMMIT) == b"{}"


def test_whoever_has_no_key_trusts_nobody_and_gets_none_by_asking(path: Path, tmp_path: Path):
    envelope = Ed25519Signer(tmp_path / "another").sign(b"{}")
    with refused("SIGNER_UNKNOWN"):
        Ed25519Signer(path).verify(envelope, COMMIT)
    assert not path.exists()


# The key's file


def test_the_key_is_made_at_the_first_signature_for_its_owner_alone(path: Path, signer: Ed25519Signer):
    signer.sign(b"{}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_key_stays_the_same(path: Path):
    envelope = Ed25519Signer(path).sign(b"{}")
    assert Ed25519Signer(path).sign(b"{}") == envelope


def test_of_many_who_make_a_key_at_once_one_is_first(path: Path):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: Ed25519Signer(path).public(), range(16)))
    assert len(set(keys)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_read_or_change_is_refused(path: Path, mode: int):
    envelope = Ed25519Signer(path).sign(b"{}")
    path.chmod(mode)
    with refused("SIGNING_KEY_EXPOSED"):
        Ed25519Signer(path).verify(envelope, COMMIT)
    with refused("SIGNING_KEY_EXPOSED"):
        Ed25519Signer(path).sign(b"{}")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\n*\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(path: Path, content: bytes):
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with refused("SIGNING_KEY_INVALID"):
        Ed25519Signer(path).sign(b"{}")
    assert path.read_bytes() == content


def test_a_folder_in_the_key_s_place_is_refused(path: Path):
    path.mkdir(parents=True)
    with refused("SIGNING_KEY_INVALID"):
        Ed25519Signer(path).sign(b"{}")


def test_a_key_that_another_program_made_signs_as_that_program_does(path: Path):
    path.parent.mkdir()
    path.write_text(PRIVATE)
    path.chmod(0o600)
    signer = Ed25519Signer(path)
    assert signer.public() == PUBLIC
    envelope = json.loads(signer.sign(b"{}"))
    assert b"DSSEv1 %d %s 2 {}" % (len(envelope["payloadType"]), envelope["payloadType"].encode()) == SIGNED
    assert envelope["signatures"][0]["sig"] == SIGNATURE
