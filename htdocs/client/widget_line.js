// One line of the widget's list. Never markup: what people write ends in text nodes.

import { tokenize } from "../js/tokens.js";

/**
 * An element; strings among the children become text.
 * @param {string} tag
 * @param {Record<string, string | boolean | ((event: any) => void)>} [attributes]
 * @param {...(Node | string | false)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === "function") node.addEventListener(name, value);
		else if (value !== false) node.setAttribute(name, value === true ? "" : value);
	}
	node.append(...children.filter((child) => child !== false));
	return node;
}

/** @param {string} text @param {string} nick Marked where it is named. */
function pieces(text, nick) {
	return tokenize(text, { nick, smileys: false }).map((token) => {
		if (token.kind === "mention") return element("mark", {}, token.text);
		if (!token.address) return token.text;
		const rel = "noopener noreferrer nofollow";
		return element("a", { href: token.address, target: "_blank", rel }, token.text);
	});
}

/**
 * A record, or a line that only this person sees; null for what is no line.
 * @param {import("./types.d.ts").Message} message
 * @param {string} nick
 * @param {(word: any, values?: any) => string} say
 * @returns {HTMLElement | null}
 */
export function line(message, nick, say) {
	const { type, from = "", text = "", redacted, edited, files = [] } = message;
	const note = (/** @type {string} */ words) => element("p", { class: "line note" }, words);
	if (type === "join") return note(say("came", { name: from }));
	if (type === "quit") return note(say("went", { name: from }));
	if (type === "info" || type === "notice" || type === "error") return note(text);
	if (!["say", "me", "dice", "whisper"].includes(type)) return null;
	const isWhisper = type === "whisper";
	const marks = [
		isWhisper && say("private", { name: message.to === nick ? nick : (message.to ?? nick) }),
		edited && say("edited"),
	].filter((mark) => typeof mark === "string");
	const names = files.map((/** @type {{ name: string }} */ { name }) => `[${name}] `).join("");
	const said = redacted ? [say("removed")] : [names, ...pieces(text, nick)];
	return element(
		"p",
		{ class: ["line", from === nick && "own", isWhisper && "private"].filter(Boolean).join(" ") },
		element("span", { class: "who" }, from),
		type === "me" ? " " : ": ",
		element("span", { class: redacted ? "note" : "text" }, ...said),
		...marks.map((mark) => element("span", { class: "note" }, ` (${mark})`)),
		" ",
		time(message.id),
	);
}

/** @param {string} [id] */
function time(id) {
	const at = id ? new Date(id.replace(/(\.\d{3})\d*Z$/u, "$1Z")) : new Date();
	if (Number.isNaN(at.getTime())) return "";
	const clock = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
	return element("time", { datetime: at.toISOString() }, clock);
}
