// The log-in page: remembers the phone device in this browser, and finds out whether our cookie comes back.

const form = document.getElementById("login");
export const number = document.getElementById("device_number");
const devices = [...form.querySelectorAll('[name="device"]')];
const KEY = "agent-desktop-device";

// Inside a foreign page storage may be shut; then nothing is remembered and nothing breaks.
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    return {};
  }
}

function remember() {
  try {
    localStorage.setItem(KEY, JSON.stringify({ device: chosen().value, number: number.value }));
  } catch {
    return;
  }
}

export const chosen = () => devices.find((radio) => radio.checked) || devices[0];

function show() {
  const radio = chosen();
  const numbered = "numbered" in radio.dataset;
  document.querySelector(".device-number").hidden = !numbered;
  const parts = [radio.dataset.name, numbered && number.value.trim()].filter(Boolean);
  document.getElementById("device-name").textContent = parts.join(" ");
}

function restore() {
  const { device, number: stored } = remembered();
  const radio = devices.find((each) => each.value === device);
  if (!radio || form.querySelector('[aria-invalid="true"]')) return;
  radio.checked = true;
  number.value = stored || "";
}

// In a frame that was given no origin of its own, nothing that we set ever comes back.
const withoutOrigin = () => window.origin === "null";

async function cookieComesBack() {
  const answer = await fetch(document.body.dataset.cookie, { credentials: "same-origin", cache: "no-store" });
  return (await answer.json()).cookie;
}

async function checkCookie() {
  try {
    const cookie = !withoutOrigin() && (await cookieComesBack());
    document.getElementById("blocked").hidden = cookie;
    form.hidden = !cookie;
    document.getElementById("sign-on")?.toggleAttribute("hidden", !cookie);
  } catch {
    return;
  }
}

restore();
show();
// Browsers refuse `autofocus` in a foreign page; where the person is here already, the fault gets the focus.
if (document.hasFocus()) form.querySelector('[aria-invalid="true"]')?.focus();
devices.forEach((radio) => radio.addEventListener("change", () => {
  show();
  if ("numbered" in radio.dataset) number.focus();
}));
number.addEventListener("input", show);
form.addEventListener("submit", remember);
checkCookie();
