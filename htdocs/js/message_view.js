// One record of the log as an element. Names, texts and colors come from strangers: they become
// text nodes and a computed hex color, nothing else.

import { clockTime, element, fullTime, icon, initial, longDay } from "../functions.js";
import { nameColor } from "./colors.js";
import { isIgnored, preference } from "./preferences.js";
import { language, text } from "./texts.js";
import { isOwnPicture, tokenize } from "./tokens.js";

/** Messages of one person this close together share one heading. */
const GROUP_MS = 5 * 60 * 1000;
const GROUPED = new Set(["say", "me", "dice"]);

/** What the view must know of the room: `you`, `background` ([r, g, b]), `openPerson(name, button)`. */
export class MessageView {
  constructor(room) {
    this.room = room;
  }

  entry(record) {
    const node = this.#entry(record);
    node.hidden = record.from !== this.room.you && isIgnored(record.from);
    return node;
  }

  #entry(record) {
    if (["say", "me", "dice", "whisper"].includes(record.type)) return this.#message(record);
    if (record.type === "notice" || record.type === "info" || record.type === "error") return this.#notice(record);
    return this.#event(record);
  }

  /** Fits an entry to the one before it: a shared heading, a day's line, the line before new messages. */
  decorate(node, record, before, hasLine) {
    const grouped = before && GROUPED.has(record.type) && GROUPED.has(before.type) && before.from === record.from
      && timeOf(record.id) - timeOf(before.id) < GROUP_MS && !hasLine;
    const day = dayOf(record.id);
    const newDay = !record.old && day !== (before ? dayOf(before.id) : "");
    node.classList.toggle("continued", Boolean(grouped && !newDay));
    for (const line of node.querySelectorAll(":scope > .day, :scope > .new-line")) line.remove();
    if (hasLine) node.prepend(element("div", { class: "new-line" }, element("span", {}, text("newMessages"))));
    if (newDay) node.prepend(element("div", { class: "day" }, element("span", {}, dayWords(record.id))));
  }

  color(node, name, color) {
    node.style.setProperty("--name-color", nameColor(name, color, this.room.background));
    return node;
  }

  who(name, color, account) {
    const parts = [element("bdi", {}, name)];
    const open = this.room.openPerson;
    // Not in the tab order: the list of people is, and three hundred names would be in the way.
    const node = open
      ? element("button", { type: "button", class: "who", tabindex: "-1", onclick: () => open(name, node) }, parts)
      : element("strong", { class: "who" }, parts);
    this.color(node, name, color);
    if (!account) return [node];
    return [node, element("span", { class: "badge", title: text("account", { name: account }) }, icon("shield"), hiddenWords(text("account", { name: account })))];
  }

  time({ id, clock }) {
    // Lines of the old script carry a time of day and no date.
    if (clock) return element("time", {}, clock.slice(0, 5));
    const date = timeOf(id);
    return element("time", { datetime: id, title: fullTime(date, language) }, clockTime(date, language));
  }

  /** The time of a message opens what can be done with it. */
  #when(record) {
    const time = this.time(record);
    const open = this.room.openMessage;
    if (!open || record.clock || record.redacted) return time;
    return element("button", { type: "button", class: "when", tabindex: "-1", "aria-label": `${text("messageActions")}, ${time.textContent}`, onclick: (event) => open(record, event.currentTarget) }, time);
  }

  /** `words` as nodes: links, pictures of this site, smileys, the reader's own name. */
  words(words, { nick = this.room.you } = {}) {
    const pictures = [];
    const nodes = tokenize(words, { nick, smileys: preference("smileys") }).map((token) => {
      if (token.kind === "text") return token.text;
      if (token.kind === "mention") return element("mark", { class: "named" }, token.text);
      if (token.kind === "smiley") return element("img", { class: "smiley", src: `smileys/${token.picture}.svg`, alt: token.text, title: token.text });
      if (isOwnPicture(token.address, location.origin)) pictures.push(token.address);
      return element("a", { href: token.address, target: "_blank", rel: "noopener noreferrer nofollow" }, token.text);
    });
    const images = pictures.slice(0, 4).map((address) =>
      element("img", { class: "picture", src: address, loading: "lazy", alt: text("image", { name: address.split("/").at(-1) }), onerror: (event) => event.target.remove() }));
    return [...nodes, ...images];
  }

  #message(record) {
    const { type, from, to } = record;
    const own = from === this.room.you;
    const node = element("div", { class: `entry ${type}`, "data-id": record.id, tabindex: this.room.openMessage ? "-1" : null });
    node.classList.toggle("own", own);
    node.classList.toggle("redacted", Boolean(record.redacted));
    node.classList.toggle("mention", Boolean(record.mentionsYou));
    const avatar = this.color(element("span", { class: "avatar", "aria-hidden": "true" }, initial(from)), from, record.color);
    const side = type === "whisper" ? element("span", { class: "side-note" }, own ? text("whisperYou", { name: to }) : text("whisperFrom")) : null;
    const heading = element("div", { class: "meta" }, this.who(from, record.color, record.account), side, this.#when(record));
    const body = element("div", { class: "words", dir: "auto" }, this.#body(record));
    node.append(element("div", { class: "line", onclick: (event) => touched(event, heading) }, avatar, heading, body));
    if (own && record.msgid) {
      node.dataset.state = "sent";
      node.firstChild.append(element("span", { class: "tick", title: text("sent") }, icon("check"), hiddenWords(text("sent"))));
    }
    return node;
  }

  #body(record) {
    if (record.redacted) return [text("redacted")];
    if (record.type === "me") return [element("bdi", {}, record.from), " ", ...this.words(record.text)];
    if (record.type === "dice") return diceWords(record.text);
    return this.words(record.text);
  }

  #event(record) {
    const { from, to } = record;
    const name = isolate(from);
    const words = {
      join: () => text("joined", { name }),
      quit: () => text("quit", { name }),
      nick: () => text("renamed", { name, to: isolate(to) }),
      color: () => text("recolored", { name }),
      topic: () => (record.text ? text("topicSet", { name, topic: isolate(record.text) }) : text("topicCleared", { name })),
      kick: () => text("kicked", { name, to: isolate(to) }) + reason(record),
      ban: () => text("banned", { name, to: isolate(to) }) + reason(record),
      clear: () => text("cleared", { name }),
    }[record.type];
    const line = element("div", { class: "event" }, element("span", {}, words ? words() : `${from}: ${record.text ?? record.type}`), this.time(record));
    return element("div", { class: `entry-event ${record.type}`, "data-id": record.id }, line);
  }

  #notice(record) {
    const bad = record.type === "error" ? " bad" : "";
    return element("div", { class: "entry-notice", "data-id": record.id }, element("div", { class: `notice${bad}`, dir: "auto" }, record.text));
  }
}

/** On a screen without a mouse the message itself is what is pressed: its time is too small, and mostly not shown. */
function touched(event, heading) {
  if (matchMedia("(hover: none)").matches && !event.target.closest("a, button") && getSelection().isCollapsed) heading.querySelector(".when")?.click();
}

/** A name inside a sentence, kept from turning the sentence around (Unicode FSI, PDI). */
const isolate = (words = "") => `\u2068${words}\u2069`;
const reason = (record) => (record.text ? ` (${isolate(record.text)})` : "");
const hiddenWords = (words) => element("span", { class: "visually-hidden" }, words);

/** "Throws 2 6-sided dice: 6, 3, 1": the numbers at the end as dice. */
function diceWords(words) {
  const match = /^(.*?:\s*)(\d+(?:,\s*\d+)*)(.*)$/su.exec(words);
  if (!match) return [words];
  const [, before, values, after] = match;
  const dice = values.split(/,\s*/).flatMap((value, index) => [index ? hiddenWords(", ") : "", element("span", { class: "die" }, value)]);
  return [before, element("span", { class: "dice-values" }, dice), after];
}

/** A record's id is its time; one that is none (a damaged log) must not stop the page. */
function timeOf(id) {
  const date = new Date(id);
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}

const dayOf = (id) => timeOf(id).toDateString();

function dayWords(id, now = new Date()) {
  const date = timeOf(id);
  if (date.toDateString() === now.toDateString()) return text("today");
  if (date.toDateString() === new Date(now.getTime() - 86400000).toDateString()) return text("yesterday");
  return longDay(date, language);
}
