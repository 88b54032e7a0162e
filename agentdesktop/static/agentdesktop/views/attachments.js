// Pictures and files of a chat: in the conversation, and the picture that goes with the next answer.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { sizeWords } from "../pictures.js";
import { _ } from "../words.js";
import { button, iconButton } from "./parts.js";

const SHOWN = new Set(["picture", "sticker"]);

export function attachment(message, number, page) {
  const { type, name, there, pass } = message.media[number];
  const address = `/agentdesktop/chat-media/${message.id}/${number}`;
  // A tab of its own has no cookie of a desktop that sits inside another page: the pass opens this one file.
  const link = { href: `${address}?${new URLSearchParams({ pass })}`, target: "_blank", rel: "noopener" };
  const words = SHOWN.has(type) ? _("Picture") : name || _("Attachment");
  if (!there) return h("p", { class: "said-media" }, icon("open"), h("span", {}, _("%(what)s, to be seen in the messenger", { what: words })));
  return SHOWN.has(type) ? picture(message, address, link, page) : saved(link, words);
}

const saved = (link, words) => h("p", { class: "said-media" }, h("a", link, icon("file"), h("span", {}, words)));

function picture(message, address, link, page) {
  const { shown, error, savable } = page.media[address] || {};
  if (error) return noPicture(address, error, savable && link, page);
  const alt = message.ours ? _("Picture that you sent") : _("Picture from the customer");
  return h(
    "a",
    { class: `thumb ${shown ? "" : "thumb-waits"}`, key: address, ...link, title: _("Opens larger in a new tab"), "aria-busy": shown ? null : "true" },
    icon("picture"),
    h("img", { src: address, alt, onload: () => page.setMedia(address, { shown: true }), onerror: () => page.explainPicture(address) }),
  );
}

function noPicture(address, error, link, page) {
  return h(
    "div",
    { class: "no-picture", key: `${address} failed` },
    h("p", { class: "said-media" }, icon("warning"), h("span", {}, error)),
    link
      ? saved(link, _("Save the file"))
      : button(_("Try again"), { class: "plain small", name: "refresh", onclick: () => page.setMedia(address, {}) }),
  );
}

// -- the picture of the next answer

export function pickedPicture(interaction, page) {
  const { picture: picked } = page.replies[interaction.id] || {};
  if (!picked) return null;
  const size = picked.smaller ? _("%(size)s, made smaller", { size: sizeWords(picked.size) }) : sizeWords(picked.size);
  return h(
    "div",
    { class: "picked", key: "picked", role: "group", "aria-label": _("Picture to send") },
    h("img", { src: picked.preview, alt: "" }),
    h("p", { class: "picked-words" }, h("span", { class: "picked-name" }, picked.name), h("span", { class: "picked-size", role: "status" }, picked.id ? size : _("Uploading…"))),
    iconButton(_("Remove the picture"), "cross", { onclick: () => page.removePicture(interaction.id) }),
  );
}

export function addPicture(interaction, page) {
  const { types, problem } = interaction.chat.pictures;
  const id = `picture-${interaction.id}`;
  const choose = () => (problem ? page.setReply(interaction.id, { error: problem }) : document.getElementById(id).click());
  const chosen = (event) => {
    page.addPicture(interaction.id, event.target.files[0]);
    event.target.value = "";
  };
  return [
    h("input", { type: "file", id, key: "file", hidden: true, accept: [...types, "image/*"].join(","), "aria-label": _("Add a picture"), onchange: chosen }),
    button(_("Add a picture"), { key: "add", class: "plain", name: "picture", onclick: choose }),
  ];
}

// A picture that is pasted into the field, or dropped on the form.
export function takesPictures(interaction, page) {
  const take = (event, { files }) => {
    if (!files.length) return;
    event.preventDefault();
    page.addPicture(interaction.id, files[0]);
  };
  return {
    onpaste: (event) => take(event, event.clipboardData),
    ondragover: (event) => event.dataTransfer.types.includes("Files") && event.preventDefault(),
    ondrop: (event) => take(event, event.dataTransfer),
  };
}
