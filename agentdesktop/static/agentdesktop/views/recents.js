// The latest interactions of the agent, with a way to call back.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _, callerName, clock, secondsBetween, timeOfDay } from "../words.js";
import { pageLinks } from "./pages.js";
import { iconButton } from "./parts.js";
import { activityLine } from "./wrapup.js";

// What the agent wants to know of a call that is over: whether it reached the CRM.
const TOLD = new Set(["saved", "posted", "stuck"]);

function sign(interaction) {
  if (!interaction.answeredAt) return ["missed", _("Missed")];
  if (interaction.chat) return ["chat", _("Chat")];
  return interaction.direction === "outbound" ? ["outgoing", _("Outgoing")] : ["incoming", _("Incoming")];
}

function row(interaction, { dialNumber }) {
  const [name, words] = sign(interaction);
  const { answeredAt, endedAt, customer, service, disposition, dispositions } = interaction;
  const ending = (dispositions || []).find((each) => each.code === disposition);
  const facts = [
    timeOfDay(interaction.offeredAt),
    answeredAt && endedAt && clock(secondsBetween(answeredAt, endedAt)),
    service && service.name,
    ending && ending.name,
  ];
  const number = customer.e164 || customer.raw;
  return h(
    "li",
    { class: `row row-${name}`, key: interaction.id },
    h("span", { class: "row-sign", title: words }, icon(name), h("span", { class: "sr" }, words)),
    h(
      "div",
      { class: "row-words" },
      h("span", { class: "row-name" }, callerName(interaction)),
      h("span", { class: "row-facts" }, facts.filter(Boolean).join(" · ")),
      TOLD.has(interaction.activity?.status) && activityLine(interaction),
      pageLinks(interaction),
    ),
    number && !customer.anonymous && iconButton(_("Call %(name)s", { name: callerName(interaction) }), "phone", { onclick: () => dialNumber(number) }),
  );
}

export function recents(state, page) {
  if (!state.recents.length) return h("p", { class: "nothing", key: "none" }, _("No calls yet. What you handle appears here."));
  return h("ul", { class: "rows", key: "rows" }, state.recents.map((interaction) => row(interaction, page)));
}
