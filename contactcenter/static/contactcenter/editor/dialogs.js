// The editor's dialogs: the scenario as text, two people's changes, publishing, the keys.

import { _, el, icon } from "./dom.js";

/** Opens a dialog and resolves with the value of the button that closed it, or "". */
export function ask({ title, body, buttons, wide = false, first = null }) {
  return new Promise((resolve) => {
    let answer = "";
    const dialog = el("dialog", { class: `sheet editor-dialog${wide ? " is-wide" : ""}`, "aria-labelledby": "dialog-title",
      onclose: () => { dialog.remove(); resolve(answer); } },
    el("div", { class: "sheet-head" }, el("h2", { id: "dialog-title" }, title), el("button", { type: "button", class: "icon-button",
      "aria-label": _("Close"), onclick: () => dialog.close() }, icon("cross"))),
    el("div", { class: "sheet-body" }, body, buttons.length > 0 && el("div", { class: "buttons dialog-buttons" }, buttons.map((button) => el("button", {
      type: "button", class: `button ${button.kind ?? ""}`, disabled: button.disabled,
      onclick: async () => {
        if (button.check && !(await button.check())) return;
        answer = button.value;
        dialog.close();
      } }, button.label)))));
    document.body.append(dialog);
    dialog.showModal();
    first?.focus();
  });
}

/** The definition as text. `check(definition)` answers with a fault in words, or nothing. */
export async function editText(definition, check, mayChange) {
  const area = el("textarea", { class: "code-area", rows: 24, spellcheck: "false", "aria-label": _("Definition as text"),
    value: JSON.stringify(definition, null, 2), disabled: false });
  area.readOnly = !mayChange;
  const fault = el("p", { class: "note note-bad", role: "alert", hidden: true });
  let changed = null;
  const read = async () => {
    try {
      changed = JSON.parse(area.value);
    } catch (error) {
      return tell(_("This is not JSON: %s.", error.message));
    }
    const words = await check(changed);
    return words ? tell(words) : true;
  };
  const tell = (words) => {
    fault.textContent = words;
    fault.hidden = false;
    area.focus();
    return false;
  };
  const buttons = mayChange ? [{ label: _("Take this over"), value: "apply", kind: "primary", check: read }] : [];
  const answer = await ask({ title: _("Edit as text"), wide: true, first: area, buttons: [...buttons, { label: _("Cancel"), value: "" }],
    body: [el("p", { class: "quiet small" }, _("Blocks with settings and exits, as JSON. It can be undone like every other change.")), fault, area] });
  return answer ? changed : null;
}

export async function askPublish({ problems, version, compare }) {
  if (problems.length) {
    await ask({ title: _("This cannot be published yet"), buttons: [{ label: _("Close"), value: "" }],
      body: [el("p", {}, _("The draft can be saved as it is. Before calls can run it:")),
        el("ul", { class: "findings-list" }, problems.map((one) => el("li", { class: "finding-bad" }, one.words)))] });
    return null;
  }
  const note = el("input", { type: "text", id: "publish-note", maxlength: 200 });
  const answer = await ask({ title: _("Publish version %s", version), first: note,
    buttons: [{ label: _("Publish"), value: "yes", kind: "primary" }, { label: _("Cancel"), value: "" }],
    body: [el("p", {}, _("New calls run it from now on. Calls that are under way keep the version they began with.")),
      compare && el("p", {}, el("a", { href: compare, target: "_blank", rel: "noopener" }, _("What is new since version %s, as it was saved last", version - 1))),
      el("div", { class: "form-row" }, el("label", { for: "publish-note" }, _("Note"), " ", el("span", { class: "optional" }, _("optional"))), note,
        el("div", { class: "help" }, _("What is new, for whoever reads the list of versions.")))] });
  return answer ? note.value : null;
}

/** Somebody else saved meanwhile. Answers "merge", "mine", "theirs" or "". */
export function askConflict({ theirs, differences, clashes }) {
  const who = theirs.by || _("Somebody else");
  const at = new Date(theirs.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const merge = clashes.length
    ? _("Brought together, yours is kept where both of you changed the same: %s.", clashes.join(", "))
    : _("You changed different blocks, so both can be brought together.");
  return ask({ title: _("%s saved this scenario at %s", who, at), wide: true,
    buttons: [{ label: _("Bring both together"), value: "merge", kind: "primary" }, { label: _("Keep mine only"), value: "mine" },
      { label: _("Take theirs"), value: "theirs" }],
    body: [el("p", {}, _("Nothing of yours is saved yet, and nothing is lost: whichever you choose, Undo brings the other one back."), " ", merge),
      el("div", { class: "versus-head" }, el("div", { class: "there" }, _("Theirs")), el("div", { class: "here" }, _("Yours"))),
      el("ol", { class: "difference-list" }, differences.map(difference))] });
}

function difference(one) {
  const words = { added: _("Only in yours"), removed: _("Only in theirs"), changed: _("Differs") }[one.change];
  return el("li", { class: `card difference change-${one.change}` },
    el("div", { class: "card-head" }, el("h3", {}, one.title, " ", el("span", { class: "quiet small" }, one.kind)), el("span", { class: "badge" }, words)),
    el("ul", { class: "versus" }, one.rows.map((row) => el("li", {}, el("span", { class: "versus-name" }, row.label),
      el("div", { class: "there" }, el("span", { class: "versus-side" }, _("Theirs")), el("pre", {}, row.before || "–")),
      el("div", { class: "here" }, el("span", { class: "versus-side" }, _("Yours")), el("pre", {}, row.after || "–"))))));
}

export function showKeys() {
  const rows = [
    ["Tab", _("into the canvas, to one card")], ["← ↑ → ↓", _("to the next card in that direction")],
    ["Enter", _("open the block: title, settings, exits")], ["E", _("go to the block's exits")],
    ["A", _("add a block behind this one")], ["D", _("duplicate the block")], ["Delete", _("remove the block")],
    ["/", _("find a block")], ["L", _("switch between canvas and list")], ["F", _("show everything")], ["+  −", _("larger, smaller")],
    ["Ctrl Z", _("undo")], ["Ctrl Shift Z", _("redo")], ["Ctrl S", _("save")], ["Esc", _("close what is open")], ["?", _("this list")],
  ];
  return ask({ title: _("Keys"), buttons: [], body: [el("p", { class: "quiet small" }, _("Single letters work while the canvas or the list has the focus.")),
    el("dl", { class: "keys" }, rows.flatMap(([key, words]) => [el("dt", {}, key.split("  ").flatMap((one) => one.split(" ")).map((one) => el("kbd", {}, one))), el("dd", {}, words)]))] });
}
