// Why this person: the number as it came, what was made of it, what was asked, who was found; and the way to say that
// it is somebody else.

import { h } from "../dom.js";
import { _ } from "../words.js";
import { button } from "./parts.js";

const line = (term, value) => value && [h("dt", {}, term), h("dd", {}, value)];

export function whyThisPerson(interaction, act) {
  const { caller } = interaction;
  if (!caller || !caller.received || ["looking_up", "anonymous"].includes(caller.status)) return null;
  const found = caller.candidates || [];
  return h(
    "details",
    { class: "because", key: "because" },
    h("summary", {}, caller.status === "matched" ? _("Why this person?") : _("What was looked for?")),
    h(
      "dl",
      {},
      line(_("Received"), caller.received),
      line(_("Read as"), caller.normalised || _("no full number: compared as it is")),
      caller.query && [h("dt", {}, _("Asked with")), h("dd", { class: "query", tabindex: "0" }, caller.query)],
      line(_("Found"), found.length ? found.map((each) => each.name).join(", ") : _("Nobody")),
    ),
    caller.status === "matched" && others(interaction, act),
    caller.status === "matched" && refusal(interaction, act),
    caller.status === "rejected" && found.length && choices(interaction, act, _("It is %(name)s after all")),
  );
}

// Everybody else who was found, each with a button. The list may have been put in another order: places count.
const others = (interaction, act) => interaction.caller.candidates.length > 1 && choices(interaction, act, _("It is %(name)s"));

function choices(interaction, act, sentence) {
  const { caller } = interaction;
  const shown = (each) => caller.status === "matched" && each.id === shownId(interaction) && each.name === caller.name;
  return h(
    "div",
    { class: "because-others" },
    caller.candidates.map(
      (each, index) =>
        !shown(each) &&
        button(sentence.replace("%(name)s", each.name), {
          key: `${each.account}-${each.id}`,
          class: "plain small",
          name: "person",
          title: each.detail || null,
          onclick: () => act("choose_caller", { interaction: interaction.id, index }),
        }),
    ),
  );
}

const shownId = ({ caller, records }) => records?.caller?.id ?? caller.candidates.find((each) => each.name === caller.name)?.id;

const refusal = (interaction, act) =>
  interaction.mine !== false &&
  button(_("Not this person"), {
    key: "refuse",
    class: "plain small",
    name: "info",
    onclick: () => act("reject_caller", { interaction: interaction.id }),
  });
