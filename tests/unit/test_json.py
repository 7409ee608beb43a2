"""JSON in and out with the digits as written."""

from decimal import Decimal

import pytest

from service.core.errors import NotFhir
from service.fhir.json import decode, encode


@pytest.mark.parametrize(
    "number", ["2.50", "0.10", "1.000", "2", "-0.5", "3.14159265358979323846264338327950288"]
)
def test_a_number_leaves_with_the_digits_it_came_with(number):
    assert encode(decode(number.encode())) == number.encode()


def test_no_number_becomes_a_float():
    said = decode(b'{"a": 2.5, "b": [1e2, 3]}')
    assert [type(v) for v in (said["a"], *said["b"])] == [Decimal, Decimal, int]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"a": NaN}', b'{"a": Infinity}', b"'a'", b"\xff\xfe", b'{"a": 01}', b"[1,]"],
)
def test_what_is_not_json_is_refused(body):
    with pytest.raises(NotFhir):
        decode(body)


def test_the_refusal_says_where_and_repeats_nothing():
    with pytest.raises(NotFhir) as caught:
        decode(b'{"family": "Invented", }')
    (fault,) = caught.value.faults
    assert "byte" in fault.text
    assert "Invented" not in fault.text


def test_json_that_nests_without_end_is_refused():
    with pytest.raises(NotFhir):
        decode(b"[" * 100_000 + b"]" * 100_000)
