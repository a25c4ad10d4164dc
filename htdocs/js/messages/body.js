// What somebody said, as nodes: formatted, or plain for dice and what people do; a long one folded.

import { element } from "../dom.js";
import { formattedNodes } from "../formatting/view.js";
import { text } from "../texts.js";
import { diceNodes, wordNodes } from "../words_view.js";
import { beginning } from "./folding.js";

/**
 * @param {Entry} record
 * @param {string} nick Whose mentions are marked.
 * @param {Set<string>} unfolded Ids of those that somebody wanted whole.
 * @returns {(Node | string)[]}
 */
export function bodyNodes(record, nick, unfolded) {
	const { id, text: words = "", redacted } = record;
	if (redacted) return [text("redacted")];
	const fold = beginning(words);
	if (!fold) return nodesOf(record, words, nick);
	const box = element("div", { class: "long" });
	const button = element("button", { type: "button", class: "link unfold" });
	const draw = () => {
		const isOpen = unfolded.has(id);
		box.replaceChildren(...nodesOf(record, isOpen ? words : fold.shown, nick));
		box.classList.toggle("folded", !isOpen);
		button.setAttribute("aria-expanded", String(isOpen));
		const all = fold.lines > 1 ? text("showLines", { count: fold.lines }) : text("showWhole");
		button.textContent = isOpen ? text("showLess") : all;
	};
	button.addEventListener("click", () => {
		if (!unfolded.delete(id)) unfolded.add(id);
		draw();
	});
	draw();
	return [box, button];
}

/** @param {Entry} record @param {string} words @param {string} nick */
function nodesOf({ type, from }, words, nick) {
	if (type === "me") return [element("bdi", {}, from), " ", ...wordNodes(words, nick)];
	return type === "dice" ? diceNodes(words) : formattedNodes(words, nick);
}
