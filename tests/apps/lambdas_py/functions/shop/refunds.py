from prices import price


def handler(event, _context):
    return {"refund": price(event["item"])}
