// Icons drawn as lines, so that colour is never the only sign. Decorative: the words beside them carry the meaning.

import { h } from "./dom.js";

const HANDSET =
  "M6.4 3.2h2.9l1.6 4.1-2.1 1.7a12.4 12.4 0 0 0 6.2 6.2l1.7-2.1 4.1 1.6v2.9a2.2 2.2 0 0 1-2.3 2.2A16.9 16.9 0 0 1 4.2 5.5a2.2 2.2 0 0 1 2.2-2.3z";

const SHAPES = {
  phone: [HANDSET],
  incoming: [HANDSET, "M20.5 3.5 15 9M15 4.5V9h4.5"],
  outgoing: [HANDSET, "M15 9l5.5-5.5M16 3.5h4.5V8"],
  missed: [HANDSET, "M15.5 4l5 5M20.5 4l-5 5"],
  hangup: ["M3 14.5c5-5.3 13-5.3 18 0l-2.2 2.7-3.9-1.5v-2.8a12 12 0 0 0-5.8 0v2.8l-3.9 1.5z"],
  check: ["M4.5 12.5l5 5 10-11"],
  cross: ["M6 6l12 12M18 6L6 18"],
  pause: ["M9 5v14M15 5v14"],
  play: ["M8 5l11 7-11 7z"],
  book: ["M5 4.5h10.5a3 3 0 0 1 3 3V20H8a3 3 0 0 1-3-3z", "M5 17a2.5 2.5 0 0 1 2.5-2.5h11"],
  list: ["M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01"],
  chat: ["M4 5.5h16v10.5H11l-4.5 4v-4H4z"],
  send: ["M4 12 20.5 4.5 16 20l-4-6z", "M12 14l8.5-9.5"],
  picture: ["M4 5h16v14H4z", "M4 16l4.5-5 4 4 2.5-2.5 5 4.5M15 9h.01"],
  file: ["M6 3.5h8l4 4v13H6z", "M13.5 3.5V8H18M9 12.5h6M9 16h6"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5"],
  people: ["M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M2.5 19.5c.8-3.5 3.3-5 6.5-5s5.7 1.5 6.5 5", "M16 11a3 3 0 1 0-1-5.8M17.5 14.7c2.2.5 3.6 2 4 4.8"],
  clock: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 7v5.5l3.5 2"],
  keypad: ["M5 5h.01M12 5h.01M19 5h.01M5 12h.01M12 12h.01M19 12h.01M5 19h.01M12 19h.01M19 19h.01"],
  warning: ["M12 3.5 2.5 20h19z", "M12 10v4.5M12 17.3h.01"],
  info: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 11v5.5M12 7.7h.01"],
  open: ["M14 4h6v6M20 4l-9 9", "M18 14v5a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 4 19V8a1.5 1.5 0 0 1 1.5-1.5H11"],
  away: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M7.5 12h9"],
  pen: ["M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z"],
  more: ["M5 12h.01M12 12h.01M19 12h.01"],
  back: ["M15 5l-7 7 7 7"],
  down: ["M6 9.5l6 6 6-6"],
  bolt: ["M13 3 5 13.5h6L10.5 21 19 10h-6.5z"],
  exit: ["M10 4H5.5A1.5 1.5 0 0 0 4 5.5v13A1.5 1.5 0 0 0 5.5 20H10M15 8l4 4-4 4M19 12H9.5"],
  out: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M8.5 8.5l7 7"],
  refresh: ["M20 12a8 8 0 1 1-2.5-5.8M20 3.5v4.5h-4.5"],
  tall: ["M12 3v18M8 7l4-4 4 4M8 17l4 4 4-4"],
};

const STATES = {
  READY: "check",
  RINGING: "incoming",
  BUSY: "phone",
  ACW: "pen",
  NOT_READY: "away",
  SUPERVISING: "people",
  LOGGED_OUT: "out",
};

export function icon(name) {
  const paths = (SHAPES[name] || SHAPES.info).map((d) => h("path", { d }));
  return h("svg", { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, paths);
}

export const stateIcon = (state) => icon(STATES[state] || "info");
