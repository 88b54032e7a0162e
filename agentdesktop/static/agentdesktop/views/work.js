// The middle of the page: the interactions at hand, or what it means that there are none.

import { h } from "../dom.js";
import { icon, stateIcon } from "../icons.js";
import { _, stateLabel } from "../words.js";
import { callCard } from "./call.js";
import { chatCard } from "./chat.js";
import { button } from "./parts.js";
import { ringCard } from "./ring.js";
import { wrapUpCard } from "./wrapup.js";

const CARDS = { ringing: ringCard, new: ringCard, queued: ringCard, active: callCard, held: callCard, wrap_up: wrapUpCard };

const cardOf = ({ chat, state }) => (chat && state === "active" ? chatCard : CARDS[state]);

export function work(state, page) {
  if (state.phase === "loading") return loading();
  if (state.phase === "failed") return failed(state, page);
  if (!state.interactions.length) return empty(state, page);
  return state.interactions.map((interaction) => cardOf(interaction)(interaction, page));
}

const loading = () =>
  h("div", { class: "quiet", key: "loading", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), h("p", {}, _("Loading your desktop…")));

function failed(state, { reload }) {
  return h(
    "div",
    { class: "quiet", key: "failed", role: "alert" },
    icon("warning"),
    h("h2", {}, _("The desktop could not be loaded")),
    h("p", {}, state.error),
    button(_("Try again"), { class: "big primary", name: "refresh", onclick: reload }),
  );
}

function empty(state, page) {
  const { state: now, demo } = state;
  const ready = now.state === "READY";
  return h(
    "div",
    { class: `quiet quiet-${now.state}`, key: "empty" },
    h("span", { class: "quiet-sign" }, stateIcon(now.state)),
    h("h2", { tabindex: "-1" }, ready ? _("You are ready.") : _("You are not ready.")),
    h("p", {}, ready ? _("The next call or chat rings here.") : notReadyWords(now)),
    !ready &&
      button(_("Go ready"), {
        key: "go",
        class: "big accept",
        name: "check",
        "data-first": true,
        disabled: Boolean(page.busy.state),
        onclick: () => page.act("state", { state: "READY", reason: "" }),
      }),
    demo && simulate(state, page),
  );
}

const SYSTEM_REASONS = {
  no_answer: () => _("You did not answer the last call in time, so no call rings here until you are ready."),
  connection_lost: () => _("The connection to this desktop was lost, so no call rings here until you are ready."),
};

function notReadyWords(now) {
  if (now.state !== "NOT_READY") return stateLabel(now);
  if (!now.reason) return _("No call rings here until you are ready.");
  if (SYSTEM_REASONS[now.reason.key]) return SYSTEM_REASONS[now.reason.key]();
  return _("Reason: %(reason)s. No call rings here until you are ready.", { reason: now.reason.name });
}

function simulate(state, { act, busy, setUi }) {
  const services = state.services.filter(({ media }) => media !== "chat");
  const submit = (event) => {
    event.preventDefault();
    const { from, service } = event.target.elements;
    act("simulate_call", { from: from.value, service: service ? service.value : "" });
  };
  return h(
    "form",
    { class: "simulate", key: "simulate", onsubmit: submit },
    h("label", { for: "simulate-from" }, _("Try it out: a call from")),
    h(
      "div",
      { class: "simulate-row" },
      h("input", { id: "simulate-from", name: "from", type: "tel", value: state.ui.simulateFrom, autocomplete: "off", oninput: (event) => setUi({ simulateFrom: event.target.value }) }),
      services.length > 1 &&
        h(
          "select",
          { name: "service", "aria-label": _("Service"), key: "service" },
          services.map(({ code, name }) => h("option", { key: code, value: code }, name)),
        ),
      h("button", { class: "plain", disabled: Boolean(busy.simulate_call) }, icon("bolt"), h("span", {}, _("Simulate call"))),
    ),
  );
}
