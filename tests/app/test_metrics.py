"""How figures are written."""

import pytest

from migrations_app.quantities import UNKNOWN, Unit, quantity, shown, three_digits


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01234, "0.0123"),
        (0.5, "0.500"),
        (1.234, "1.23"),
        (9.999, "10.0"),
        (12.34, "12.3"),
        (99.96, "100"),
        (123.4, "123"),
        (12345, "12300"),
        (-1.234, "-1.23"),
    ],
)
def test_three_significant_digits(value, text):
    assert three_digits(value) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0.0412, "0.0412 ms"),
        (38.91, "38.9 ms"),
        (99.4, "99.4 ms"),
        (100, "0.100 s"),
        (634.2, "0.634 s"),
        (12_700, "12.7 s"),
        (754_000, "754 s"),
    ],
)
def test_a_duration_is_in_seconds_from_a_tenth_of_one_on(ms, text):
    assert shown(ms, Unit.MS).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (512, "512 B"), (1024, "1.00 KiB"), (1_290_240, "1.23 MiB"), (2**40, "1020 GiB")],
)
def test_a_size_is_in_binary_units(count, text):
    assert shown(count, Unit.BYTES).replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_count_has_no_unit():
    assert quantity(312, Unit.COUNT).unit == ""


def test_what_is_not_known_is_a_dash_and_never_zero():
    assert shown(None, Unit.MS) == UNKNOWN
    assert shown(0, Unit.MS) != UNKNOWN
