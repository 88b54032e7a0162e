// The inspector of a host page: every message in both directions with its time, and why a message was refused.

const KEPT = 200;
const REMEMBERED = "inspector";

export class Inspector {
  constructor(element, counter) {
    this.list = element.querySelector("ol");
    this.counter = counter;
    this.errors = 0;
    element.querySelector("[data-part=clear]").addEventListener("click", () => this.clear());
  }

  /** The button that shows and hides it; whether it was open is remembered. */
  openedBy(button) {
    const aside = this.list.closest("aside");
    const toggle = () => {
      aside.hidden = !aside.hidden;
      button.setAttribute("aria-expanded", String(!aside.hidden));
      localStorage.setItem(REMEMBERED, aside.hidden ? "closed" : "open");
    };
    button.addEventListener("click", toggle);
    if (localStorage.getItem(REMEMBERED) === "open") toggle();
  }

  clear() {
    this.list.replaceChildren();
    this.errors = 0;
    this.#count();
  }

  /** direction: "in" from the frame, "out" to the frame, "note" about the host itself. */
  add(direction, name, detail, error = "") {
    const row = document.createElement("li");
    row.className = error ? "error" : direction;
    row.dataset.direction = direction;
    row.dataset.event = name;
    row.append(part("time", new Date().toISOString().slice(11, 23)), part("strong", name));
    if (error) row.append(part("em", error));
    if (detail !== undefined && detail !== "") row.append(part("code", short(detail)));
    this.list.prepend(row);
    while (this.list.children.length > KEPT) this.list.lastChild.remove();
    if (error) this.errors += 1;
    this.#count();
  }

  #count() {
    this.counter.textContent = this.errors ? String(this.errors) : "";
    this.counter.hidden = !this.errors;
  }
}

function part(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function short(detail) {
  const text = typeof detail === "string" ? detail : JSON.stringify(detail);
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : text;
}
