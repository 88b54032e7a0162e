// The editor's questions to the server. Every answer is { ok, status, ...answer }, or ok: false with `fault` in words.

import { _ } from "./dom.js";

export function makeServer(urls) {
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";

  async function ask(url, question, signal) {
    try {
      const answer = await fetch(url, {
        method: "POST", credentials: "same-origin", signal, redirect: "manual",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token() }, body: JSON.stringify(question),
      });
      return await read(answer);
    } catch (error) {
      if (error.name === "AbortError") return { ok: false, aborted: true };
      return { ok: false, fault: _("The server does not answer. Nothing is lost: try again in a moment.") };
    }
  }

  return {
    check: (definition, signal) => ask(urls.check, { definition }, signal),
    form: (definition, key, signal) => ask(urls.form, { definition, key }, signal),
    typed: (definition, key, typed, signal) => ask(urls.form, { definition, key, typed }, signal),
    save: (doc, seen) => ask(urls.save, { ...doc, seen }),
  };
}

async function read(answer) {
  if (answer.type === "opaqueredirect" || answer.status === 403) {
    const fault = _("You are logged out, or may not do this. Log in again in another tab, then repeat it here: nothing is lost.");
    return { ok: false, status: answer.status, fault };
  }
  try {
    return { ok: answer.ok, status: answer.status, ...(await answer.json()) };
  } catch {
    return { ok: false, status: answer.status, fault: _("The server answered with an error (%s).", answer.status) };
  }
}
