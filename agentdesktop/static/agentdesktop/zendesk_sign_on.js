// Sends the browser on to Zendesk at once; the button is for whoever comes back by the browser's own button.

const form = document.getElementById("go-on");
const [navigation] = performance.getEntriesByType("navigation");

if (navigation?.type !== "back_forward") form.submit();
