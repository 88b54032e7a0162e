// The account page: its buttons run in a dialog. Without this script each button is a page of its own.

const dialog = document.getElementById("action-dialog");
const content = dialog?.querySelector("[data-action-content]");

/** The same page that a browser without scripts gets, without its frame. */
async function ask(url, options = {}) {
  busy();
  try {
    const answer = await fetch(url, { ...options, headers: { "X-Fragment": "1" }, credentials: "same-origin" });
    if (answer.redirected && !answer.url.includes("/action/")) {
      location.assign(answer.url); // logged out meanwhile
      return;
    }
    show(await answer.text());
  } catch {
    content.replaceChildren(paragraph(dialog.dataset.failed));
  }
}

/** Our own server's fragment. Parsed as a document, so nothing in it runs. */
function show(html) {
  const fragment = new DOMParser().parseFromString(html, "text/html").body.querySelector("[data-title]");
  if (!fragment) {
    content.replaceChildren(paragraph(dialog.dataset.failed));
    return;
  }
  dialog.querySelector("#action-title").textContent = fragment.dataset.title;
  content.replaceChildren(fragment);
  const follow = content.querySelector("[data-follow]");
  if (follow) location.assign(follow.href);
  content.querySelector("[data-save]")?.click();
  const first = content.querySelector("input:not([type=hidden]), form button.primary, .verdict-title");
  first?.focus({ preventScroll: true });
  dialog.scrollTop = 0;
}

function busy() {
  const spinner = document.createElement("span");
  spinner.className = "spinner";
  const line = document.createElement("div");
  line.className = "busy";
  line.append(spinner, dialog.dataset.busy);
  content.replaceChildren(line);
}

function paragraph(text) {
  const element = document.createElement("p");
  element.className = "note note-bad";
  element.textContent = text;
  return element;
}

function open(title) {
  dialog.querySelector("#action-title").textContent = title;
  const changed = document.querySelector("form[data-unsaved]")?.dataset.changed === "yes";
  dialog.querySelector("[data-unsaved-note]").hidden = !changed;
  if (!dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-action-link]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    open(link.textContent.trim());
    ask(link.href);
  }
  const close = event.target.closest("[data-close]");
  if (close) dialog.close();
  if (event.target === dialog) dialog.close();
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-action-form]");
  if (!form || !dialog) return;
  event.preventDefault();
  const body = new FormData(form);
  open(event.submitter?.textContent.trim() ?? "");
  ran = true;
  ask(form.action, { method: "POST", body });
});

// Health, tokens and wire log have changed after a run: the page shows them again, unless that would lose typing.
let ran = false;
dialog?.addEventListener("close", () => {
  if (ran && document.querySelector("form[data-unsaved]")?.dataset.changed !== "yes") location.reload();
});
