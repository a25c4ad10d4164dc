// Commands that the page carries out itself: they concern this browser alone, or which rooms it is in.

import { historyAddress } from "./addresses.js";
import { ignore, isIgnored, preference, unignore } from "./preferences.js";
import { text } from "./texts.js";

/**
 * @param {string} line
 * @param {OwnLinesUses} uses
 */
export function runOwnCommand(line, { room, quit, join, talkTo, part, info }) {
	const [, word = "", name] = /^\/(\w+)(?:\s+(\S.*?))?\s*$/iu.exec(line) ?? [];
	const command = word.toLowerCase();
	if (command === "quit" && !name) {
		quit();
	} else if (command === "join" && name) {
		join(name);
	} else if (command === "query" && name && talkTo) {
		talkTo(name);
	} else if (command === "part" && !name) {
		part();
	} else if (command === "history") {
		// The room shows it above already; what somebody asks for by a command, they want to see.
		open(historyAddress(room), "_blank", "noopener");
		info(text("archiveOpened"));
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
	}
}
