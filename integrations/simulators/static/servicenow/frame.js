// Pages of the main frame: phone icons hand their numbers to the host page; opened alone they say where to go.

const framed = window.parent !== window;
document.documentElement.classList.toggle("framed", framed);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-numbers]");
  if (!button) return;
  const numbers = JSON.parse(button.dataset.numbers);
  if (framed) window.parent.document.dispatchEvent(new CustomEvent("simulator:call", { detail: { numbers } }));
  else location.href = "/servicenow/";
});
