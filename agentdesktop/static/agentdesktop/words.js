// Words, times and numbers for people. `window.gettext` comes from Django's catalogue for the page's language.

const django = window.django || {};

export const _ = (text, values) => fill((django.gettext || ((same) => same))(text), values);

export function ngettext(one, many, count) {
  const chosen = django.ngettext ? django.ngettext(one, many, count) : count === 1 ? one : many;
  return fill(chosen, { count });
}

function fill(text, values) {
  return values ? text.replace(/%\((\w+)\)s/g, (_all, name) => String(values[name] ?? "")) : text;
}

// Server time minus this computer's time: agents' clocks are wrong more often than one thinks.
let offset = 0;

export function setServerTime(dateHeader) {
  const at = Date.parse(dateHeader || "");
  if (!Number.isNaN(at)) offset = at + 500 - Date.now();
  if (Math.abs(offset) < 1500) offset = 0;
}

export const now = () => Date.now() + offset;

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, minutes, rest] = parts;
  const two = (part) => String(part).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export const secondsSince = (iso) => (now() - Date.parse(iso)) / 1000;
export const secondsUntil = (iso) => Math.ceil((Date.parse(iso) - now()) / 1000);
export const secondsBetween = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

const language = () => document.documentElement.lang || undefined;

export function timeOfDay(iso) {
  const at = new Date(iso);
  const sameDay = at.toDateString() === new Date(now()).toDateString();
  const style = sameDay ? { timeStyle: "short" } : { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };
  return new Intl.DateTimeFormat(language(), style).format(at);
}

export const STATE_LABELS = {
  READY: () => _("Ready"),
  RINGING: () => _("Ringing"),
  BUSY: () => _("Busy"),
  ACW: () => _("After-call work"),
  NOT_READY: () => _("Not ready"),
  SUPERVISING: () => _("Supervising"),
  LOGGED_OUT: () => _("Logged out"),
};

export function stateLabel(state) {
  const label = (STATE_LABELS[state.state] || (() => state.label || state.state))();
  return state.reason ? _("%(state)s: %(reason)s", { state: label, reason: state.reason.name }) : label;
}

// Outbound calls ring at the far side first, and at an agent of ours when somebody has transferred them.
export const ringsHere = ({ state, controls }) => state === "ringing" && controls.includes("accept");

export function callerName(interaction) {
  const { caller = {}, customer = {} } = interaction;
  if (caller.name) return caller.name;
  if (interaction.chat && !customer.raw) return _("Customer in %(channel)s", { channel: interaction.chat.channel });
  if (customer.anonymous) return _("Anonymous caller");
  return customer.number || customer.raw || _("Unknown caller");
}
