// What people reacted with, below a message: one button for each emoji, pressed by whoever reacted so too.

import { element } from "../dom.js";
import { language, text } from "../texts.js";
import { countOf } from "./reactions.js";

/** More names are a number. */
const MAX_NAMED = 12;

/**
 * @param {Entry} record
 * @param {Actions} [actions] Without them nothing can be pressed.
 */
export function reactionRow(record, actions) {
	const reactions = record.reactions ?? [];
	// Nobody's reading is interrupted by it.
	const row = element("div", {
		class: "reactions",
		role: "group",
		"aria-label": text("reactions"),
		"aria-live": "off",
	});
	for (const reaction of reactions) row.append(chip(record, reaction, actions));
	if (actions) {
		const label = text("react");
		const onclick = () => actions.act("react", record, more);
		const more = element(
			"button",
			{ type: "button", class: "chip add", "aria-label": label, title: label, onclick },
			"+",
		);
		row.append(more);
	}
	return row;
}

/** @param {Entry} record @param {Reaction} reaction @param {Actions} [actions] */
function chip(record, reaction, actions) {
	const { text: emoji, own = false } = reaction;
	const count = countOf(reaction);
	const who = namesOf(reaction, count);
	const words = [element("span", { class: "emoji" }, emoji), element("span", {}, String(count))];
	const label = text("reactedWith", { names: who, emoji, count });
	if (!actions) return element("span", { class: "chip", title: label }, words);
	const onclick = () => actions.toggle(record, emoji, !own);
	const look = { class: "chip", "data-emoji": emoji, "data-names": who, onclick };
	return element("button", { type: "button", "aria-pressed": String(own), "aria-label": label, ...look }, words);
}

/** @param {Reaction} reaction @param {number} count */
export function namesOf({ by }, count) {
	const named = by.slice(0, MAX_NAMED);
	const rest = count - named.length;
	const all = rest > 0 ? [...named, text("othersCount", { count: rest })] : named;
	return new Intl.ListFormat(language).format(all);
}
