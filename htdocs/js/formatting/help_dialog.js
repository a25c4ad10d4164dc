// How messages are formatted and what keys there are, each mark beside what it becomes. docs/formatting.md says more.

import { openDialog } from "../dialog.js";
import { element, loadStyle } from "../dom.js";
import { text } from "../texts.js";
import { formattedNodes } from "./view.js";

const MARKS = [
	["**", "**"],
	["*", "*"],
	["~~", "~~"],
	["`", "`"],
	["||", "||"],
	["[", "](https://example.org)"],
	["> ", ""],
	["- ", ""],
	["1. ", ""],
	["```\n", "\n```"],
];

/** @type {[string, string][]} */
const KEYS = [
	["Alt+↑", "keyMessages"],
	["↑ ↓", "keyArrows"],
	["Enter", "keyMenu"],
	["R", "keyReply"],
	["E", "keyEdit"],
	["+", "keyReact"],
	["C", "keyCopy"],
	["L", "keyLink"],
	["P", "keyPin"],
	["Del", "keyDelete"],
	["Esc", "keyBack"],
];

export async function openHelp() {
	await Promise.all([loadStyle("css/formatting.css"), loadStyle("css/messages.css")]);
	return openDialog(text("formattingHelp"), () => [
		element("dl", { class: "marks" }, MARKS.map(mark)),
		element("p", { class: "hint" }, text("formattingHint")),
		element("h3", {}, text("messageKeys")),
		element("dl", { class: "marks" }, KEYS.map(key)),
	]);
}

/** @param {string[]} around */
function mark([before, after]) {
	const typed = before + text("formattingWord") + after;
	const shown = element("div", { class: "words" }, formattedNodes(typed, ""));
	return element("div", {}, element("dt", {}, element("code", {}, typed)), element("dd", {}, shown));
}

/** @param {[string, string]} one */
const key = ([name, does]) =>
	element("div", {}, element("dt", {}, element("kbd", {}, name)), element("dd", {}, text(does)));
