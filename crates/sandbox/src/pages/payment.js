// Reloads the page of a payment as soon as its state is another one than the page shows.
"use strict";

const payment = document.querySelector("main[data-state]");

async function look() {
  try {
    const reply = await fetch(payment.dataset.state, { cache: "no-store" });
    const { status } = await reply.json();
    if (reply.ok && status !== payment.dataset.status) {
      location.reload();
      return;
    }
  } catch {
    // The sandbox may be restarting; the next look tells.
  }
  setTimeout(look, 700);
}

look();
