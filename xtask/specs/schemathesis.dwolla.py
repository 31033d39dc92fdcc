"""What schemathesis has to know about the sandbox of Dwolla: its application, things that exist in it, and how it says no.

Loaded by `cargo xtask ci` through SCHEMATHESIS_HOOKS.
"""

import base64
import json
import urllib.request
import uuid

import schemathesis

HAL = "application/vnd.dwolla.v1.hal+json"
KEY, SECRET = "sandbox-key", "sandbox-secret"
BASIC = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()

# What the sandbox is seeded with. Without it almost everything that is generated would name something unknown, and
# only the refusals would be tested.
ACCOUNT = "ca32853c-48fa-40be-ae75-77b37504581b"
CUSTOMER = "d795f696-2cac-4662-8f16-95f1db9bddd8"
BALANCE = "00000000-0000-4000-8000-00000000ba10"
PAYEES = [
    "/funding-sources/00000000-0000-4000-8000-00000000ba12",
    "/funding-sources/00000000-0000-4000-8000-00000000c0b1",
    "/customers/07d59716-ef22-4fe6-98e8-f3190233dfb8",
    "mailto:ama@example.com",
]

turn = 0


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
    base, path, method = case.operation.base_url, case.operation.path, case.operation.method.upper()
    if path.startswith("/accounts/"):
        case.path_parameters["id"] = ACCOUNT
    elif path.startswith("/customers/"):
        case.path_parameters["id"] = CUSTOMER
    elif path.startswith("/funding-sources/"):
        case.path_parameters["id"] = bank(base, "Bank") if method == "POST" else BALANCE
    elif path.endswith("/failure"):
        # The bank's name is what makes it fail.
        case.path_parameters["id"] = transfer(base, f"{base}/funding-sources/{bank(base, 'R03')}")
        ask(base, "/sandbox-simulations", {})
    elif path.startswith("/transfers/"):
        case.path_parameters["id"] = transfer(base, "mailto:nobody@example.com")
    if path == "/transfers" and isinstance(case.body, dict) and isinstance(case.body.get("_links"), dict):
        payee = PAYEES[turn % len(PAYEES)]
        case.body["_links"].update(
            source={"href": f"{base}/funding-sources/{BALANCE}"},
            destination={"href": f"{base}{payee}" if payee.startswith("/") else payee},
        )
        case.body["amount"] = {"currency": "USD", "value": "1.00"}


def transfer(base, payee):
    """The id of a new transfer. It comes from a balance, which no other request can take away."""
    links = {"source": {"href": f"{base}/funding-sources/{BALANCE}"}, "destination": {"href": payee}}
    return made(base, "/transfers", {"_links": links, "amount": {"currency": "USD", "value": "1.00"}})


def bank(base, name):
    """The id of a new bank, which can be changed and removed."""
    number = str(uuid.uuid4().int)[:12]
    body = {"routingNumber": "222222226", "accountNumber": number, "bankAccountType": "checking", "name": name}
    return made(base, f"/customers/{CUSTOMER}/funding-sources", body)


def made(base, path, body):
    return ask(base, path, body).headers["Location"].rsplit("/", 1)[-1]


tokens = {}


def token(base):
    if base not in tokens:
        headers = {"Authorization": BASIC, "Content-Type": "application/x-www-form-urlencoded"}
        request = urllib.request.Request(f"{base}/token", data=b"grant_type=client_credentials", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as reply:
            tokens[base] = json.load(reply)["access_token"]
    return tokens[base]


def ask(base, path, body):
    headers = {"Authorization": f"Bearer {token(base)}", "Accept": HAL, "Content-Type": HAL}
    request = urllib.request.Request(f"{base}{path}", data=json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply


@schemathesis.auth().skip_for(path="/token")
class Token:
    """The token of the sandbox's application, through the operation that is there for it."""

    def get(self, case, context):
        return token(case.operation.base_url)

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth().apply_to(path="/token")
class Basic:
    """The application's key and secret."""

    def get(self, case, context):
        return BASIC

    def set(self, case, data, context):
        case.headers["Authorization"] = data


@schemathesis.check
def says_no_as_described(ctx, response, case):
    """Every refusal is one that the document or its prose describes, in the shape that they give it: a code and a message;
    the token's, as OAuth has it."""
    status = response.status_code
    if status < 400:
        return
    # 400 is for what is no HTTP or JSON or breaks the rules of HTTP, 405 for methods that do not exist, 413 for bodies of
    # no bearable size.
    known = {int(known) for known in case.operation.definition.raw["responses"] if known.isdigit()}
    assert status in known | {400, 404, 405, 413}, f"{status} is described nowhere"
    said = json.loads(response.text)
    for member in ["error"] if "error" in said else ["code", "message"]:
        assert isinstance(said.get(member), str) and said[member], f"{status} without a word in {member}"
