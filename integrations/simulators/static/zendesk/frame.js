// A record in a tab of the workspace: a click on a number goes to the page around; opened alone it says where to go.

const framed = window.parent !== window;
document.documentElement.classList.toggle("framed", framed);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-call]");
  if (!button) return;
  if (framed) window.parent.document.dispatchEvent(new CustomEvent("simulator:call", { detail: JSON.parse(button.dataset.call) }));
  else window.location.href = button.dataset.workspace;
});
