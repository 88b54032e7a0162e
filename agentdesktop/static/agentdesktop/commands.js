// Orders to the server. Every answer comes back as {ok, error, field}; nothing is thrown at the caller.

import { _, setServerTime } from "./words.js";

export function createCommands({ csrf, onLoggedOut }) {
  async function request(url, options = {}, read = (response) => response.json()) {
    let response;
    try {
      response = await fetch(url, { credentials: "same-origin", cache: "no-store", ...options });
    } catch {
      return { ok: false, status: 0, error: _("The server did not answer. Check the connection, then try again.") };
    }
    if (response.status === 401) onLoggedOut("session");
    setServerTime(response.headers.get("Date"));
    try {
      const answer = response.ok ? { ok: true, body: await read(response) } : await response.json();
      return { status: response.status, ...answer };
    } catch {
      const error = _("The server answered something unexpected (%(status)s). Try again; if it stays, tell your administrator.", {
        status: response.status,
      });
      return { ok: false, status: response.status, error };
    }
  }

  const post = (url, body, more) =>
    request(url, {
      ...more,
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(body || {}),
    });

  return {
    overview: () => request("/agentdesktop/overview"),
    lists: () => request("/agentdesktop/lists"),
    findTopics: (question) => request(`/agentdesktop/knowledge?${new URLSearchParams({ q: question })}`),
    talk: (login) => request(`/agentdesktop/messages/${encodeURIComponent(login)}`),
    look: (address) => request(address, {}, (response) => response.body?.cancel()),
    addPicture(interaction, file) {
      const body = new FormData();
      body.append("picture", file);
      return request(`/agentdesktop/pictures/${interaction}`, { method: "POST", headers: { "X-CSRFToken": csrf }, body });
    },
    send: (name, body, more) => post(`/agentdesktop/commands/${name}`, body, more),
    logOut: () => post("/agentdesktop/logout/"),
  };
}
