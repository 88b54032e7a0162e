// Single sign-on from the log-in page: takes the phone device along, and inside a host's page waits for the window
// in which the log-in happens.

import { chosen, number } from "./login.js";

const button = document.getElementById("sign-on-start");
const claim = document.getElementById("claim");

function complete() {
  const needed = "numbered" in chosen().dataset;
  number.setCustomValidity("");
  if (!needed || number.value.trim()) return true;
  document.getElementById("device").open = true;
  number.required = true;
  number.reportValidity();
  return false;
}

button.addEventListener("click", (event) => {
  if (!complete()) return event.preventDefault();
  const address = new URL(button.href, location.href);
  address.searchParams.set("device", chosen().value);
  address.searchParams.set("device_number", number.value.trim());
  button.href = address;
  // A window that is blocked becomes a tab, by the link's own means.
  const opened = "frame" in button.dataset && open(button.href, "sign-on", "popup,width=520,height=680");
  if (opened) event.preventDefault();
});

// Only a page of our own origin can say this: the window at the end of its way.
addEventListener("message", (event) => {
  if (!claim || event.origin !== location.origin || typeof event.data?.signOnTicket !== "string") return;
  claim.elements.ticket.value = event.data.signOnTicket;
  claim.elements.device.value = chosen().value;
  claim.elements.device_number.value = number.value.trim();
  claim.submit();
});
