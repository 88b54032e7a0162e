// A short message of the page around the desktop, in its `#toasts`.

const LEVELS = ["info", "warning", "error"];

export function toast({ message, type, duration }) {
  const element = document.createElement("p");
  element.className = `toast ${LEVELS.includes(type) ? type : "info"}`;
  element.textContent = message;
  document.getElementById("toasts").append(element);
  setTimeout(() => element.remove(), Number(duration) || 4000);
}
