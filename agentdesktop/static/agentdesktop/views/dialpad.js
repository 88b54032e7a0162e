// Dialling: the number, on behalf of which service, and keys for those without a keyboard at hand.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _ } from "../words.js";
import { button } from "./parts.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const LETTERS = { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", 0: "+" };

export function dialPad(state, { act, busy, setUi, dialNumber }) {
  const { dial, service, dialError } = state.ui;
  const press = (key) => () => setUi({ dial: dial + key, dialError: "" });
  const submit = (event) => {
    event.preventDefault();
    dialNumber(dial);
  };
  return h(
    "form",
    { class: "dialpad", key: "dialpad", onsubmit: submit },
    h(
      "div",
      { class: "field", key: "number" },
      h("label", { for: "dial-number" }, _("Number")),
      h("input", {
        id: "dial-number",
        type: "tel",
        value: dial,
        maxlength: 60,
        autocomplete: "off",
        placeholder: "+1 415 555 0132",
        "aria-invalid": dialError ? "true" : null,
        "aria-describedby": dialError ? "dial-error" : null,
        oninput: (event) => setUi({ dial: event.target.value, dialError: "" }),
      }),
    ),
    dialError && h("p", { class: "error", id: "dial-error", key: "error", role: "alert" }, icon("warning"), h("span", {}, dialError)),
    state.services.length > 1 && serviceSelect(state.services, service, setUi),
    h(
      "div",
      { class: "keys", role: "group", "aria-label": _("Dial pad") },
      KEYS.map((key) => h("button", { type: "button", class: "key", onclick: press(key) }, h("span", {}, key), LETTERS[key] && h("small", { "aria-hidden": "true" }, LETTERS[key]))),
    ),
    h(
      "div",
      { class: "dial-actions" },
      h("button", { type: "submit", class: "big accept", disabled: Boolean(busy.dial) || !dial.trim() }, icon("phone"), h("span", { class: "label" }, _("Call"))),
      dial && button(_("Clear"), { key: "clear", name: "cross", class: "plain", onclick: () => setUi({ dial: "", dialError: "" }) }),
    ),
  );
}

function serviceSelect(services, chosen, setUi) {
  return h(
    "div",
    { class: "field", key: "service" },
    h("label", { for: "dial-service" }, _("On behalf of")),
    h(
      "select",
      { id: "dial-service", onchange: (event) => setUi({ service: event.target.value }) },
      services.map(({ code, name }) => h("option", { key: code, value: code, selected: code === chosen }, name)),
    ),
  );
}
