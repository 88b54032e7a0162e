// Talks with colleagues, as the page orders them: opening one, writing, and what arrives meanwhile.

export function createTalks({ store, setUi, act, commands }) {
  const setTalk = (login, change) => store.set(({ talks }) => ({ talks: { ...talks, [login]: { ...talks[login], ...change } } }));

  async function load(login) {
    const answer = await commands.talk(login);
    if (answer.ok) setTalk(login, { lines: answer.body.messages, failed: "" });
    else setTalk(login, { failed: answer.error });
  }

  // Whoever opens the talk has read what the colleague wrote.
  function read(login) {
    store.get().messages.filter((each) => each.from?.login === login).forEach((each) => commands.send("dismiss_message", { message: each.id }));
  }

  async function openTalk({ login, name }) {
    setUi({ view: "directory", side: "directory", talk: { login, name } });
    read(login);
    setTimeout(() => document.getElementById("talk-text")?.focus());
    await load(login);
  }

  function closeTalk() {
    setUi({ talk: null });
    setTimeout(() => document.getElementById("directory-filter")?.focus());
  }

  // The key stays with what was typed until it is accepted: sent again after a lost answer, it is the same message.
  async function sendTalk(login) {
    const { text = "", key = crypto.randomUUID() } = store.get().talks[login] || {};
    setTalk(login, { key });
    const answer = await act("write_message", { to: login, key, text });
    if (!answer.ok) return answer.error && setTalk(login, { error: answer.error });
    setTalk(login, { text: "", key: undefined, error: "", note: answer.body.text || "" });
    return load(login);
  }

  // Told by the stream: one from the colleague whose talk is before the agent's eyes joins it, and is read.
  function onMessage({ from }) {
    const seen = document.querySelector(".talk")?.getClientRects().length && !document.hidden;
    if (!from || !seen || store.get().ui.talk?.login !== from.login) return;
    read(from.login);
    load(from.login);
  }

  return { setTalk, openTalk, closeTalk, sendTalk, onMessage };
}
