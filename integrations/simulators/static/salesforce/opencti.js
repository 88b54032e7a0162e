/*
 * Open CTI for Lightning Experience as the simulator serves it: an independent implementation of the documented methods
 * (Open CTI Developer Guide, "Methods for Lightning Experience"). Every method takes one object and calls back with
 * {success, returnValue, errors}. What the arguments may be, the page decides, as it does at the vendor.
 */
(function () {
  "use strict";

  const { ask, listen, forget } = window.sforceTransport;
  const METHODS = [
    "enableClickToDial", "disableClickToDial", "getAppViewInfo", "getCallCenterSettings", "getSoftphoneLayout", "screenPop",
    "searchAndScreenPop", "saveLog", "runApex", "refreshView", "setSoftphonePanelHeight", "setSoftphonePanelWidth",
    "setSoftphonePanelVisibility", "isSoftphonePanelVisible", "setSoftphonePanelIcon", "setSoftphonePanelLabel",
    "setSoftphoneItemIcon", "setSoftphoneItemLabel", "notifyInitializationComplete",
  ];
  const copy = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

  function method(name) {
    return (request = {}) => {
      const { callback, ...args } = request;
      ask(name, copy(args), callback);
    };
  }

  function listening(name, event) {
    return (request = {}) => {
      const { listener, ...args } = request;
      ask(name, { ...copy(args), listener: typeof listener }, ({ success }) => success && listen(event, listener));
    };
  }

  const onChannel = (channel, listener) => (told) => told.channel === channel && listener(told.message);

  window.sforce.opencti = Object.freeze({
    SCREENPOP_TYPE: Object.freeze({
      SOBJECT: "sobject", URL: "url", OBJECTHOME: "objecthome", LIST: "list", SEARCH: "search",
      NEW_RECORD_MODAL: "newRecord", FLOW: "flow",
    }),
    CALL_TYPE: Object.freeze({ INBOUND: "inbound", OUTBOUND: "outbound", INTERNAL: "internal" }),
    ...Object.fromEntries(METHODS.map((name) => [name, method(name)])),
    onClickToDial: listening("onClickToDial", "clickToDial"),
    onNavigationChange: listening("onNavigationChange", "navigationChange"),
    // Lightning message channels; the vendor's argument order is taken from Lightning Message Service.
    createMessageContext: () => Object.freeze({}),
    publish: (context, channel, message) => ask("publish", { channel, message: copy(message) }),
    subscribe(context, channel, listener) {
      const heard = onChannel(channel, listener);
      listen("message", heard);
      return Object.freeze({ heard });
    },
    unsubscribe: ({ heard }) => forget("message", heard),
  });
})();
