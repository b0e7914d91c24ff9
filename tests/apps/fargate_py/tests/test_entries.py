from service.entries import render


def test_the_greeting_comes_first():
    assert render("Hi").startswith("Hi\n")
