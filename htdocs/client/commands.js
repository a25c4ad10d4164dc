// Which texts the server does what they say, in place of saying them. Pure.

/**
 * Whether a line is a command: `//` begins a message, and `/me` is said.
 * @param {string} line
 */
export const isCommand = (line) => /^\/(?!\/|me\s)/u.test(line);

/** Commands whose text may have several lines. */
export const HAS_LINES = /^\/(?:me|msg|edit)\s/iu;

/** Whether a text is one. @param {string} text */
export const isCommandText = (text) => isCommand(text) && (!text.includes("\n") || HAS_LINES.test(text));

/** @param {{ type: string, text: string, literal?: boolean }} message */
export const isCommandMessage = ({ type, text, literal }) => type === "say" && !literal && isCommandText(text);
