// Hears the server. Reconnects by itself, resumes after the last number, and says honestly how it stands:
// "connecting", "live", "reconnecting" (with the time of the next try) or "offline".

const SILENCE = 40_000; // The server beats every 15 seconds; two missed beats and the connection is dead.
const PAUSES = [500, 1000, 2000, 4000, 8000];
const KINDS = ["state", "interaction", "screen_pop", "notice", "message", "message_dismissed", "logout"];

export function createStream({ onEvent, onReset, onStatus, probe }) {
  let source = null;
  let last = 0;
  let failures = 0;
  let heardAt = 0;
  let timer = 0;
  let wanted = false;
  let status = {};

  function say(next) {
    status = next;
    onStatus(next);
  }

  function open() {
    close();
    if (!wanted) return;
    if (failures === 0) say({ name: "connecting" });
    heardAt = Date.now();
    source = new EventSource(`/agentdesktop/events?after=${last}`);
    source.onopen = opened;
    source.onerror = () => lost();
    source.addEventListener("beat", heard);
    source.addEventListener("reset", (message) => {
      heard();
      last = JSON.parse(message.data).lastEvent;
      onReset();
    });
    KINDS.forEach((kind) => source.addEventListener(kind, (message) => told(kind, message)));
  }

  function told(kind, message) {
    heard();
    const number = Number(message.lastEventId);
    if (number <= last) return;
    last = number;
    onEvent(kind, JSON.parse(message.data), number);
  }

  function heard() {
    heardAt = Date.now();
  }

  function opened() {
    heard();
    const recovered = failures > 0;
    failures = 0;
    say({ name: "live", recovered });
  }

  function close() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  function lost() {
    close();
    if (!wanted) return;
    const pause = PAUSES[Math.min(failures, PAUSES.length - 1)] * (0.75 + Math.random() / 2);
    failures += 1;
    if (navigator.onLine === false) say({ name: "offline" });
    else say({ name: "reconnecting", retryAt: Date.now() + pause, failures });
    timer = setTimeout(retry, pause);
  }

  // EventSource hides why it failed: ask once by ordinary means, so that a lost session goes to the log-in page.
  async function retry() {
    clearTimeout(timer);
    if (navigator.onLine === false) return lost();
    say({ name: "reconnecting", retryAt: 0, failures });
    if (await probe()) return open();
    return lost();
  }

  setInterval(() => {
    if (source && Date.now() - heardAt > SILENCE) lost();
  }, 5000);
  window.addEventListener("online", () => wanted && !source && retry());
  window.addEventListener("offline", () => wanted && lost());
  document.addEventListener("visibilitychange", () => {
    if (wanted && source && !document.hidden && Date.now() - heardAt > SILENCE) lost();
  });

  return {
    start(after) {
      last = after;
      wanted = true;
      failures = 0;
      open();
    },
    stop() {
      wanted = false;
      close();
    },
    // A hidden tab that only mirrors lets its connection go: a browser keeps six per server.
    pause: () => close(),
    resume: () => wanted && !source && open(),
    retryNow: () => wanted && status.name !== "live" && retry(),
    last: () => last,
  };
}
