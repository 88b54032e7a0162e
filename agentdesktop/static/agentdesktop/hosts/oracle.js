// The desktop inside Oracle's browser user interface, through its extension API. The page's template loads Oracle's
// extension loader; here it is waited for and used. Numbers are not clickable there, and the frame's size and label
// are the extension's own.

import { _ } from "../words.js";

const APPLICATION = "AgentDesktop";
const API_VERSION = "1";
const PATIENCE = 6000;
const NEW = "new";

let workspace = null;

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const inTime = (promise) => Promise.race([promise, pause(PATIENCE).then(() => Promise.reject(new Error("timeout")))]);

async function loader() {
  const until = Date.now() + PATIENCE;
  const found = () => window.ORACLE_SERVICE_CLOUD && window.ORACLE_SERVICE_CLOUD.extension_loader;
  while (!found() && Date.now() < until) await pause(50);
  return found() || null;
}

function unloaded(host) {
  return _(
    "Oracle's script could not be loaded from %(origin)s, so records do not open by themselves. Ask your administrator whether the site is up and the account's URL is right.",
    { origin: host.origin },
  );
}

function unanswered() {
  return _(
    "Oracle did not answer, so records do not open by themselves. Ask your administrator whether this page is shown by a browser UI extension.",
  );
}

// Resolves when the browser user interface lets us open records; rejects with a sentence for the agent.
export async function ready(host) {
  const found = await loader();
  if (!found) throw new Error(unloaded(host));
  try {
    const provider = await inTime(found.load(APPLICATION, API_VERSION));
    workspace = await inTime(new Promise((done) => provider.registerWorkspaceExtension(done)));
  } catch {
    throw new Error(unanswered());
  }
  return {};
}

// True when Oracle was asked to open it; records of other systems are offered as links.
export function screenPop(pop) {
  if (!workspace || !pop.entity) return false;
  try {
    if (pop.query === NEW) workspace.createWorkspaceRecord(pop.entity, () => {});
    else if (/^\d+$/.test(pop.query)) workspace.editWorkspaceRecord(pop.entity, Number(pop.query), () => {});
    else return false;
    return true;
  } catch {
    return false;
  }
}

export const onClickToDial = () => {};

export const show = () => {};

export const resize = () => {};
