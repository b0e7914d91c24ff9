from prices import price


def handler(event, _context):
    return {"total": sum(price(item) for item in event["items"])}
