// The floating OpenFrame panel: shown by the phone icon, dragged by its header, resized by its own content.

const MAX_SHARE = 0.75; // the host never lets the frame take more of the window

export class Panel {
  constructor(element, { onShown, onHidden, onMode, onIcon }) {
    this.element = element;
    this.frame = element.querySelector("iframe");
    this.mode = "expand";
    this.told = { onShown, onHidden, onMode, onIcon };
    this.wanted = { width: 373, height: 300 };
    this.part("hide").addEventListener("click", () => this.hide());
    this.part("mode").addEventListener("click", () => this.setMode(this.mode === "expand" ? "collapse" : "expand"));
    this.part("title-icon").addEventListener("click", () => this.told.onIcon("title", this.titleIcon || {}));
    this.#makeDraggable(this.part("header"));
    window.addEventListener("resize", () => this.resize({}));
  }

  part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  get visible() {
    return this.element.classList.contains("shown");
  }

  show() {
    this.element.classList.add("shown");
    this.keepInside();
    this.told.onShown();
  }

  hide() {
    this.element.classList.remove("shown");
    this.told.onHidden();
  }

  resize({ width, height }) {
    if (Number(width) > 0) this.wanted.width = Number(width);
    if (Number(height) > 0) this.wanted.height = Number(height);
    this.frame.style.height = `${Math.min(this.wanted.height, window.innerHeight * MAX_SHARE)}px`;
    this.element.style.width = `${Math.min(this.wanted.width, window.innerWidth * MAX_SHARE) + 2}px`;
    this.keepInside();
  }

  setTitle({ title, subtitle }) {
    if (title !== undefined) this.part("title").textContent = title;
    if (subtitle !== undefined) this.part("subtitle").textContent = subtitle;
  }

  setTitleIcon(icon) {
    this.titleIcon = icon;
    this.part("title-icon").title = icon.imageTitle || "";
  }

  setIcons(icons) {
    this.part("icons").replaceChildren(...icons.map((icon) => this.#icon(icon)));
  }

  setPresence({ state, color }) {
    const dot = this.part("presence");
    dot.className = `presence ${color}`;
    dot.title = state;
    dot.hidden = false;
  }

  setMode(mode) {
    this.mode = mode;
    this.element.classList.toggle("collapsed", mode === "collapse");
    this.part("mode").setAttribute("aria-expanded", String(mode === "expand"));
    this.told.onMode(mode);
  }

  #icon(icon) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = icon.imageTitle || "";
    button.textContent = (icon.imageTitle || icon.id || "?").slice(0, 1);
    button.addEventListener("click", () => this.told.onIcon("icon", icon));
    return button;
  }

  #makeDraggable(handle) {
    handle.addEventListener("pointerdown", (event) => {
      if (event.target.closest("button")) return;
      const box = this.element.getBoundingClientRect();
      const grip = { x: event.clientX - box.left, y: event.clientY - box.top };
      handle.setPointerCapture(event.pointerId);
      const move = (to) => this.#moveTo(to.clientX - grip.x, to.clientY - grip.y);
      handle.addEventListener("pointermove", move);
      handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", move), { once: true });
    });
    handle.addEventListener("keydown", (event) => this.#moveByKey(event));
  }

  #moveByKey(event) {
    const step = { ArrowLeft: [-24, 0], ArrowRight: [24, 0], ArrowUp: [0, -24], ArrowDown: [0, 24] }[event.key];
    if (!step || event.target.closest("button")) return;
    event.preventDefault();
    const box = this.element.getBoundingClientRect();
    this.#moveTo(box.left + step[0], box.top + step[1]);
  }

  #moveTo(left, top) {
    const box = this.element.getBoundingClientRect();
    const inside = (value, size, room) => Math.max(0, Math.min(value, Math.max(0, room - size)));
    this.element.style.left = `${inside(left, box.width, window.innerWidth)}px`;
    this.element.style.top = `${inside(top, box.height, window.innerHeight)}px`;
    this.element.style.right = "auto";
  }

  keepInside() {
    const box = this.element.getBoundingClientRect();
    if (box.right > window.innerWidth || box.bottom > window.innerHeight) this.#moveTo(box.left, box.top);
  }
}
