"""What the API answers, given a register of castles. No AWS in here."""

import base64

from building import CASTLE_ID, BadPlan, Castle, read_plan


def answer(event, register, new_build_id):
    """Status and body for an HTTP API event (payload version 2.0)."""
    castle_id = event["pathParameters"]["id"]
    if not CASTLE_ID.fullmatch(castle_id):
        return 400, {"error": "a castle's name is made of lower-case letters, digits and dashes, at most 63"}
    match event["routeKey"].split(" ")[0]:
        case "GET":
            return show(castle_id, register)
        case "PUT":
            return build(castle_id, body_of(event), register, new_build_id)
        case method:
            raise NotImplementedError(f"the template routes {method} here, but nobody wrote what it does")


def show(castle_id, register):
    castle = register.find(castle_id)
    if castle is None:
        return 404, {"error": f"no castle is called {castle_id!r}"}
    return 200, castle.as_dict()


def build(castle_id, body, register, new_build_id):
    try:
        plan = read_plan(body)
    except BadPlan as problem:
        return 400, {"error": str(problem)}
    castle = Castle(castle_id=castle_id, build_id=new_build_id(), plan=plan)
    register.enter(castle)
    return 201, castle.as_dict()


def body_of(event):
    body = event.get("body") or ""
    return base64.b64decode(body).decode(errors="replace") if event.get("isBase64Encoded") else body
