// The tabs of the workspace: one for each record, one frame that shows the chosen one.

const PLURAL = { ticket: "tickets", user: "users", organization: "organizations" };

export class Tabs {
  constructor(strip, frame, base) {
    this.strip = strip;
    this.frame = frame;
    this.base = base;
    this.open = [];
    this.chosen = -1;
    frame.addEventListener("load", () => this.#learnTitle());
  }

  get record() {
    return this.open[this.chosen] || null;
  }

  /** Show a record, in its tab where it has one. Throws for a kind that there is not. */
  show(kind, id) {
    if (!PLURAL[kind] || !/^\d+$/.test(String(id))) throw new Error(`there is no way to ${kind} ${id}`);
    const known = this.open.findIndex((tab) => tab.kind === kind && tab.id === Number(id));
    if (known < 0) this.open.push({ kind, id: Number(id), title: `${kind} ${id}` });
    this.#choose(known < 0 ? this.open.length - 1 : known);
  }

  close() {
    if (this.chosen < 0) return;
    this.open.splice(this.chosen, 1);
    this.#choose(Math.min(this.chosen, this.open.length - 1));
  }

  #choose(number) {
    this.chosen = number;
    const { record } = this;
    this.frame.src = record ? `${this.base}/agent/${PLURAL[record.kind]}/${record.id}?framed` : `${this.base}/_empty`;
    this.#draw();
  }

  #learnTitle() {
    const title = this.frame.contentDocument?.querySelector("h1")?.textContent;
    if (!title || !this.record) return;
    this.record.title = title;
    this.#draw();
  }

  #draw() {
    this.strip.replaceChildren(
      ...this.open.map((tab, number) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = tab.title;
        button.title = `${tab.kind} ${tab.id}`;
        button.setAttribute("aria-current", String(number === this.chosen));
        button.addEventListener("click", () => this.#choose(number));
        return button;
      }),
    );
  }
}
