// Giving a call or chat to somebody else: colleagues who are ready first, then services, or a number outside.

import { h } from "../dom.js";
import { icon, stateIcon } from "../icons.js";
import { _, STATE_LABELS } from "../words.js";
import { button, iconButton } from "./parts.js";

const MOST = 30;
const fits = (words, text) => words.toLowerCase().includes(text.trim().toLowerCase());
const looksLikeNumber = (text) => /^[+\d][\d\s().-]*$/.test(text.trim()) && text.replace(/\D/g, "").length > 2;
const isReady = (person) => person.state === "READY";

export function transferButton(interaction, { ui, busy, openTransfer, closeTransfer }) {
  if (!interaction.controls.includes("transfer")) return null;
  const open = ui.transfer?.id === interaction.id;
  return button(_("Transfer"), {
    key: "transfer", name: "outgoing", class: "big plain", shortcut: "T", "data-order": "transfer", disabled: Boolean(busy.transfer),
    "aria-expanded": String(open), "aria-controls": `transfer-${interaction.id}`,
    onclick: () => (open ? closeTransfer() : openTransfer(interaction.id)),
  });
}

export function transferPanel(interaction, page) {
  const { ui, closeTransfer, setTransfer } = page;
  if (ui.transfer?.id !== interaction.id || !interaction.controls.includes("transfer")) return null;
  const { text = "", error = "" } = ui.transfer;
  const id = `transfer-${interaction.id}`;
  const escape = (event) => {
    if (event.key === "Escape") closeTransfer();
  };
  return h(
    "section",
    { class: "transfer", id, key: "transfer-panel", "aria-label": _("Transfer"), onkeydown: escape },
    h("div", { class: "field-head" }, h("label", { for: `${id}-to` }, _("Transfer to")), iconButton(_("Close"), "cross", { class: "small", onclick: closeTransfer })),
    h("input", {
      id: `${id}-to`, type: "search", value: text, autocomplete: "off", "data-transfer": true,
      placeholder: interaction.media === "chat" ? _("Colleague or service") : _("Colleague, service or number"),
      "aria-describedby": error ? `${id}-error` : null,
      oninput: (event) => setTransfer({ text: event.target.value, error: "" }),
    }),
    error && h("p", { class: "error", id: `${id}-error`, key: "error", role: "alert" }, icon("warning"), h("span", {}, error)),
    choices(interaction, text, page),
  );
}

function choices(interaction, text, page) {
  const found = [...outside(interaction, text), ...colleagues(page.directory, text), ...services(page.queues, interaction, text)];
  if (!found.length) return h("p", { class: "nothing", key: "none" }, text ? _("Nobody matches “%(text)s”.", { text }) : _("No colleagues yet."));
  return h("ul", { class: "transfer-choices", key: "choices" }, found.map((each) => choice(interaction, each, page)));
}

function outside(interaction, text) {
  if (interaction.media === "chat" || !looksLikeNumber(text)) return [];
  return [{ key: "number", sign: icon("phone"), name: text.trim(), detail: _("Number outside; the call is over for you then"), to: { number: text.trim() } }];
}

// Who is not ready stands below, with the reason, so that nobody is looked for in vain.
function colleagues(directory, text) {
  const found = directory.filter((person) => person.state !== "LOGGED_OUT" && fits(`${person.name} ${person.extension}`, text));
  return [...found.filter(isReady), ...found.filter((person) => !isReady(person))].slice(0, MOST).map((person) => ({
    key: `agent-${person.login}`,
    sign: h("span", { class: `row-sign state-${person.state}` }, stateIcon(person.state)),
    name: person.name,
    detail: [person.extension, (STATE_LABELS[person.state] || (() => person.state))()].filter(Boolean).join(" · "),
    to: { colleague: person.login },
    disabled: !isReady(person),
  }));
}

function services(queues, interaction, text) {
  const found = queues.filter((each) => each.media === interaction.media && fits(each.name, text));
  return found.map(({ code, name }) => ({ key: `service-${code}`, sign: icon("people"), name, detail: _("Service: rings at whoever is ready"), to: { service: code } }));
}

function choice(interaction, { key, sign, name, detail, to, disabled }, { busy, transfer }) {
  return h(
    "li",
    { key },
    h(
      "button",
      { type: "button", class: "choice", disabled: disabled || Boolean(busy.transfer), "aria-label": _("Transfer to %(name)s", { name }), onclick: () => transfer(interaction.id, to) },
      sign,
      h("span", {}, name, h("span", { class: "choice-detail" }, detail)),
    ),
  );
}
