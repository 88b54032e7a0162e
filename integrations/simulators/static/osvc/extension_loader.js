// Stands in for Oracle's extension loader: what an extension asks for goes to the browser user interface around it.
(() => {
  const site = new URL(document.currentScript.src).origin;
  const ask = (action, type, id) => window.parent.postMessage({ browserUi: action, type, id }, site);
  const answers = [];

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== site || !event.data || event.data.browserUi !== "here") return;
    while (answers.length) answers.shift()();
  });

  const workspace = {
    editWorkspaceRecord(type, id, callback) {
      ask("edit", type, id);
      if (callback) callback(workspace);
    },
    createWorkspaceRecord(type, callback) {
      ask("create", type, -1);
      if (callback) callback(workspace);
    },
  };
  const provider = {
    registerWorkspaceExtension: (callback) => setTimeout(() => callback(workspace)),
    getLogger: () => console,
  };
  const load = (application, version) =>
    new Promise((done, fail) => {
      if (!application || version !== "1") fail(new Error("an application id and version 1 are expected"));
      answers.push(() => done(provider));
      ask("hello", application);
    });
  window.ORACLE_SERVICE_CLOUD = { extension_loader: { load }, ExtensionPromise: Promise };
})();
