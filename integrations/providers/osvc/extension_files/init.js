// Shows the Agent Desktop in a side pane of the browser user interface.
(function () {
  var NAME = "AgentDesktop";
  var ADDRESS = @ADDRESS@;

  function address(provider) {
    return provider
      .getGlobalContext()
      .then(function (context) {
        return context.getExtensionContext(NAME);
      })
      .then(function (extension) {
        return extension.getProperties(["desktop_address"]);
      })
      .then(function (properties) {
        var told = properties.get("desktop_address");
        return (told && told.value) || ADDRESS;
      })
      .catch(function () {
        return ADDRESS;
      });
  }

  function show(provider, url) {
    provider.registerUserInterfaceExtension(function (userInterface) {
      userInterface.getLeftSidePaneContext().then(function (panes) {
        panes.getSidePane(NAME).then(function (pane) {
          pane.setContentUrl(url);
          pane.setLabel("Agent Desktop");
          pane.setVisible(true);
          var icon = pane.createIcon("font awesome");
          icon.setIconClass("fas fa-phone");
          pane.addIcon(icon);
          pane.render();
        });
      });
    });
  }

  ORACLE_SERVICE_CLOUD.extension_loader.load(NAME, "1").then(function (provider) {
    address(provider).then(function (url) {
      show(provider, url);
    });
  });
})();
