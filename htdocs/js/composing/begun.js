// What is being begun before the cursor that can be completed: a command, a person, an emoji. Pure.

/** The longest beginning that is completed; names have up to 32 characters. */
const MAX_BEGUN = 40;
/** Nobody who types `:D` or `:-)` wants a list. */
const MIN_EMOJI = 2;

/** Emoji and people stand after a blank or a bracket, or at the start. */
const WORD = /(?:^|[\s([{"'„“])([@:])(\S*)$/u;

/**
 * @param {string} words
 * @param {number} cursor -1: nowhere.
 * @returns {Begun | null}
 */
export function begunAt(words, cursor) {
	if (cursor < 0) return null;
	const before = words.slice(0, cursor);
	// A command is one where the text begins with it, and has no second line.
	if (/^\/[^\s/]*$/u.test(before) && !words.includes("\n") && before.length <= MAX_BEGUN)
		return { kind: "command", typed: before.slice(1), from: 0 };
	const [, mark, typed = ""] = WORD.exec(before.slice(-MAX_BEGUN - 2)) ?? [];
	if (typed.length > MAX_BEGUN) return null;
	const from = cursor - 1 - typed.length;
	if (mark === "@") return { kind: "person", typed, from };
	if (mark === ":" && typed.length >= MIN_EMOJI && /^[\p{L}\p{N}_+-]+$/u.test(typed) && /^\p{L}|^\+/u.test(typed))
		return { kind: "emoji", typed: typed.replace(/_/g, " "), from };
	return null;
}

/** What is compared: without case and accents. @param {string} words */
export const folded = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
