// The background page of the Zendesk app. Zendesk loads it at once, the pane in the top bar only when it is first
// opened: so this page has the pane loaded, where calls must ring, and hands clicks on numbers over to it. It knows no
// agent, holds no session and shows nothing.

import ZAFClient from "./vendor/zaf_sdk.js";
import { DIAL, DIALLED, READY, TOP_BAR, instanceAt } from "./hosts/zendesk_relay.js";

const PATIENCE = 60_000; // how long a click waits for somebody to log in
const LOOK_EVERY = 500;
const LOOKS = 20;

const client = ZAFClient.init();
let pending = null;

if (client) client.on("app.registered", begin);

async function pane() {
  for (let look = 0; look < LOOKS; look += 1) {
    const found = await instanceAt(client, TOP_BAR).catch(() => null);
    if (found) return found;
    await new Promise((done) => setTimeout(done, LOOK_EVERY));
  }
  return null;
}

async function begin() {
  client.on("voice.dialout", dialOut);
  client.on(READY, handOver);
  client.on(DIALLED, ({ id }) => {
    if (pending?.id === id) pending = null;
  });
  const found = await pane();
  if (found) found.invoke("preloadPane").catch((problem) => console.warn(problem));
}

async function dialOut({ number, ticketId, userId }) {
  pending = { id: crypto.randomUUID(), at: Date.now(), told: { number, ticketId, userId } };
  const found = await pane();
  if (found) found.invoke("popover", "show").catch((problem) => console.warn(problem));
  await handOver();
}

async function handOver() {
  if (!pending || Date.now() - pending.at > PATIENCE) return;
  const { id, told } = pending;
  const found = await pane();
  if (found) found.trigger(DIAL, { id, ...told });
}
