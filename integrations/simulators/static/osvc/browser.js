// The browser user interface's side of the extension API: records in tabs of the workspace, the side pane that holds
// the desktop, the inspector, and things to try.

import { conditionButtons, load } from "../host/conditions.js";
import { Inspector } from "../host/inspector.js";
import { toast } from "../host/toast.js";

const at = (id) => document.getElementById(id);
const KINDS = new Set(["contact", "incident", "organization", "account"]);

const inspector = new Inspector(at("inspector"), at("inspector-errors"));
inspector.openedBy(at("inspector-button"));
const address = at("pane").dataset.address;
let pane = load(at("pane"), address, {});
let conditions = { cookies: true, microphone: true };
let silent = false;
let open = [];
let chosen = -1;

// -- the workspace

function show(kind, id) {
  const known = open.findIndex((tab) => tab.kind === kind && tab.id === id);
  if (known < 0 || id === "new") open.push({ kind, id, title: `${kind} ${id}` });
  choose(known < 0 || id === "new" ? open.length - 1 : known);
}

function choose(number) {
  chosen = number;
  const tab = open[number];
  at("workspace").src = tab ? `?object=${encodeURIComponent(tab.kind)}&id=${encodeURIComponent(tab.id)}&framed` : "about:blank";
  draw();
}

function draw() {
  at("tabs").replaceChildren(
    ...open.map((tab, number) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = tab.title;
      button.setAttribute("aria-current", String(number === chosen));
      button.addEventListener("click", () => choose(number));
      return button;
    }),
  );
}

at("workspace").addEventListener("load", () => {
  const title = at("workspace").contentDocument?.querySelector("h1")?.textContent;
  if (!title || !open[chosen]) return;
  open[chosen].title = title;
  draw();
});

// -- the extension

const origin = () => (conditions.cookies ? new URL(address).origin : "null");

function problem(event) {
  const { browserUi, type, id } = event.data || {};
  if (event.origin !== origin()) return `wrong origin ${event.origin}: the extension's page is on ${origin()}`;
  if (!["hello", "edit", "create"].includes(browserUi)) return "not a request of the extension API";
  if (browserUi !== "hello" && !KINDS.has(String(type).toLowerCase())) return `there is no workspace of the type ${type}`;
  return browserUi === "edit" && !Number.isInteger(Number(id)) ? `${id} is not the number of a record` : "";
}

window.addEventListener("message", (event) => {
  if (event.source !== pane.contentWindow) return;
  const { browserUi, type, id } = event.data || {};
  const wrong = problem(event);
  inspector.add("in", String(browserUi || "message"), event.data, wrong);
  if (wrong || silent) return;
  if (browserUi === "hello") {
    const answer = { browserUi: "here" };
    inspector.add("out", "here", answer);
    pane.contentWindow.postMessage(answer, origin() === "null" ? "*" : origin());
  }
  if (browserUi === "edit") show(String(type).toLowerCase(), Number(id));
  if (browserUi === "create") show(String(type).toLowerCase(), "new");
  at("asked").textContent = `${browserUi} ${type || ""} ${id ?? ""}`.trim();
});

// -- things to try

at("go").addEventListener("submit", (event) => {
  event.preventDefault();
  const [kind, id] = at("go-to").value.split("/");
  show(kind, Number(id));
});
at("close").addEventListener("click", () => {
  if (chosen < 0) return toast({ message: "No record is open.", type: "info" });
  open.splice(chosen, 1);
  return choose(Math.min(chosen, open.length - 1));
});
at("silence").addEventListener("click", () => {
  silent = !silent;
  at("silence").setAttribute("aria-pressed", String(silent));
});
conditionButtons(document, (changed) => {
  conditions = { ...changed };
  pane = load(pane, address, conditions);
  inspector.add("note", "extension loading", address);
});
show("incident", 1);
