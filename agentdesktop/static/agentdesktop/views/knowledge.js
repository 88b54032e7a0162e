// The knowledge base: find a topic, put it into the answer of a chat, propose a new one.

import { h, safeUrl } from "../dom.js";
import { icon } from "../icons.js";
import { _, ngettext } from "../words.js";
import { button } from "./parts.js";

export function knowledge(state, page) {
  const { question = "", proposing = false } = state.knowledge;
  const ask = (event) => {
    event.preventDefault();
    page.findTopics();
  };
  return h(
    "div",
    { class: "knowledge", key: "knowledge" },
    h(
      "form",
      { class: "knowledge-ask", key: "ask", role: "search", onsubmit: ask },
      h("label", { class: "sr", for: "knowledge-question" }, _("Search the knowledge base")),
      h(
        "div",
        { class: "search" },
        icon("book"),
        h("input", { id: "knowledge-question", type: "search", value: question, placeholder: _("Question"), autocomplete: "off", maxlength: 400, oninput: (event) => page.setKnowledge({ question: event.target.value }) }),
      ),
      h("button", { class: "plain", disabled: !question.trim() || state.knowledge.asking }, _("Search")),
    ),
    answer(state, page),
    proposing ? proposal(state, page) : button(_("Propose a topic"), { key: "propose", class: "plain", name: "pen", onclick: () => page.setKnowledge({ proposing: true, thanks: "" }) }),
  );
}

function answer(state, page) {
  const { asking, error, found, thanks } = state.knowledge;
  if (asking) return h("p", { class: "nothing", key: "asking", role: "status" }, _("Searching…"));
  if (error) return h("p", { class: "error", key: "error", role: "alert" }, icon("warning"), h("span", {}, error));
  if (thanks) return h("p", { class: "why why-matched", key: "thanks", role: "status" }, icon("check"), h("span", {}, thanks));
  if (!found) return h("p", { class: "nothing", key: "nothing" }, _("Topics that answer what customers ask."));
  return h(
    "div",
    { class: "topics", key: "found" },
    h("p", { class: "row-facts", role: "status" }, found.articles.length ? ngettext("%(count)s topic", "%(count)s topics", found.articles.length) : _("Nothing was found."), " · ", found.source),
    found.note && h("p", { class: "why why-failed" }, icon("warning"), h("span", {}, found.note)),
    found.articles.map((article) => topic(article, state, page)),
  );
}

function topic(article, state, page) {
  const chat = state.interactions.find((each) => each.chat?.canSay && each.state === "active");
  const address = safeUrl(article.url);
  return h(
    "details",
    { class: "topic", key: article.id },
    h("summary", {}, article.title),
    h("p", { class: "topic-text" }, article.text),
    address && h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, _("Open the whole topic")),
    chat && button(_("Put into the answer"), { class: "plain small", name: "send", onclick: () => page.insertIntoReply(chat.id, article.text) }),
  );
}

function proposal(state, page) {
  const { title = "", text = "", proposalError = "" } = state.knowledge;
  const submit = (event) => {
    event.preventDefault();
    page.submitTopic();
  };
  const change = (name) => (event) => page.setKnowledge({ [name]: event.target.value, proposalError: "" });
  return h(
    "form",
    { class: "proposal", key: "proposal", onsubmit: submit },
    h("label", { for: "topic-title" }, _("Title")),
    h("input", { id: "topic-title", maxlength: 200, value: title, oninput: change("title") }),
    h("label", { for: "topic-text" }, _("What should colleagues know?")),
    h("textarea", { id: "topic-text", rows: 5, maxlength: 20000, value: text, oninput: change("text") }),
    proposalError && h("p", { class: "error", role: "alert" }, icon("warning"), h("span", {}, proposalError)),
    h(
      "div",
      { class: "reply-actions" },
      h("button", { class: "big primary", disabled: !title.trim() || !text.trim() || Boolean(state.busy.submit_topic) }, _("Propose")),
      button(_("Cancel"), { class: "plain", onclick: () => page.setKnowledge({ proposing: false, proposalError: "" }) }),
    ),
  );
}
