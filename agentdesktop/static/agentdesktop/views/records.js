// Records that belong to a call: opened in the CRM around us, or offered as links where there is none, or where it
// cannot open this one.

import { h, safeUrl } from "../dom.js";
import { icon } from "../icons.js";
import { _ } from "../words.js";

function linksOf(interaction, pops) {
  const { caller, interaction: own, related } = interaction.records || {};
  const refused = interaction.caller?.refused || [];
  const found = [...(pops || []).filter((pop) => !refused.includes(pop.why)), caller, own, ...(related || [])].filter((each) => each && safeUrl(each.url || ""));
  return found.filter((each, index) => found.findIndex((other) => other.url === each.url) === index);
}

export function records(interaction, { pops, host, openAgain }) {
  const links = linksOf(interaction, pops[interaction.id]);
  if (!links.length) return null;
  return h(
    "ul",
    { class: "records", key: "records", "aria-label": _("Records") },
    links.map((link) => h("li", { key: link.url }, host.embedded && link.interaction && !link.outside ? inHost(link, openAgain) : inTab(link))),
  );
}

const words = (title, act) =>
  h("span", { class: "record-words" }, h("span", { class: "record-title" }, title || _("Record")), h("span", { class: "record-act" }, act));

function inTab(link) {
  return h(
    "a",
    { class: "record", href: link.url, target: "_blank", rel: "noopener noreferrer" },
    icon("open"),
    words(link.title || link.id, _("Open record")),
  );
}

function inHost(pop, openAgain) {
  return h(
    "button",
    { type: "button", class: "record", onclick: () => openAgain(pop) },
    icon(pop.opened ? "check" : "open"),
    words(pop.title, pop.opened ? _("Open again") : _("Open record")),
  );
}
