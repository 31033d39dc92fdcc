// Pays each line of a CSV file in the way that the provider's guide shows, with `fetch` and as many loops as may run at
// once. It remembers nothing: what it has paid when it dies, nobody knows.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

const [url, path, atOnce] = process.argv.slice(2);
const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n");
const columns = header.split(",");
const rows = lines.map((line) => Object.fromEntries(line.split(",").map((cell, at) => [columns[at], cell])));

async function post(path, body, headers = {}) {
  const reply = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  if (!reply.ok) throw new Error(`${path}: ${reply.status}`);
  return reply.json();
}

const credentials = { client_id: "sandbox-client", client_secret: "sandbox-secret" };
const { access_token } = await post("/v1/jwt/client/obtain/token", credentials);
const authorization = { authorization: `Bearer ${access_token}` };
const passcode = {
  device: { name: "bench", type: "SERVER", platform: "LINUX", user_agent: "node", client_ip: "127.0.0.1" },
  token: { code: "sandbox-passcode", phone: "231770000000" },
};

let paid = 0;
let next = 0;
async function loop() {
  while (next < rows.length) {
    const row = rows[next++];
    const order = { amount: Number(row.amount), currency: row.currency, payout_account_id: Number(row.account) };
    const session = await post("/v1/sessions/payout", order, authorization);
    const send = {
      passcode,
      payout_account_id: row.account,
      reference_id: randomUUID(),
      session_id: String(session.id),
    };
    const reply = await post("/v1/executions/payout", send, authorization);
    paid += reply.status === "COMPLETED";
  }
}
await Promise.all(Array.from({ length: Number(atOnce) }, loop));
console.log(paid);
