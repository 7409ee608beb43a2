"""Bodies signed with a shared secret."""

import pytest

from service.fhir.notices.signature import signed
from tests.support.notifications import notification

SECRET, BODY = "key", b"The quick brown fox jumps over the lazy dog"
#: printf '%s' "$BODY" | openssl dgst -sha256 -hmac key
KNOWN = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"


@pytest.mark.parametrize("said", [KNOWN, KNOWN.upper(), f"sha256={KNOWN}", f" {KNOWN}\t"])
def test_the_right_signature_is_known_however_it_is_written(said):
    assert signed(SECRET, BODY, said)


@pytest.mark.parametrize(
    "said",
    ["", "sha256=", "0" * 64, KNOWN[:-1], f"{KNOWN}0", f"sha1={KNOWN}", "é" * 64, "\ud800", "²"],
)
def test_another_signature_is_not(said):
    assert not signed(SECRET, BODY, said)


def test_medplums_header_signs_the_bytes_that_came():
    case = notification("medplum-posts-an-update")
    assert signed(case.secret, case.sent.body, case.sent.headers["x-signature"])


def test_a_changed_byte_of_the_body_shows():
    assert not signed(SECRET, BODY + b"\n", KNOWN)


def test_another_secret_does_not_sign_for_ours():
    assert not signed("keys", BODY, KNOWN)


def test_without_a_secret_nothing_is_signed():
    known_to_all = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    assert not signed("", b"", known_to_all)
