// How much of a long message is shown until somebody asks for the rest. Pure.

/** More lines, or one very long one, fold; so much stays. What is little more than that is not worth a button. */
const MAX_LINES = 15;
const SHOWN_LINES = 10;
const MAX_LETTERS = 2400;
const SHOWN_LETTERS = 1600;

/**
 * @param {string} words
 * @returns {{ shown: string, lines: number } | null} Null for what is shown whole.
 */
export function beginning(words) {
	const all = words.split("\n");
	if (all.length <= MAX_LINES && words.length <= MAX_LETTERS) return null;
	const shown = all.slice(0, all.length > MAX_LINES ? SHOWN_LINES : all.length).join("\n");
	return { shown: shown.length > SHOWN_LETTERS ? `${cut(shown)}…` : shown, lines: all.length };
}

/** Between two words if it can be, and never within a letter. @param {string} words */
function cut(words) {
	const part = words.slice(0, SHOWN_LETTERS).replace(/[\ud800-\udbff]$/u, "");
	const end = part.search(/\s\S*$/u);
	return end > SHOWN_LETTERS / 2 ? part.slice(0, end) : part;
}
