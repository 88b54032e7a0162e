// The browser user interface's side of the extension API: opens records in the workspace and says what it was asked.
const pane = document.getElementById("pane");
const workspace = document.getElementById("workspace");
const asked = document.getElementById("asked");

window.addEventListener("message", (event) => {
  if (!pane || event.source !== pane.contentWindow || event.origin !== new URL(pane.src).origin) return;
  const { browserUi, type, id } = event.data || {};
  if (browserUi === "hello") pane.contentWindow.postMessage({ browserUi: "here" }, event.origin);
  if (browserUi === "edit") workspace.src = `?object=${encodeURIComponent(String(type).toLowerCase())}&id=${Number(id)}&framed`;
  if (browserUi === "create") workspace.src = `?object=${encodeURIComponent(String(type).toLowerCase())}&id=new&framed`;
  if (browserUi) asked.textContent = `${browserUi} ${type || ""} ${id ?? ""}`.trim();
});
