// The bar at the top: the agent's state with its timer and what comes next, the choice of states, the menu.

import { h } from "../dom.js";
import { icon, stateIcon } from "../icons.js";
import { _, stateLabel } from "../words.js";
import { button, since } from "./parts.js";

const BUSY_STATES = new Set(["RINGING", "BUSY", "ACW"]);

export function stateBar(state, { act, logOut, toggleHelp, askNotifications }) {
  const { state: now, reasons, busy } = state;
  return [
    h(
      "button",
      {
        key: "state",
        type: "button",
        class: `state state-${now.state}`,
        popovertarget: "states",
        "aria-haspopup": "true",
        disabled: Boolean(busy.state),
      },
      stateIcon(now.state),
      h(
        "span",
        { class: "state-words" },
        h("span", { class: "state-now" }, h("span", { class: "sr" }, _("Your state:"), " "), stateLabel({ ...now, reason: null })),
        now.reason && h("span", { class: "state-next", key: "reason" }, now.reason.name),
        now.next && h("span", { class: "state-next" }, _("Next: %(state)s", { state: now.next.reason ? now.next.reason.name : stateLabel(now.next) })),
      ),
      now.since && since(now.since, { key: now.since, class: "state-timer" }),
      icon("down"),
    ),
    states(now, reasons, act),
    h(
      "button",
      { key: "more", type: "button", class: "icon-button who-button", popovertarget: "menu", title: _("Menu") },
      h("span", { class: "who-name" }, state.agent.name),
      h("span", { class: "sr" }, _("Menu")),
      icon("more"),
    ),
    menu(state, { logOut, toggleHelp, askNotifications }),
  ];
}

const close = (event) => event.currentTarget.closest("[popover]").hidePopover();

function choice(label, name, { pressed, onclick, detail }) {
  const choose = (event) => {
    close(event);
    onclick();
  };
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "choice", "aria-pressed": String(pressed), onclick: choose },
      icon(name),
      h("span", {}, label, detail && h("span", { class: "choice-detail" }, detail)),
      pressed && icon("check"),
    ),
  );
}

function states(now, reasons, act) {
  const chosen = BUSY_STATES.has(now.state) ? now.next || {} : now;
  const choose = (state, reason) => () => act("state", { state, reason });
  const is = (state, key = "") => chosen.state === state && (!key || chosen.reason?.key === key);
  return h(
    "div",
    { key: "states", id: "states", popover: "auto", class: "sheet", onkeydown: arrows },
    h("h2", { class: "sheet-title" }, BUSY_STATES.has(now.state) ? _("After this work") : _("Your state")),
    h(
      "ul",
      {},
      choice(_("Ready"), "check", { pressed: is("READY"), onclick: choose("READY", "") }),
      reasons.length
        ? reasons.map((reason) =>
            choice(_("Not ready: %(reason)s", { reason: reason.name }), "away", {
              pressed: is("NOT_READY", reason.key),
              onclick: choose("NOT_READY", reason.key),
              detail: reason.isBreak && _("Counts as a break"),
            }),
          )
        : choice(_("Not ready"), "away", { pressed: is("NOT_READY"), onclick: choose("NOT_READY", "") }),
    ),
  );
}

export function arrows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const stops = [...event.currentTarget.querySelectorAll("button, a[href]")];
  const at = stops.indexOf(document.activeElement);
  stops[(at + step + stops.length) % stops.length]?.focus();
}

function menu(state, { logOut, toggleHelp, askNotifications }) {
  const { agent, host, busy } = state;
  const then = (act) => (event) => {
    close(event);
    act();
  };
  return h(
    "div",
    { key: "menu", id: "menu", popover: "auto", class: "sheet sheet-right", onkeydown: arrows },
    h(
      "p",
      { class: "who" },
      h("strong", {}, agent.name),
      h("span", {}, [agent.team, agent.extension && _("Extension %(number)s", { number: agent.extension })].filter(Boolean).join(" · ")),
      h("span", {}, deviceLine(state.state)),
      host.name && h("span", { key: "host" }, _("In %(name)s", { name: host.name }), " ", host.simulated && h("span", { class: "tag" }, _("Simulated"))),
    ),
    h(
      "div",
      { class: "menu-items" },
      host.embedded &&
        h("a", { class: "choice", key: "out", href: host.page, target: "_blank", rel: "noopener" }, icon("open"), h("span", {}, _("Open in its own window"))),
      askNotifications && button(_("Show notifications when a call rings"), { key: "notify", name: "incoming", class: "choice", onclick: then(askNotifications) }),
      button(_("Keyboard shortcuts"), { key: "help", name: "keypad", class: "choice", onclick: then(toggleHelp) }),
      button(_("Log out"), { key: "exit", name: "exit", class: "choice", disabled: Boolean(busy.logOut), onclick: then(logOut) }),
    ),
  );
}

function deviceLine({ device, deviceNumber }) {
  const names = { softphone: _("Softphone"), hardphone: _("Internal phone"), external: _("External phone"), none: _("No phone") };
  const name = names[device] || "";
  return deviceNumber ? _("%(device)s, number %(number)s", { device: name, number: deviceNumber }) : name;
}
