"""What schemathesis has to know about the sandbox: its client, things that exist in it, and how it says no.

Loaded by `cargo xtask ci` through SCHEMATHESIS_HOOKS.
"""

import json
import urllib.request
import uuid

import schemathesis

# What the sandbox is seeded with. Without it almost everything that is generated would name something unknown, and
# only the refusals would be tested.
EXISTING = {
    "counterparty_id": 15,
    "party_id": 42,
    "source_id": 101,
    "payout_account_id": 18,
    "from_wallet_id": 3,
    "to_counterparty_id": 15,
    "original_payment_intent_id": 9001,
    "merchant_id": 42,
    "owner_id": 42,
    "session_id": 55,
    "currency": "USD",
    "base_currency": "USD",
    "target_currency": "LRD",
    "fee_bearer": "PAYEE",
    "mode": "HOSTED",
    "relationship_type": "CUSTOMER",
    "party_relationship": "CUSTOMER",
    "source_kind": "INVOICE",
    "source_type": "INVOICE",
    "provider": "MTN_MOMO_LBR",
    "method": "MTN_MOMO_LBR",
    "insensitive_account_number": "231771234567",
    "expires_at": "2099-01-01T00:00:00Z",
    "invoice_number": "INV-2024-09001",
    "order_number": "ORD-2025-00088",
    "source_number": "INV-2024-09001",
    "fee_tier_name": "default",
    "operation_type": "COLLECTION",
    "payment_method": "MTN_MOMO_LBR",
    "base_amount": 12.5,
    "owner_type": "ORGANIZATION",
    "merchant_type": "ORGANIZATION",
    "phone": "231771234567",
    "party_phone": "231771234567",
    "payment_method_id": "pm_card_visa",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
}

# `id` and its like mean something else on each path; the last that fits counts.
ON_PATH = {
    "/parties/": "42",
    "/counterparties/": "15",
    "/invoices/": "104",
    "/invoices/receipt/": "9001",
    "/orders/": "88",
}


def put_existing(value):
    """Puts what exists in the place of what was made up."""
    if isinstance(value, dict):
        return {name: existing(name, put_existing(member)) for name, member in value.items()}
    if isinstance(value, list):
        return [put_existing(item) for item in value]
    return value


def existing(name, value):
    known = EXISTING.get(name)
    # A boolean is an integer to Python and not to JSON.
    return value if known is None or type(value) is not type(known) else known


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Three of four requests that fit the document name what exists; the others, and all that are wrong on purpose, are
    sent as they were made up."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    global turn
    turn += 1
    if turn % 4 == 0:
        return
    case.body = put_existing(case.body)
    case.query = put_existing(case.query)
    known = [known for start, known in ON_PATH.items() if start in case.operation.path]
    for name in case.path_parameters or {}:
        if name in ("id", "invoice_id", "order_id") and known:
            case.path_parameters[name] = known[-1]
        else:
            case.path_parameters[name] = existing(name, case.path_parameters[name])
    prepare(case)


def prepare(case):
    """Makes what can be used up: a session to execute, an execution to look at, a document that can still be changed."""
    base, path = case.operation.base_url, case.operation.path
    kind = path.rsplit("/", 1)[-1]
    if path.startswith("/{version}/executions/") and isinstance(case.body, dict):
        case.body.update(execution(base, kind))
    elif path.startswith("/{version}/realtime-keys/") and isinstance(case.body, dict):
        order = execution(base, "collection")
        case.body.update(session_id=int(order["session_id"]), reference_id=order["reference_id"])
    elif path.endswith("/{reference_id}"):
        kind = path.split("/")[-2]
        order = execution(base, kind)
        ask(base, f"executions/{kind}", order)
        case.path_parameters["reference_id"] = order["reference_id"]
    for document in ("invoice", "order"):
        if any(f"/{document}s/{use}" in path for use in ("update", "publish", "cancel", "{")):
            made = ask(base, f"{document}s/create", DOCUMENT)
            item = ask(base, f"{document}s/{made['id']}/items/add", ITEM)
            on_item = f"{document}_id" in case.path_parameters
            case.path_parameters["id"] = str(item["id"] if on_item else made["id"])
            case.path_parameters.update({f"{document}_id": str(made["id"])} if on_item else {})
            if "/items/add" in path:
                del case.path_parameters["id"]


DOCUMENT = {"counterparty_id": 15, "currency": "USD", "note": "Rice", "fee_bearer": "PAYER", "as_payment_link": True}
ITEM = {"name": "Bag", "currency": "USD", "qty": 1, "amount": 17.5}
DEVICE = {"name": "till", "type": "SERVER", "platform": "PYTHON", "user_agent": "test", "client_ip": "127.0.0.1"}
SOON = "2099-01-01T00:00:00Z"
SESSIONS = {
    "payout": {"payout_account_id": 18, "amount": 1, "currency": "USD"},
    "transfer": {
        "from_wallet_id": 3,
        "to_counterparty_id": 15,
        "amount": 1,
        "currency": "USD",
        "expires_at": SOON,
    },
    "refund": {"original_payment_intent_id": 9001, "amount": 0.01, "expires_at": SOON},
}


def execution(base, kind):
    """What it takes to execute something once."""
    if kind == "collection":
        made = ask(base, "invoices/create", DOCUMENT)
        ask(base, f"invoices/{made['id']}/items/add", ITEM)
        ask(base, f"invoices/publish/{made['id']}", method="PUT")
        session = ask(base, "sessions/checkout", {"source_id": made["id"], "source_type": "INVOICE"})
    else:
        session = ask(base, f"sessions/{kind}", SESSIONS[kind])
    order = {"session_id": str(session["id"]), "reference_id": str(uuid.uuid4())}
    if kind == "collection":
        order.update(payment_account_id="18", currency="USD")
    if kind == "payout":
        token = {"code": "sandbox-passcode", "phone": "231770000000"}
        order.update(payout_account_id="18", passcode={"token": token, "device": DEVICE})
    return order


def ask(base, path, body=None, method="POST"):
    headers = {"Content-Type": "application/json"}
    if path != TOKEN:
        credentials = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
        if base not in tokens:
            tokens[base] = ask(base, TOKEN, credentials)["access_token"]
        headers["Authorization"] = f"Bearer {tokens[base]}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base}/v1/{path}", data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


TOKEN = "jwt/client/obtain/token"
tokens = {}


turn = 0


@schemathesis.auth()
class Token:
    """The token of the sandbox's merchant, through the operation that is there for it."""

    def get(self, case, context):
        credentials = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
        return ask(case.operation.base_url, TOKEN, credentials)["access_token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.check
def says_no_as_described(ctx, response, case):
    """Only 200 and 422 are in the document. Every other answer is one of those that the provider's prose describes, in
    the shape that it gives them: a sentence in `detail`."""
    status = response.status_code
    if status in (200, 422):
        return
    # 400 and 413 are for what is not HTTP or JSON of a bearable size, 405 for methods that do not exist.
    assert status in (400, 401, 403, 404, 405, 409, 413), f"{status} is described nowhere"
    detail = json.loads(response.text)["detail"]
    assert isinstance(detail, str) and detail, f"{status} without a sentence in detail"
