"""Check digits: for each country, numbers made by the rule pass and every changed digit of a checked one fails."""

import pytest

from trivium.text import identifiers


@pytest.mark.parametrize(
    ("check", "valid"),
    [
        (identifiers.card, ["4111111111111111", "5500005555555559", "378282246310005", "6011111111111117", "3530111333300000"]),
        (identifiers.iban, ["DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606", "NO9386011117947"]),
        (identifiers.spanish, ["12345678Z", "X1234567L"]),
        (identifiers.german, ["86095742719", "47036892816"]),
        (identifiers.brazilian, ["52998224725", "11144477735"]),
        (identifiers.polish, ["44051401359", "02070803628"]),
        (identifiers.chinese, ["11010519491231002X"]),
        (identifiers.dutch, ["111222333", "123456782"]),
        (identifiers.canadian, ["130692544"]),
        (identifiers.indian, ["234123412346", "499118665246"]),
        (identifiers.italian, ["RSSMRA85T10A562S"]),
        (identifiers.french, ["255081416802538", "269054958815780"]),
        (identifiers.swedish, ["8112189876", "196408233234"]),
    ],
)  # fmt: skip
def test_valid_numbers_pass_and_one_wrong_digit_fails(check: identifiers.Check, valid: list[str]) -> None:
    for number in valid:
        assert check(number), number
        for place, digit in enumerate(number[-6:], len(number) - 6):
            if digit.isdigit():
                wrong = number[:place] + str((int(digit) + 1) % 10) + number[place + 1 :]
                assert not check(wrong), wrong


def test_numbers_that_were_never_issued_do_not_pass() -> None:
    assert identifiers.us_social_security("219099999")
    assert not any(
        map(identifiers.us_social_security, ["000123456", "666123456", "900123456", "123004567", "123450000"])
    )
    assert not any(map(identifiers.uk_insurance, ["DA123456C", "GB123456A", "AO123456A"]))
    assert not identifiers.card("0" * 16)
    assert not identifiers.iban("XX89370400440532013000")
