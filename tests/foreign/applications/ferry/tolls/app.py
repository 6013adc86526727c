EDITION = "first"


def handler(event, context):
    return {"edition": EDITION, "serves": context.invoked_function_arn}
