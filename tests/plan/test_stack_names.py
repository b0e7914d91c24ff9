"""Which stacks a name in the settings means. What wildcards match was compared with picomatch, which the CLI uses."""

from __future__ import annotations

import pytest

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.plan.stack_names import StackPlace, as_pattern, is_plain, is_wild, key_of, resolve

HERE = ("123456789012", "eu-central-1")
STACKS = (
    StackPlace("Net", "Net"),
    StackPlace("Construct", "physical-name", *HERE),
    StackPlace("Dev/Zdb", "Dev-Zdb"),
    StackPlace("Dev/Api", "Dev-Api"),
    StackPlace("Prod/Api", "Prod-Api", HERE[0], "us-east-1"),
    StackPlace("Dev/Sub/Api", "Dev-Sub-Api"),
    StackPlace("Waf", "waf", "", "us-east-1"),
    StackPlace("Waf2", "waf", "", "eu-central-1"),
    StackPlace("Other", "waf", "222222222222", "us-east-1"),
    StackPlace("Odd (old)", "odd"),
    StackPlace("One", "Two"),
    StackPlace("Two", "Three"),
)
PLACES = {key_of(place, *HERE): place for place in STACKS}


def test_no_two_stacks_have_one_key():
    assert len(PLACES) == len(STACKS)
    assert [key for key in PLACES if "waf" in key] == ["waf (us-east-1)", "waf", "waf (222222222222/us-east-1)"]


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["Construct"], ["physical-name"]),
        (["physical-name"], ["physical-name"]),
        (["physical-name", "Construct", "Net"], ["physical-name", "Net"]),
        (["Dev/Api"], ["Dev-Api"]),
        (["Dev-Api"], ["Dev-Api"]),
        (["Dev/*"], ["Dev-Zdb", "Dev-Api"]),
        (["Dev/Api", "Dev/*"], ["Dev-Api", "Dev-Zdb"]),
        (["Dev/**"], ["Dev-Zdb", "Dev-Api", "Dev-Sub-Api"]),
        (["Dev-*"], ["Dev-Zdb", "Dev-Api", "Dev-Sub-Api"]),
        (["phys*"], ["physical-name"]),
        (["{Net,Prod/*}"], ["Net", "Prod-Api (us-east-1)"]),
        (["N?t", "[WX]af"], ["Net", "waf (us-east-1)"]),
        (["Odd (old)"], ["odd"]),
        (["Waf", "Waf2", "Other"], ["waf (us-east-1)", "waf", "waf (222222222222/us-east-1)"]),
        (["One"], ["Two"]),
    ],
)
def test_what_a_name_means(names, keys):
    assert list(resolve(names, PLACES)) == keys


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Api", "no-such-stack"),
        ("Staging/*", "no-such-stack"),
        ("dev/api", "no-such-stack"),
        ("", "no-such-stack"),
        ("waf", "ambiguous-stack"),  # three stacks have this name
        ("Two", "ambiguous-stack"),  # one's id, and another one's name
        ("Dev/[z-a]", "bad-wildcard"),
        ("!Dev/*", "bad-wildcard"),
        ("+(Net|Waf)", "bad-wildcard"),
        ("[Net", "bad-wildcard"),
    ],
)
def test_a_name_that_means_no_stack_or_several_stops_the_run(name, code):
    with pytest.raises(ConfigurationError) as caught:
        resolve(["Net", name], PLACES)
    assert caught.value.code == code


def test_the_error_lists_ids_and_names():
    with pytest.raises(ConfigurationError) as caught:
        resolve(["Api"], {key: PLACES[key] for key in ("Net", "physical-name", "Dev-Api")})
    assert caught.value.hint == "it has: Construct (physical-name), Dev/Api (Dev-Api), Net"
    with pytest.raises(ConfigurationError) as caught:
        resolve(["Two"], PLACES)
    assert caught.value.hint == "say which: Three or One"


def test_an_id_is_given_to_the_cli_so_that_it_means_itself():
    assert [as_pattern(name) for name in ("Dev/Api-1.x", "Odd (old)", "a[b]*")] == [
        "Dev/Api-1.x",
        r"Odd \(old\)",
        r"a\[b\]\*",
    ]


def test_which_names_cloudformation_can_be_asked_about():
    assert [is_plain(name) for name in ("App", "Dev-Api", "Dev/Api", "Dev-*", "[a]", "{a,b}")] == [True, True] + [
        False
    ] * 4
    assert [is_wild(name) for name in ("App", "Dev/Api", "Dev/*", "Api?")] == [False, False, True, True]
