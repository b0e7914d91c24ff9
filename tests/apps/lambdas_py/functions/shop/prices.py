PRICES = {"tea": 3, "cake": 5}


def price(item: str) -> int:
    return PRICES[item]
