// What happened in a room, in words: who came and went, names, topics, moderation.

import { element } from "../dom.js";
import { text } from "../texts.js";

/** @param {Entry} record */
export const eventNodes = (record) => isolated(eventWords(record));

/** @param {Entry} record */
function eventWords(record) {
	const [name, to, words] = [record.from, record.to, record.text].map((part) => isolate(part));
	const reason = record.text ? ` (${words})` : "";
	switch (record.type) {
		case "join":
			return text("joined", { name });
		case "quit":
			return text("quit", { name });
		case "nick":
			return text("renamed", { name, to });
		case "color":
			return text("recolored", { name });
		case "topic":
			return record.text ? text("topicSet", { name, topic: words }) : text("topicCleared", { name });
		case "kick":
			return text("kicked", { name, to }) + reason;
		case "ban":
			return text("banned", { name, to }) + reason;
		case "clear":
			return text("cleared", { name });
		case "slow":
			return text(record.text === "0" ? "slowOff" : "slowOn", { name, seconds: words });
		case "moved":
			return text(record.text === "open" ? "madePublic" : "madePrivate", { name });
		default:
			return `${record.from}: ${record.text ?? record.type}`;
	}
}

/**
 * Marked parts as elements: the marks themselves would be copied along.
 * @param {string} words
 */
const isolated = (words) =>
	words.split(/\u2068(.*?)\u2069/su).map((part, index) => (index % 2 ? element("bdi", {}, part) : part));

/** A name inside a sentence, kept from turning the sentence around (Unicode FSI, PDI). */
const isolate = (words = "") => `\u2068${words}\u2069`;
