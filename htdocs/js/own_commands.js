// Commands that the page carries out itself: they concern this browser alone, or end the connection.

import { ignore, isIgnored, preference, unignore } from "./preferences.js";
import { text } from "./texts.js";

/**
 * @param {string} line
 * @param {{ quit: () => void, info: (words: string) => void }} uses `info` shows an answer.
 * @returns False if it is none of these.
 */
export function runOwnCommand(line, { quit, info }) {
	const [, word = "", name] = /^\/(ignore|unignore|quit)(?:\s+(\S+))?\s*$/iu.exec(line) ?? [];
	const command = word.toLowerCase();
	if (command === "quit" && !name) {
		quit();
	} else if (command === "ignore" && !name) {
		const names = preference("ignored").join(", ") || text("nobodyIgnored");
		info(`${text("ignoredPeople")}: ${names}`);
	} else if (command === "ignore") {
		ignore(name);
		info(text("ignoredHidden", { name }));
	} else if (command === "unignore" && name) {
		const was = isIgnored(name);
		unignore(name);
		info(text(was ? "ignoredShown" : "notIgnored", { name }));
	} else return false;
	return true;
}
