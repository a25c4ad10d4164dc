// What a text in the composer becomes: messages, one for each line, or a command. Pure.

/**
 * Whether a line is a command: `//` begins a message, and `/me` is said.
 * @param {string} line
 */
export const isCommand = (line) => /^\/(?!\/|me\s)/u.test(line);

/**
 * The lines to send. A line alone may be a command, also while whispering; among several lines `/` is a letter: whoever
 * pastes a file executes nothing.
 * @param {string} text
 * @param {string} to
 * @returns {Line[]}
 */
export function linesOf(text, to) {
	// On disk and on the wire a record is one line.
	const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
	const [first = ""] = lines;
	if (lines.length === 1 && isCommand(first)) return [{ words: first, to: "" }];
	if (lines.length === 1) return [{ words: to && first.startsWith("//") ? first.slice(1) : first, to }];
	return lines.map((line) => ({ words: !to && line.startsWith("/") ? `/${line}` : line, to }));
}

/**
 * `/me` is for everybody: whispered, it would tell all what was meant for one.
 * @param {Line} line
 */
export const tellsEverybody = ({ words, to }) => to !== "" && /^\/me\s/u.test(words);

/** Those that Tab completes: docs/chat-protocol.md, "Commands". */
export const COMMANDS = (
	"/help /me /dice /roll /color /nick /msg /who /topic /history /ignore /unignore /rooms /join /part /quit " +
	"/kick /ban /unban /bans /mute /unmute /redact /clear"
).split(" ");
