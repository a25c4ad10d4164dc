// One message that was found: where, whose, when, and what was said beside it.

import { roomAddress } from "../addresses.js";
import { element } from "../dom.js";
import { plainWords } from "../formatting/plain.js";
import { language } from "../texts.js";
import { clockTime, longDay, timeOf } from "../times.js";
import { markedParts, shortened } from "./typed.js";

/** As much as is shown of what was said beside it. */
const MAX_BESIDE = 160;

/**
 * @param {SearchHit} hit
 * @param {string} label What its room is called.
 * @param {() => void} open
 */
export function hitNode({ room, record, before, after, marks }, label, open) {
	const date = timeOf(record.id);
	// Lines of the old script carry a time of day and no date.
	const when = record.clock ?? `${longDay(date, language)} ${clockTime(date, language)}`;
	const link = element("a", { class: "hit", href: roomAddress(room, record.id) });
	link.append(
		element(
			"span",
			{ class: "hit-head" },
			element("bdi", { class: "hit-room" }, label),
			element("strong", {}, element("bdi", {}, record.from)),
			element("time", { datetime: record.clock ? null : record.id }, when),
		),
		...beside(before),
		element("span", { class: "hit-words", dir: "auto" }, ...words(record.text ?? "", marks)),
		...beside(after),
	);
	link.addEventListener("click", (event) => {
		if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
		event.preventDefault();
		open();
	});
	return element("li", {}, link);
}

/** @param {string} text @param {[number, number][]} marks */
function words(text, marks) {
	const short = shortened(text, marks);
	return markedParts(short.words, short.marks).map(({ text: part, isMarked }) =>
		isMarked ? element("mark", {}, part) : part,
	);
}

/** @param {Entry} [record] */
function beside(record) {
	if (!record) return [];
	const said = plainWords(record.text ?? "");
	const short = said.length > MAX_BESIDE ? `${said.slice(0, MAX_BESIDE)}…` : said;
	return [element("span", { class: "hit-beside", dir: "auto" }, element("bdi", {}, record.from), `: ${short}`)];
}
