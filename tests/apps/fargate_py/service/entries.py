"""What visitors wrote."""

ENTRIES = ("first!", "lovely place")


def render(greeting: str) -> str:
    return "\n".join([greeting, *ENTRIES])
