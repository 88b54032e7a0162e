// What the page around the softphone takes, and how it refuses: strict on purpose. A method, an argument or a type that
// the guide does not name is an error in the vendor's shape (Open CTI Developer Guide, "Methods for Lightning
// Experience", "Common Error Messages").

const ID = /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/;
const SHORTEST_SEARCH = 3;

const text = (value) => (typeof value === "string" && value ? "" : "must be a text");
const anyText = (value) => (typeof value === "string" ? "" : "must be a text");
const flag = (value) => (typeof value === "boolean" ? "" : "must be true or false");
const pixels = (value) => (Number.isFinite(value) && value > 0 ? "" : "must be a number of pixels above 0");
const object = (value) => (value && typeof value === "object" && !Array.isArray(value) ? "" : "must be an object");
const listener = (value) => (value === "function" ? "" : "must be a function");
const callType = (value) => (["inbound", "outbound", "internal"].includes(value) ? "" : "must be one of CALL_TYPE");
const id = (value) => (ID.test(value) ? "" : "must be the id of a record");
const relative = (value) => (/^\/(?!\/)/.test(value) ? "" : "must be relative, beginning with /");
const searched = (value) => (typeof value === "string" && value.trim().length >= SHORTEST_SEARCH ? "" : `needs at least ${SHORTEST_SEARCH} characters`);

// Method -> [arguments that must be there, arguments that may be].
const ARGUMENTS = {
  enableClickToDial: [{}, {}],
  disableClickToDial: [{}, {}],
  getAppViewInfo: [{}, {}],
  getCallCenterSettings: [{}, {}],
  getSoftphoneLayout: [{}, {}],
  isSoftphonePanelVisible: [{}, {}],
  refreshView: [{}, {}],
  notifyInitializationComplete: [{}, {}],
  onClickToDial: [{ listener }, {}],
  onNavigationChange: [{ listener }, {}],
  screenPop: [{ type: text, params: object }, {}],
  searchAndScreenPop: [{ searchParams: anyText, callType }, { queryParams: anyText, defaultFieldValues: object, deferred: flag }],
  saveLog: [{ value: object }, {}],
  runApex: [{ apexClass: text, methodName: text }, { methodParams: anyText }],
  setSoftphonePanelHeight: [{ heightPX: pixels }, {}],
  setSoftphonePanelWidth: [{ widthPX: pixels }, {}],
  setSoftphonePanelVisibility: [{ visible: flag }, {}],
  setSoftphonePanelIcon: [{ key: text }, {}],
  setSoftphonePanelLabel: [{ label: text }, {}],
  setSoftphoneItemIcon: [{ key: text }, {}],
  setSoftphoneItemLabel: [{ label: text }, {}],
  publish: [{ channel: text }, { message: object }],
};
// Type of a screen pop -> its params.
const POPS = {
  sobject: [{ recordId: id }, {}],
  url: [{ url: relative }, {}],
  objecthome: [{ scope: text }, {}],
  list: [{ scope: text }, { listViewId: id }],
  search: [{ searchString: searched }, {}],
  newRecord: [{ entityName: text }, { defaultFieldValues: object }],
  flow: [{ flowDevName: text }, { flowArgs: (value) => (Array.isArray(value) ? "" : "must be a list") }],
};
const CLASSIC_POP = { classic: [{ url: relative }, {}] };

/** What is wrong with this message event, or an empty string. Not about the content of the call. */
export function problem(event, { frameWindow, frameOrigin }) {
  if (event.source !== frameWindow) return "not from the softphone";
  if (event.origin !== frameOrigin) return `wrong origin ${event.origin}: the adapter's address is on ${frameOrigin}`;
  return typeof event.data?.method === "string" ? "" : "no method of Open CTI";
}

/** The vendor's list of errors about a call; empty when it is good. `mode` is "lightning" or "classic". */
export function errorsOf(method, args, mode) {
  const known = ARGUMENTS[method];
  if (!known) return [error("UNKNOWN_METHOD", `${method} is no method of Open CTI.`)];
  const found = checked(method, args || {}, known);
  if (found.length || method !== "screenPop") return found;
  const pops = mode === "classic" ? CLASSIC_POP : POPS;
  const pop = pops[args.type];
  return pop ? checked(`screenPop ${args.type}`, args.params, pop) : [error("INVALID_ARGUMENT", `type: ${args.type} is none of SCREENPOP_TYPE.`)];
}

function checked(method, args, [needed, allowed]) {
  const missing = Object.keys(needed).filter((name) => args[name] === undefined);
  const unknown = Object.keys(args).filter((name) => !(name in needed) && !(name in allowed));
  const wrong = Object.entries({ ...allowed, ...needed }).filter(([name, check]) => args[name] !== undefined && check(args[name]));
  return [
    ...missing.map((name) => error("MISSING_ARGUMENT", `${method} needs ${name}.`)),
    ...unknown.map((name) => error("UNKNOWN_ARGUMENT", `${method} knows no argument ${name}.`)),
    ...wrong.map(([name, check]) => error("INVALID_ARGUMENT", `${name}: ${check(args[name])}.`)),
  ];
}

export const error = (code, description) => ({ code, description });
export const good = (returnValue = null) => ({ success: true, returnValue, errors: null });
export const bad = (errors) => ({ success: false, returnValue: null, errors });

/** The page of the main frame for a screen pop, below our prefix. `prefixes`: first three characters of an id -> object. */
export function address({ type, params }, prefixes) {
  const make = {
    sobject: () => recordPage(params.recordId, prefixes),
    url: () => params.url.slice(1),
    objecthome: () => `lightning/o/${encodeURIComponent(params.scope)}/list`,
    list: () => `lightning/o/${encodeURIComponent(params.scope)}/list`,
    search: () => `cti/results?${new URLSearchParams({ q: params.searchString })}`,
    newRecord: () => newPage(params),
    classic: () => classicPage(params.url, prefixes),
  }[type];
  return make ? make() : "";
}

export const recordPage = (recordId, prefixes) => `lightning/r/${prefixes[recordId.slice(0, 3)] || "Record"}/${recordId}/view`;

function newPage({ entityName, defaultFieldValues = {} }) {
  const pairs = Object.entries(defaultFieldValues).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `lightning/o/${encodeURIComponent(entityName)}/new?${new URLSearchParams({ defaultFieldValues: pairs.join(",") })}`;
}

// /003... is a record, /500/e the form of a new one; the rest are pages.
function classicPage(url, prefixes) {
  const [path, query = ""] = url.slice(1).split("?");
  if (ID.test(path)) return recordPage(path, prefixes);
  const making = /^(\w{3})\/e$/.exec(path);
  return making ? `lightning/o/${prefixes[making[1]] || "Record"}/new?${query}` : url.slice(1);
}
