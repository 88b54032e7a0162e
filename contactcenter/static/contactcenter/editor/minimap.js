// The whole drawing, small: where one is, and a way to another place.

import { el, svg } from "./dom.js";

const WIDTH = 150;
const HEIGHT = 170;

export function makeMinimap(scroller, zoom) {
  const view = svg("rect", { class: "minimap-view", rx: 2 });
  const picture = svg("svg", {});
  const element = el("div", { class: "minimap", "aria-hidden": "true" }, picture);
  let scale = 0; // nothing is drawn yet

  function draw(drawing, selected) {
    scale = Math.min(WIDTH / drawing.width, HEIGHT / drawing.height);
    picture.setAttribute("width", drawing.width * scale);
    picture.setAttribute("height", drawing.height * scale);
    const cards = [...drawing.places].map(([key, at]) => {
      const size = drawing.sizes.get(key);
      return svg("rect", { class: key === selected ? "minimap-card is-selected" : "minimap-card", x: at.x * scale, y: at.y * scale,
        width: size.width * scale, height: Math.max(2, size.height * scale), rx: 1 });
    });
    picture.replaceChildren(...cards, view);
    look();
  }

  function look() {
    const all = scroller.scrollWidth <= scroller.clientWidth + 2 && scroller.scrollHeight <= scroller.clientHeight + 2;
    element.hidden = all || !scale;
    if (element.hidden) return;
    const shown = scale / zoom();
    const box = { x: scroller.scrollLeft * shown, y: scroller.scrollTop * shown, width: scroller.clientWidth * shown,
      height: scroller.clientHeight * shown };
    for (const [name, value] of Object.entries(box)) view.setAttribute(name, value);
  }

  function go(event) {
    const box = picture.getBoundingClientRect();
    const shown = zoom() / scale;
    scroller.scrollTo((event.clientX - box.left) * shown - scroller.clientWidth / 2,
      (event.clientY - box.top) * shown - scroller.clientHeight / 2);
  }

  element.addEventListener("pointerdown", (event) => {
    go(event);
    addEventListener("pointermove", go);
    addEventListener("pointerup", () => removeEventListener("pointermove", go), { once: true });
  });
  return { element, draw, look };
}
