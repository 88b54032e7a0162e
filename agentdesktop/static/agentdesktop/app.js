// The Agent Desktop: what happens (events, orders, keys) on one side, what is drawn on the other, the store between.

import { createCommands } from "./commands.js";
import { render } from "./dom.js";
import { loadHost } from "./host.js";
import { keepKeys } from "./keys.js";
import { prepare } from "./pictures.js";
import { ring, unlock } from "./sound.js";
import { createStore, fromOverview, reduce, withNotice } from "./store.js";
import { createStream } from "./stream.js";
import { createTabs } from "./tabs.js";
import { createTalks } from "./talks.js";
import { createTransfers } from "./transfers.js";
import { announce, chaseFocus, followConversation, showOutside, startClock } from "./surface.js";
import { banners, help } from "./views/banners.js";
import { navigation, side } from "./views/side.js";
import { stateBar } from "./views/statebar.js";
import { work } from "./views/work.js";
import { draftOf } from "./views/wrapup.js";
import { _, callerName, ringsHere } from "./words.js";

const config = JSON.parse(document.getElementById("config").textContent);
const at = (id) => document.getElementById(id);
const SAVE_AFTER = 800;
const PASSING = 10_000;
const POP_PATIENCE = 60_000;
const MIRROR_PATIENCE = 30_000;
const SAID_BESIDE_THE_FIELD = new Set(["wrap_up", "dial", "say", "submit_topic", "list_next", "list_dial", "list_give_back", "transfer", "write_message"]);

const embedded = window.parent !== window && Boolean(config.host);
// Browsers that cannot be asked are taken to hand it on; the phone hears the refusal then.
const policy = document.permissionsPolicy || document.featurePolicy;
const microphone = !embedded || !policy || policy.allowsFeature("microphone");
const store = createStore({
  phase: "loading",
  connection: { name: "connecting" },
  interactions: [],
  recents: [],
  reasons: [],
  services: [],
  queues: [],
  directory: [],
  state: { state: "NOT_READY" },
  agent: {},
  notices: [],
  messages: [],
  pops: {},
  drafts: {},
  replies: {},
  talks: {},
  media: {},
  knowledge: {},
  lists: {},
  fieldErrors: {},
  busy: {},
  leads: false,
  settled: false,
  host: { embedded, microphone, page: config.page, activity: Boolean(config.host), problem: "", name: config.host?.name, simulated: config.host?.simulated },
  ui: { view: "work", side: "recents", filter: "", dial: "", service: "", dialError: "", simulateFrom: "+1 415 555 0132", cramped: false },
});

const commands = createCommands({ csrf: config.csrf, onLoggedOut: leave });
const setUi = (change) => store.set(({ ui }) => ({ ui: { ...ui, ...change } }));
const notice = (level, text, more) => store.set(({ notices }) => ({ notices: withNotice(notices, { level, text, ...more }) }));
const keepNotices = (wanted) => store.set(({ notices }) => ({ notices: notices.filter(wanted) }));
const dismiss = (id) => keepNotices((each) => each.id !== id);

// Said aloud too, and of no use later: it leaves by itself.
function passing(text) {
  notice("info", text);
  announce(text);
  setTimeout(() => keepNotices((each) => each.text !== text), PASSING);
}

function leave(reason) {
  stream.stop();
  const address = new URL(config.login, window.location.href);
  if (reason) address.searchParams.set("reason", reason);
  window.location.replace(address);
}

// -- orders

async function act(name, body) {
  if (store.get().busy[name]) return { ok: false };
  store.set(({ busy }) => ({ busy: { ...busy, [name]: true } }));
  const answer = await commands.send(name, body);
  store.set(({ busy }) => ({ busy: { ...busy, [name]: false } }));
  if (!answer.ok && answer.error && !(answer.field && name === "complete") && !SAID_BESIDE_THE_FIELD.has(name)) notice("warning", answer.error, { offline: answer.status === 0 });
  return answer;
}

async function dialNumber(number, record = null) {
  const { ui } = store.get();
  const answer = await act("dial", { number: number.trim(), service: ui.service, record });
  if (answer.ok) setUi({ dial: "", dialError: "", view: "work" });
  else if (answer.error) setUi({ dial: number, dialError: answer.error, view: "dial", side: "dial" });
}

const saving = {};

function edit(id, change) {
  store.set(({ drafts, fieldErrors }) => ({
    drafts: { ...drafts, [id]: { ...drafts[id], ...change, saving: "saving" } },
    fieldErrors: { ...fieldErrors, [id]: {} },
  }));
  clearTimeout(saving[id]);
  saving[id] = setTimeout(() => save(id), SAVE_AFTER);
}

const written = (id) => {
  const { interactions, drafts } = store.get();
  const interaction = interactions.find((each) => each.id === id);
  if (!interaction) return null;
  const { disposition, notes } = draftOf(interaction, drafts);
  return { interaction: id, disposition, notes };
};

async function save(id) {
  const body = written(id);
  if (!body) return;
  const answer = await commands.send("wrap_up", body);
  store.set(({ drafts }) => ({ drafts: drafts[id] ? { ...drafts, [id]: { ...drafts[id], saving: answer.ok ? "saved" : "failed" } } : drafts }));
  if (!answer.ok && answer.status === 0) saving[id] = setTimeout(() => save(id), 4 * SAVE_AFTER);
  else if (!answer.ok && answer.error) notice("warning", answer.error);
}

// What was typed within the last moment goes along with what is ordered now.
async function saveNow(id) {
  clearTimeout(saving[id]);
  if (store.get().drafts[id]?.saving === "saving") await save(id);
}

// The page goes: what was typed within the last moment is sent after it. Nobody is there to hear the answer.
function saveGoing() {
  const { drafts } = store.get();
  const unsaved = Object.keys(drafts).filter((id) => ["saving", "failed"].includes(drafts[id].saving));
  unsaved.map(written).filter(Boolean).forEach((body) => commands.send("wrap_up", body, { keepalive: true }));
}

async function complete(id) {
  const body = written(id);
  if (!body) return;
  clearTimeout(saving[id]);
  const answer = await act("complete", body);
  if (!answer.ok && answer.field) {
    store.set(({ fieldErrors }) => ({ fieldErrors: { ...fieldErrors, [id]: { [answer.field]: answer.error } } }));
  }
}

const setReply = (id, change) => store.set(({ replies }) => ({ replies: { ...replies, [id]: { ...replies[id], ...change } } }));

// The key stays with what was typed until it is accepted: sent again after a lost answer, it is the same message.
async function say(id) {
  const reply = { key: crypto.randomUUID(), ...store.get().replies[id] };
  if (reply.picture && !reply.picture.id) return;
  setReply(id, { key: reply.key });
  const answer = await act("say", { interaction: id, key: reply.key, text: reply.text || "", picture: reply.picture?.id || "" });
  if (answer.ok) store.set(({ replies }) => ({ replies: { ...replies, [id]: {} } }));
  else if (answer.error) setReply(id, { error: answer.error });
}

// Uploaded at once, so that whatever is wrong with it is told before the agent sends.
async function addPicture(id, chosen) {
  const interaction = store.get().interactions.find((each) => each.id === id);
  if (!chosen || !interaction) return;
  const { error = "", ...picture } = await prepare(chosen, interaction.chat.pictures);
  if (error) return setReply(id, { error });
  setReply(id, { picture, error });
  const answer = await commands.addPicture(id, picture.file);
  if (store.get().replies[id]?.picture !== picture) return;
  if (answer.ok) setReply(id, { picture: { ...picture, id: answer.body.picture } });
  else setReply(id, { picture: null, error: answer.error });
}

function removePicture(id) {
  setReply(id, { picture: null, error: "" });
  at(`reply-${id}`)?.focus();
}

const setMedia = (address, state) => store.set(({ media }) => ({ media: { ...media, [address]: state } }));

// A picture that does not come says nothing of the reason: whoever is asked for it again does.
async function explainPicture(address) {
  const answer = await commands.look(address);
  setMedia(address, answer.ok ? { error: _("This cannot be shown as a picture."), savable: true } : { error: answer.error });
}

function insertIntoReply(id, text) {
  const before = store.get().replies[id]?.text?.trim() || "";
  setReply(id, { text: before ? `${before} ${text}` : text });
  setUi({ view: "work" });
  setTimeout(() => at(`reply-${id}`)?.focus());
}

const talks = createTalks({ store, setUi, act, commands });
const transfers = createTransfers({ store, setUi, act, load, saveNow, passing });

// -- the knowledge base

const setKnowledge = (change) => store.set(({ knowledge }) => ({ knowledge: { ...knowledge, ...change } }));

async function findTopics() {
  const { question = "" } = store.get().knowledge;
  setKnowledge({ asking: true, error: "", thanks: "" });
  const answer = await commands.findTopics(question);
  if (store.get().knowledge.question !== question) return setKnowledge({ asking: false });
  return setKnowledge({ asking: false, found: answer.ok ? answer.body : null, error: answer.ok ? "" : answer.error });
}

async function submitTopic() {
  const { title = "", text = "" } = store.get().knowledge;
  const answer = await act("submit_topic", { title, text });
  if (answer.ok) setKnowledge({ proposing: false, title: "", text: "", thanks: answer.body.text, error: "" });
  else if (answer.error) setKnowledge({ proposalError: answer.error });
}

// -- calling lists

const setLists = (change) => store.set(({ lists }) => ({ lists: { ...lists, ...change } }));

async function loadLists() {
  const answer = await commands.lists();
  if (answer.ok) setLists({ ...answer.body, loaded: true, failed: "" });
  else setLists({ failed: answer.error });
}

async function orderList(name, body) {
  setLists({ error: "" });
  const answer = await act(name, body);
  if (answer.error) setLists({ error: answer.error });
  await loadLists();
  return answer;
}

async function nextPerson(list) {
  setLists({ chosen: list });
  const answer = await orderList("list_next", { list });
  if (answer.ok) setTimeout(() => at("list-person")?.focus());
}

const giveBack = () => orderList("list_give_back", {});

async function dialPerson(row) {
  const answer = await orderList("list_dial", { row });
  if (answer.ok) setUi({ view: "work" });
}

async function logOut() {
  store.set(({ busy }) => ({ busy: { ...busy, logOut: true } }));
  const answer = await commands.logOut();
  store.set(({ busy }) => ({ busy: { ...busy, logOut: false } }));
  if (!answer.ok) notice("warning", answer.error);
  else if (answer.body.later) notice("info", _("You will be logged out when this work is done."));
  else leave("");
}

// -- events

function onEvent(kind, data) {
  if (kind === "logout") return leave("logout");
  const before = store.get();
  store.set(reduce(before, kind, data));
  if (kind === "interaction") onInteraction(before, data);
  if (kind === "interaction" && data.chat) tellOfMessage(before, data);
  if (kind === "screen_pop") pop(data);
  if (kind === "notice" || kind === "message") announce(data.text);
  if (kind === "message") talks.onMessage(data);
}

function onInteraction({ interactions }, told) {
  const known = interactions.find((each) => each.id === told.id);
  if (known && known.state === told.state) return;
  if (["ringing", "active", "wrap_up"].includes(told.state) && told.mine !== false) setUi({ view: "work" });
  // What the server holds now wins over an old draft once the two agree.
  if (told.state === "completed") clearTimeout(saving[told.id]);
  if (["completed", "abandoned"].includes(told.state) && store.get().lists.loaded) loadLists();
}

// Said aloud and told by the page around us: the agent may be looking elsewhere.
function tellOfMessage({ interactions }, told) {
  const known = interactions.find((each) => each.id === told.id);
  const theirs = (each) => (each?.chat?.messages || []).filter((message) => !message.ours).length;
  if (known && told.state === "active" && theirs(told) > theirs(known)) {
    announce(_("%(name)s: %(text)s", { name: callerName(told), text: told.chat.messages.at(-1).text || _("Picture") }));
  }
}

const waiting = new Map();

// Only the leading tab opens records. A follower keeps them for a moment, in case it has to take over.
function pop(told) {
  if (!store.get().leads) {
    waiting.set(told, Date.now());
    return;
  }
  openPop(told);
}

function openPop(told) {
  const about = store.get().interactions.find((each) => each.id === told.interaction);
  const opened = host.screenPop({ direction: about?.direction || "inbound", ...told });
  mark(told, opened ? { opened } : { outside: true });
}

function mark(told, change) {
  store.set(({ pops }) => ({
    pops: { ...pops, [told.interaction]: (pops[told.interaction] || []).map((each) => (each.url === told.url ? { ...each, ...change } : each)) },
  }));
}

function onLead(leads) {
  store.set({ leads, settled: true });
  if (!leads) return;
  stream.resume();
  const { interactions } = store.get();
  for (const [told, since] of waiting) {
    const open = interactions.some((each) => each.id === told.interaction);
    if (open && Date.now() - since < POP_PATIENCE) openPop(told);
  }
  waiting.clear();
}

// -- beginning, and beginning again

async function load() {
  const answer = await commands.overview();
  if (answer.status === 401) return false;
  if (!answer.ok) {
    if (store.get().phase !== "ready") store.set({ phase: "failed", error: answer.error });
    return false;
  }
  const overview = answer.body;
  if (overview.state.state === "LOGGED_OUT") return leave("logout");
  store.set(({ ui, host: mine }) => ({
    ...fromOverview(overview),
    ui: { ...ui, service: ui.service || overview.services[0]?.code || "" },
    host: { ...mine, activity: Boolean(config.host || overview.host) },
  }));
  return overview;
}

async function begin() {
  store.set({ phase: "loading" });
  const overview = await load();
  if (overview) stream.start(overview.lastEvent);
}

async function probe() {
  const answer = await commands.overview();
  return answer.ok;
}

let calm = 0;
const stream = createStream({
  onEvent,
  onReset: load,
  probe,
  onStatus(connection) {
    store.set({ connection });
    if (connection.name === "live") keepNotices((each) => !each.offline);
    clearTimeout(calm);
    if (connection.recovered) {
      announce(_("Connected again. Nothing was missed."));
      calm = setTimeout(() => store.set({ connection: { name: "live" } }), 5000);
    }
  },
});

const host = loadHost(config, embedded);

async function meetHost() {
  try {
    await host.ready({ ...config.host, ours: config.origin });
    host.onClickToDial(({ number, record }) => {
      announce(_("Dialling %(number)s", { number }));
      dialNumber(number, record);
    });
    host.onPresence?.(() => commands.send("presence_changed"));
  } catch (problem) {
    store.set(({ host: mine }) => ({ host: { ...mine, problem: problem.message } }));
  }
  draw(store.get());
}

// -- the page

function go(view) {
  setUi(view === "work" ? { view } : { view, side: view, talk: null });
  if (view === "directory") load();
  if (view === "lists") loadLists();
  if (view === "dial") setTimeout(() => at("dial-number")?.focus());
}

const closeHelp = () => at("help").close();

function toggleHelp() {
  const box = at("help");
  if (box.open) return box.close();
  render(box, help(store.get(), { closeHelp }));
  return box.showModal();
}

function askNotifications() {
  Notification.requestPermission().then(() => draw(store.get()));
}

const mayAsk = () => !embedded && "Notification" in window && Notification.permission === "default" && askNotifications;

function draw(state) {
  const page = { ...state, act, edit, complete, setUi, setReply, say, addPicture, removePicture, setMedia, explainPicture, insertIntoReply, setKnowledge, findTopics, submitTopic, nextPerson, giveBack, dialPerson, loadLists, dialNumber, reload: begin, openAgain: openPop, ...transfers, ...talks };
  document.body.dataset.view = state.ui.view;
  document.body.dataset.phase = state.phase;
  document.body.dataset.busy = state.interactions.some((each) => each.state === "ringing") ? "ringing" : "";
  if (state.phase === "ready") {
    render(at("bar"), stateBar(state, { act, logOut, toggleHelp, askNotifications: mayAsk() }));
    render(at("nav"), navigation(state, { go }));
  }
  render(at("banners"), banners(state, { retryNow: stream.retryNow, dismiss, dismissMessage: (id) => act("dismiss_message", { message: id }), openTalk: talks.openTalk, takeOver: tabs.takeOver, grow: embedded && (() => host.resize({ width: 300, height: 750 })) }));
  render(at("work"), work(state, page));
  render(at("side"), side(state, page));
  chaseFocus(state);
  followConversation();
  showOutside(state, host);
  ring(state.leads && state.interactions.some(ringsHere));
}

const tabs = createTabs(onLead);
store.watch(draw);
keepKeys({ toggleHelp, go });
startClock();
draw(store.get());
begin();
meetHost();

["pointerdown", "keydown"].forEach((gesture) => document.addEventListener(gesture, () => {
  unlock();
  draw(store.get());
}, { once: true, capture: true }));

window.addEventListener("pagehide", saveGoing);

let letGo = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(letGo);
  if (!document.hidden) stream.resume();
  else letGo = setTimeout(() => !store.get().leads && stream.pause(), MIRROR_PATIENCE);
});

// A hidden frame measures nothing.
const measure = () => setUi({ cramped: embedded && window.innerHeight > 0 && window.innerHeight < 340 });
window.addEventListener("resize", measure);
measure();
