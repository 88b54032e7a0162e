// What a scenario shows beside a call: web pages as links, texts as they are, data that travels with it, and at a demo
// desktop the keys of the caller's telephone.

import { h, safeUrl } from "../dom.js";
import { icon } from "../icons.js";
import { _ } from "../words.js";

// One after the other, each page followed by its further ones; only http and https become links.
function linksOf(interaction) {
  const shown = (interaction.pages || []).flatMap((page) => [
    { label: page.title, url: page.url },
    ...(page.secondaryUrls || []),
  ]);
  const links = shown.filter((each) => safeUrl(each.url || ""));
  return links.filter((each, index) => links.findIndex((other) => other.url === each.url) === index);
}

const hostOf = (url) => new URL(url).host;

export function pageLinks(interaction) {
  const links = linksOf(interaction);
  if (!links.length) return null;
  return h(
    "ul",
    { class: "records", key: "pages", "aria-label": _("Pages") },
    links.map(({ label, url }) =>
      h(
        "li",
        { key: url },
        h(
          "a",
          { class: "record", href: url, target: "_blank", rel: "noopener noreferrer" },
          icon("open"),
          h(
            "span",
            { class: "record-words" },
            h("span", { class: "record-title" }, label && label !== "URL" ? label : hostOf(url)),
            h("span", { class: "record-act" }, _("Open page")),
          ),
        ),
      ),
    ),
  );
}

function texts(interaction) {
  const shown = (interaction.pages || []).filter((page) => page.content);
  return shown.map((page, index) =>
    h("section", { class: "shown-text", key: `text-${index}` }, h("h3", {}, page.title), h("p", {}, page.content)),
  );
}

function attached({ attachedData }) {
  const entries = Object.entries(attachedData || {});
  if (!entries.length) return null;
  return h(
    "dl",
    { class: "attached", key: "attached", "aria-label": _("Attached data") },
    entries.map(([name, value]) => h("div", { key: name }, h("dt", {}, name), h("dd", {}, value))),
  );
}

export const pages = (interaction) => [texts(interaction), attached(interaction), pageLinks(interaction)];

// A simulated caller who is asked for digits: whoever tries the demo out types them here.
export function callersKeys(interaction, { demo, act, busy }) {
  const { digits } = interaction;
  if (!demo || !digits) return null;
  const id = `digits-${interaction.id}`;
  const submit = (event) => {
    event.preventDefault();
    act("type_digits", { interaction: interaction.id, digits: event.target.elements.digits.value });
  };
  return h(
    "form",
    { class: "simulate callers-keys", key: "digits", onsubmit: submit },
    h("label", { for: id }, _("The caller hears: %(prompt)s", { prompt: digits.prompt })),
    h(
      "div",
      { class: "simulate-row" },
      h("input", { id, name: "digits", type: "tel", pattern: "[0-9*#]*", maxlength: digits.maxDigits, autocomplete: "off", title: _("Keys 0 to 9, * and #. Empty: the caller presses nothing.") }),
      h("button", { class: "plain", disabled: Boolean(busy.type_digits) }, icon("keypad"), h("span", {}, _("Press keys"))),
    ),
  );
}
