// Sends the page's form at once, as an identity provider's page does; without scripts its button is there.
document.querySelector("form[data-autosubmit]").submit();
