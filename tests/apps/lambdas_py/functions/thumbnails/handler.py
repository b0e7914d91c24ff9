def handler(event, _context):
    return {"width": min(int(event["width"]), 128)}
