// What a text in the composer becomes: a message, several for an old server, or a command. Pure.

import { HAS_LINES, isCommand, isCommandText } from "../client/commands.js";

/**
 * Whether the server, or the page, will do what it says.
 * @param {{ words: string, literal?: boolean, edit?: string }} line
 */
export const commandOf = ({ words, literal, edit }) => !literal && !edit && isCommandText(words);

/**
 * What to send. A line alone may be a command, also while whispering; among several lines `/` is a letter, and so it is
 * in what was pasted: whoever pastes a file executes nothing.
 * @param {string} text
 * @param {string} to
 * @param {{ several?: boolean, isPasted?: boolean }} [how] Whether the server takes several lines as one message.
 * @returns {Line[]}
 */
export function linesOf(text, to, { several = false, isPasted = false } = {}) {
	const whole = text
		.replace(/\r\n?/gu, "\n")
		.replace(/^(?:[^\S\n]*\n)+/u, "")
		.trimEnd();
	const lines = several ? [whole] : whole.split("\n").filter((line) => line.trim() !== "");
	const [first = ""] = lines;
	if (lines.length === 1 && !first.includes("\n") && !isPasted) return [lineOf(first, to)];
	if (several) return [messageOf(whole, to, isPasted)];
	return lines.map((line) => ({ words: !to && line.startsWith("/") ? `/${line}` : line, to }));
}

/** @param {string} line @param {string} to @returns {Line} */
function lineOf(line, to) {
	if (isCommand(line)) return { words: line, to: "" };
	return { words: to && line.startsWith("//") ? line.slice(1) : line, to };
}

/** @param {string} words @param {string} to @param {boolean} isPasted @returns {Line} */
function messageOf(words, to, isPasted) {
	if (to) return { words, to };
	const isLiteral = isPasted || (words.startsWith("/") && !HAS_LINES.test(words));
	return isLiteral ? { words, to, literal: true } : { words, to };
}

/** Characters of the longest message that a text becomes. @param {string} text @param {boolean} [several] */
export function longest(text, several = false) {
	if (several) return [...text.trimEnd()].length;
	return Math.max(...text.split(/\r?\n/).map((line) => [...line].length));
}

/**
 * `/me` is for everybody: whispered, it would tell all what was meant for one.
 * @param {Line} line
 */
export const tellsEverybody = ({ words, to, literal }) => to !== "" && !literal && /^\/me\s/u.test(words);

/** Those that the page knows of: docs/chat-protocol.md, "Commands". The server says all of them. */
export const COMMANDS = (
	"/help /me /dice /roll /color /nick /msg /who /topic /history /ignore /unignore /rooms /join /part /quit " +
	"/kick /ban /unban /bans /mute /unmute /redact /clear"
).split(" ");
