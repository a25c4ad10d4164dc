// Above an answer: whose message it answers, and how that begins. Pressed, it leads there.

import { element, icon } from "../dom.js";
import { plainWords } from "../formatting/plain.js";
import { text } from "../texts.js";

/** As much of it as is shown; the style cuts it to one line. */
const MAX_LETTERS = 160;

/**
 * @param {string} id Of what is answered.
 * @param {Entry | null | undefined} record Null if it is gone, undefined while it is not known.
 * @param {Actions} [actions]
 */
export function replyLine(id, record, actions) {
	const words = record ? beginningOf(record) : text(record === null ? "replyGone" : "replyLoading");
	const who = record && element("bdi", { class: "reply-who" }, record.from);
	const parts = [icon("reply"), who, element("span", { class: "reply-words", dir: "auto" }, words)];
	if (!actions || record === null) return element("div", { class: "reply-to" }, parts);
	const title = record ? text("replyTo", { name: record.from }) : words;
	const label = record ? `${title}: ${words}` : words;
	const onclick = () => actions.goTo(id);
	return element("button", { type: "button", class: "link reply-to", title, "aria-label": label, onclick }, parts);
}

/** @param {Entry} record */
export function beginningOf({ type, text: words = "", redacted, files = [] }) {
	if (redacted) return text("redacted");
	const plain = type === "say" ? plainWords(words) : words.replace(/\s+/gu, " ");
	const letters = [...plain];
	if (!plain && files.length) return files.map(({ name }) => name).join(", ");
	return letters.length > MAX_LETTERS ? `${letters.slice(0, MAX_LETTERS).join("")}…` : plain;
}
