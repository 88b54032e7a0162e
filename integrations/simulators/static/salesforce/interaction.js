/*
 * Open CTI for Salesforce Classic as the simulator serves it: an independent implementation of the documented methods
 * (Open CTI Developer Guide, "Methods for Salesforce Classic"). Values come in a row with the callback last, which gets
 * {result, error}: the result is text, JSON where it is more than a word.
 */
(function () {
  "use strict";

  const { ask, listen } = window.sforceTransport;

  function answered(callback) {
    return ({ success, returnValue, errors }) => {
      if (typeof callback !== "function") return;
      if (!success) callback({ result: false, error: errors.map((each) => each.description).join("; ") });
      else callback({ result: plain(returnValue), error: undefined });
    };
  }

  const plain = (value) => (value === null || value === undefined ? true : typeof value === "object" ? JSON.stringify(value) : value);
  const simple = (method) => (callback) => ask(method, {}, answered(callback));
  const sized = (method, name) => (pixels, callback) => ask(method, { [name]: pixels }, answered(callback));

  // "a=b&c=d", as Classic wants the fields of a record.
  const fields = (text) => Object.fromEntries(new URLSearchParams(String(text)));

  // The payload has other names in Classic.
  const dialled = ({ number, objectType, recordId, recordName }) =>
    JSON.stringify({ number, object: objectType, objectId: recordId, objectName: recordName });
  const navigated = ({ url, recordId, recordName, objectType }) =>
    JSON.stringify({ url, object: objectType || "", objectId: recordId || "", objectName: recordName || "", displayName: objectType || "" });

  window.sforce.interaction = Object.freeze({
    cti: Object.freeze({
      enableClickToDial: simple("enableClickToDial"),
      disableClickToDial: simple("disableClickToDial"),
      onClickToDial: (listener) => {
        ask("onClickToDial", { listener: typeof listener });
        listen("clickToDial", (payload) => listener({ result: dialled(payload) }));
      },
      getCallCenterSettings: simple("getCallCenterSettings"),
      getSoftphoneLayout: simple("getSoftphoneLayout"),
      setSoftphoneHeight: sized("setSoftphonePanelHeight", "heightPX"),
      setSoftphoneWidth: sized("setSoftphonePanelWidth", "widthPX"),
      notifyInitializationComplete: () => ask("notifyInitializationComplete", {}),
    }),
    getPageInfo: (callback) => ask("getAppViewInfo", {}, ({ returnValue }) => callback({ result: navigated(returnValue) })),
    onFocus: (listener) => {
      ask("onNavigationChange", { listener: typeof listener });
      listen("navigationChange", (payload) => listener({ result: navigated(payload) }));
    },
    isVisible: simple("isSoftphonePanelVisible"),
    setVisible: (visible, callback) => ask("setSoftphonePanelVisibility", { visible }, answered(callback)),
    refreshPage: simple("refreshView"),
    screenPop: (url, force, callback) => ask("screenPop", { type: "classic", params: { url } }, answered(callback)),
    searchAndScreenPop: (searchParams, queryParams, callType, callback) =>
      ask("searchAndScreenPop", { searchParams, queryParams, callType }, answered(callback)),
    saveLog: (entityApiName, saveParams, callback) =>
      ask("saveLog", { value: { entityApiName, ...fields(saveParams) } }, ({ success, returnValue, errors }) =>
        answered(callback)({ success, returnValue: success ? returnValue.recordId : null, errors })),
    runApex: (apexClass, methodName, methodParams, callback) =>
      ask("runApex", { apexClass, methodName, methodParams }, answered(callback)),
  });
})();
