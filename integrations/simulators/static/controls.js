// The page "Faults and settings": reads the forms and talks to the same addresses as any program.

const message = document.getElementById("message");

document.getElementById("fault").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const number = (name) => (form.get(name) ? Number(form.get(name)) : null);
  const added = { fault: form.get("fault"), times: number("times"), seconds: number("seconds"), path: form.get("path") };
  const { active } = await (await fetch("_faults")).json();
  await put("_faults", [...active, added]);
});

document.getElementById("settings").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await put("_settings", Object.fromEntries([...event.target.elements].filter((e) => e.name).map((e) => [e.name, read(e)])));
  } catch (error) {
    say(`Not saved: ${error.message}`);
  }
});

function read(element) {
  const kind = element.dataset.kind;
  if (kind === "boolean") return element.checked;
  if (kind === "number") return Number(element.value);
  return kind === "json" ? JSON.parse(element.value) : element.value;
}

async function put(address, body) {
  const answer = await fetch(address, { method: "PUT", body: JSON.stringify(body) });
  if (answer.ok) location.reload();
  else say((await answer.json()).error);
}

function say(text) {
  message.hidden = false;
  message.textContent = text;
}
