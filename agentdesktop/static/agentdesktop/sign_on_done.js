// The end of a log-in that a frame began in a window of its own: hand the ticket to the frame and close.

const form = document.getElementById("here");
const frame = window.opener;

if (frame) {
  // Only a document of our own origin gets the message.
  frame.postMessage({ signOnTicket: form.elements.ticket.value }, location.origin);
  window.close();
} else {
  document.getElementById("apart").hidden = false;
}
