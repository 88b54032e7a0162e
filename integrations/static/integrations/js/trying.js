// The page on which a scenario is tried: says that it is busy, unfolds what one wants to see. Without it the page works.

function busy(form) {
  const mark = form.querySelector("[data-busy]");
  if (!mark) return;
  form.addEventListener("submit", () => { mark.hidden = false; });
  window.addEventListener("pageshow", () => { mark.hidden = true; });
}

function folding(tools) {
  const every = () => document.querySelectorAll(".trying-card > details");
  tools.hidden = false;
  tools.querySelector("[data-unfold]").addEventListener("click", () => { for (const part of every()) part.open = true; });
  tools.querySelector("[data-fold]").addEventListener("click", () => { for (const part of every()) part.open = false; });
}

/** A link to a step unfolds it. */
function openTarget() {
  const step = location.hash.startsWith("#step-") && document.getElementById(location.hash.slice(1));
  if (step) step.querySelector("details").open = true;
}

for (const form of document.querySelectorAll("[data-trying]")) busy(form);
for (const tools of document.querySelectorAll("[data-tools]")) folding(tools);
window.addEventListener("hashchange", openTarget);
openTarget();
