// The dashboard. Reads the state once, then keeps it live by server-sent events. Whatever comes from the sandbox becomes
// text of DOM nodes and never HTML.
"use strict";

const $ = (id) => document.getElementById(id);
let chosen = null;
let clock = null;

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

async function ask(path, method = "GET", body) {
  const options = { method, cache: "no-store" };
  if (body !== undefined) {
    options.headers = { "content-type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const reply = await fetch(path, options);
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

// Runs something, and shows what went wrong in a place that is read out.
async function attempt(work) {
  try {
    await work();
    $("trouble").hidden = true;
  } catch (error) {
    $("trouble").textContent = error.message;
    $("trouble").hidden = false;
  }
}

// One run at a time; what is asked for meanwhile is done once afterwards.
function settled(work) {
  let running = false;
  let again = false;
  return async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await attempt(work);
    } while (again);
    running = false;
  };
}

const time = (at) => at.slice(11, 19);
const tone = { COMPLETED: "good", FAILED: "bad" };

const readOverview = settled(async () => {
  const { wallets, payments } = await ask("/_pages/overview");
  $("wallets").replaceChildren(
    ...wallets.map((wallet) =>
      node("div", {}, node("dt", {}, `${wallet.id} ${wallet.merchant}`), node("dd", {}, wallet.balance))),
  );
  const focused = document.activeElement?.dataset?.payment;
  $("payments").replaceChildren(...payments.map(paymentRow));
  if (focused) document.querySelector(`[data-payment="${focused}"]`)?.focus();
});

function paymentRow(payment) {
  const row = node(
    "button",
    { type: "button", class: "payment", "data-payment": payment.id, "data-reference": payment.reference_id,
      "aria-pressed": String(payment.id === chosen?.id) },
    node("span", { class: "what" }, `${payment.operation.toLowerCase()} `, node("strong", {}, payment.amount)),
    node("span", { class: `badge ${tone[payment.status] ?? ""}` }, payment.status),
    node("span", { class: "muted" },
      [time(payment.created_at), payment.party, payment.source_number].filter(Boolean).join(" · ")),
  );
  row.addEventListener("click", () => choose(payment));
  return node("li", {}, row);
}

function choose(payment) {
  chosen = payment;
  for (const row of document.querySelectorAll("[data-payment]")) {
    row.setAttribute("aria-pressed", String(Number(row.dataset.payment) === payment.id));
  }
  readLife();
}

const readLife = settled(async () => {
  if (!chosen) return;
  const life = await ask(`/_pages/payments/${chosen.id}`);
  $("life-head").replaceChildren(
    `Payment intent ${life.id}, ${life.status}. Reference `, node("span", { class: "code" }, life.reference_id));
  $("life").replaceChildren(...life.steps.map((step) =>
    node("li", { class: step.kind }, node("time", { datetime: step.at }, time(step.at)),
      node("span", {}, node("strong", {}, step.title), step.detail ? ` ${step.detail}` : ""))));
});

const presets = [
  ["A payout’s reply is lost after it took effect",
    { operation: "POST /v1/executions/payout", place: "after_effect", what: "drop_reply" }],
  ["Executions answer 500 before the effect",
    { operation: "POST /v1/executions/*", place: "before_effect", what: "status", code: 500 }],
  ["Too many requests: 429, try again in 2 s",
    { operation: "*", place: "before_effect", what: "too_many_requests", retry_after: 2 }],
  ["Every reply takes 2 s longer", { operation: "*", place: "after_effect", what: "delay", millis: 2000 }],
  ["Executions are delivered twice",
    { operation: "POST /v1/executions/*", place: "before_effect", what: "duplicate_delivery" }],
];

const is = (rule) => (fault) =>
  !fault.nth && !fault.times && !fault.reference_id && !fault.chance &&
  Object.entries(rule).every(([name, value]) => fault[name] === value);

const readFaults = settled(async () => {
  const { faults } = await ask("/_sandbox/faults");
  for (const [index, [, rule]] of presets.entries()) $(`preset-${index}`).checked = faults.some(is(rule));
  $("faults").replaceChildren(...faults.map(faultRow));
});

function faultRow(fault) {
  const words = (name) => name.replaceAll("_", " ");
  const when = fault.nth ? `, call ${fault.nth}` : "";
  const off = node("button", { type: "button", class: "plain" }, "Remove");
  off.addEventListener("click", () => change(`/_sandbox/faults/${fault.id}`, "DELETE", undefined, readFaults));
  const row = node("li", { class: "fault" },
    node("span", {}, node("span", { class: "code" }, fault.operation),
      ` ${words(fault.what)} ${words(fault.place)}${when}; struck ${fault.fired} of ${fault.matched}`), off);
  if (fault.what === "hold") {
    const go = node("button", { type: "button", class: "plain" }, `Release (${fault.holding})`);
    go.addEventListener("click", () => change(`/_sandbox/faults/${fault.id}/release`, "POST", undefined, readFaults));
    row.append(go);
  }
  return row;
}

function change(path, method, body, then) {
  return attempt(async () => {
    await ask(path, method, body);
    await then();
  });
}

function toggle(id, name, turned) {
  const box = node("input", { type: "checkbox", id });
  box.addEventListener("change", () => attempt(() => turned(box.checked)));
  return node("label", {}, box, node("span", {}, name));
}

$("presets").append(...presets.map(([name, rule], index) =>
  toggle(`preset-${index}`, name, async (on) => {
    if (on) {
      await ask("/_sandbox/faults", "POST", rule);
    } else {
      const { faults } = await ask("/_sandbox/faults");
      for (const fault of faults.filter(is(rule))) await ask(`/_sandbox/faults/${fault.id}`, "DELETE");
    }
    await readFaults();
  })));

function whatChanged() {
  const option = $("what").selectedOptions[0];
  const needed = Boolean(option.dataset.number);
  $("number-field").hidden = !needed;
  if (needed) $("number").value = option.dataset.default;
}
$("what").addEventListener("change", whatChanged);

$("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const rule = { operation: $("operation").value, place: $("place").value, what: $("what").value };
  const member = $("what").selectedOptions[0].dataset.number;
  if (member) rule[member] = Number($("number").value);
  if ($("nth").value) rule.nth = Number($("nth").value);
  change("/_sandbox/faults", "POST", rule, readFaults);
});

const guards = [
  ["key_once", "A reference id is executed at most once"],
  ["session_once", "A session is executed at most once, and never after its expiry"],
];
$("guards").append(...guards.map(([name, words]) =>
  toggle(name, words, async (on) => {
    const now = await ask("/_sandbox/guards");
    await ask("/_sandbox/guards", "PUT", { ...now, [name]: on });
  })));

const readGuards = settled(async () => {
  const now = await ask("/_sandbox/guards");
  for (const [name] of guards) $(name).checked = now[name];
});

const readClock = settled(async () => showClock(await ask("/_sandbox/clock")));

function showClock(read) {
  clock = { ...read, at: Date.parse(read.now), since: performance.now() };
  $("freeze").setAttribute("aria-pressed", String(read.frozen));
  $("pace").textContent = read.frozen ? "frozen" : `${read.speed}×`;
  if (document.activeElement !== $("speed")) $("speed").value = String(read.speed);
  tick();
}

function tick() {
  if (!clock) return;
  const passed = clock.frozen ? 0 : (performance.now() - clock.since) * clock.speed;
  $("now").textContent = new Date(clock.at + passed).toISOString().slice(0, 19).replace("T", " ") + " UTC";
}

const turn = (body) => attempt(async () => {
  showClock(await ask("/_sandbox/clock", "POST", body));
  await readOverview();
  await readLife();
});

for (const button of document.querySelectorAll("[data-advance]")) {
  button.addEventListener("click", () => turn({ advance_millis: Number(button.dataset.advance) }));
}
$("freeze").addEventListener("click", () => turn({ frozen: !clock?.frozen }));
$("speed").addEventListener("change", () => turn({ speed: Number($("speed").value) }));

// The latest requests, newest first; a request that is answered replaces itself.
function showRequest(request) {
  const answer = request.status ?? "…";
  const struck = request.faults.map((fault) => fault.what.replaceAll("_", " ")).join(", ");
  const row = node("li", { class: "request", id: `request-${request.number}` },
    node("time", { datetime: request.at }, time(request.at)),
    node("span", {}, node("strong", {}, String(answer)), ` ${request.operation}${struck ? ` (${struck})` : ""}`));
  const known = $(`request-${request.number}`);
  if (known) {
    known.replaceWith(row);
  } else {
    $("requests").prepend(row);
    while ($("requests").children.length > 30) $("requests").lastChild.remove();
  }
}

const readRequests = settled(async () => {
  const { latest } = await ask("/_sandbox/requests?limit=30");
  $("requests").replaceChildren();
  latest.forEach(showRequest);
});

function readEverything() {
  for (const read of [readOverview, readLife, readFaults, readGuards, readClock, readRequests]) read();
}

const events = new EventSource("/_pages/events");
events.addEventListener("open", () => {
  $("live").textContent = "live";
  readEverything();
});
events.addEventListener("error", () => {
  $("live").textContent = "connecting again";
});
events.addEventListener("message", (event) => {
  const change = JSON.parse(event.data);
  if (change.kind === "reset") {
    chosen = null;
    $("life").replaceChildren();
    readEverything();
  } else if (change.kind === "request") {
    showRequest(change);
    if (change.faults.length) readFaults();
    if (change.reference_id && change.reference_id === chosen?.reference_id) readLife();
  } else {
    readOverview();
    if (change.kind === "execution" && change.id === chosen?.id) readLife();
  }
});

whatChanged();
setInterval(tick, 250);
// Somebody else may turn the clock, which is not an event.
setInterval(readClock, 3000);
