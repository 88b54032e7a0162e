// Every page of the admin: menus that close, forms that know whether they were changed, buttons that copy.

/** Close an open menu when something else is clicked, or on Escape (with the focus back on its button). */
function closeMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-closes][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-closes][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

/** Mark a form as changed, say so beside its buttons, and ask before leaving the page. */
function watchForms() {
  for (const form of document.querySelectorAll("form[data-unsaved]")) {
    const mark = form.querySelector("[data-unsaved-mark]");
    if (!mark) continue;
    let leaving = false;
    const changed = () => {
      if (form.dataset.changed) return;
      form.dataset.changed = "yes";
      mark.hidden = false;
    };
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    form.addEventListener("submit", () => { leaving = true; });
    window.addEventListener("beforeunload", (event) => {
      if (form.dataset.changed && !leaving) event.preventDefault();
    });
  }
}

/** A table of lines gets another empty one. Without this script there are three to write into. */
function addRows() {
  for (const button of document.querySelectorAll("[data-add-row]")) {
    const body = document.querySelector(`#${CSS.escape(button.dataset.addRow)} tbody`);
    if (!body) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      const line = body.lastElementChild.cloneNode(true);
      const inputs = line.querySelectorAll("input, select");
      const number = body.children.length + 1;
      for (const input of inputs) {
        input.value = "";
        input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, number));
      }
      body.append(line);
      inputs[0].focus();
    });
  }
}

/** `data-copy="#id"` copies the text of that element, and says so on the button for a moment. */
function copyButtons() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copy);
    if (!source) return;
    const label = button.querySelector("[data-copy-label]") ?? button;
    const before = label.textContent;
    try {
      await navigator.clipboard.writeText(source.textContent);
      label.textContent = button.dataset.copied;
    } catch {
      getSelection().selectAllChildren(source);
      label.textContent = button.dataset.selected;
    }
    setTimeout(() => { label.textContent = before; }, 2500);
  });
}

/** The box in the head of a list ticks every row; the buttons above it wait for a choice. */
function selectRows() {
  const all = document.getElementById("action-toggle");
  const rows = [...document.querySelectorAll(".action-select")];
  if (!all || !rows.length) return;
  const buttons = document.querySelectorAll(".actions button");
  const counter = document.querySelector(".action-counter");
  const count = () => {
    const ticked = rows.filter((row) => row.checked).length;
    all.checked = ticked === rows.length;
    all.indeterminate = ticked > 0 && ticked < rows.length;
    for (const button of buttons) button.disabled = ticked === 0;
    if (counter) counter.textContent = ticked ? `${ticked} ${counter.dataset.selected}` : "";
  };
  all.addEventListener("change", () => {
    for (const row of rows) row.checked = all.checked;
    count();
  });
  for (const row of rows) row.addEventListener("change", count);
  count();
}

closeMenus();
selectRows();
watchForms();
addRows();
copyButtons();
