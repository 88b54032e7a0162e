// Pages of the main frame: they say which record is shown, and hand clicked numbers to the page around them.

const framed = window.parent !== window;
document.documentElement.classList.toggle("framed", framed);
const about = JSON.parse(document.querySelector("[data-about]")?.dataset.about || "{}");

// Kept too: the page around may be ready later than this one.
window.simulatorShown = { ...about, number: document.querySelector("[data-dial]")?.dataset.dial || "" };
if (framed) tell("simulator:shown", window.simulatorShown);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dial]");
  if (button && framed) tell("simulator:dial", { ...about, number: button.dataset.dial });
  else if (button) location.href = `/salesforce/lightning/page/home?record=${about.recordId}`;
});

function tell(name, detail) {
  window.parent.document.dispatchEvent(new CustomEvent(name, { detail }));
}
