// What people type to look for something, as the server takes it. Pure.

const DAY = /(^|\s)(before|after):"?(\d{4}-\d\d-\d\d)"?(?=\s|$)/giu;

/**
 * The first moment of a day here, in UTC; "" for what is no day.
 * @param {string} day As 2026-11-21.
 * @param {number} [later] Days.
 */
export function midnight(day, later = 0) {
	const start = new Date(`${day}T00:00`);
	if (Number.isNaN(start.getTime())) return "";
	// A day may have 23 hours or 25.
	start.setDate(start.getDate() + later);
	return start.toISOString().slice(0, 19);
}

/** A day that is typed is the reader's own, not one in UTC. @param {string} typed */
export const inUtc = (typed) =>
	typed.replace(DAY, (whole, blank, key, day) => {
		const time = midnight(day);
		return time ? `${blank}${key}:${time}` : whole;
	});

/** Takes `key:value` out of a text. @param {string} typed @param {string} key */
export function without(typed, key) {
	const pair = new RegExp(`(^|\\s)${key}:("[^"]*"?|\\S+)`, "giu");
	return typed.replace(pair, "").trim();
}

/**
 * A text in parts, those that were found marked.
 * @param {string} words
 * @param {[number, number][]} marks
 * @returns {{ text: string, isMarked: boolean }[]}
 */
export function markedParts(words, marks) {
	const parts = [];
	let at = 0;
	for (const [start, length] of marks) {
		parts.push({ text: words.slice(at, start), isMarked: false });
		parts.push({ text: words.slice(start, start + length), isMarked: true });
		at = start + length;
	}
	parts.push({ text: words.slice(at), isMarked: false });
	return parts.filter(({ text }) => text !== "");
}

/** Before the first mark, as much as is left of a long text. */
const LEAD = 120;
/** Of the whole. */
const MOST = 600;

/**
 * As much of a long message as shows where the words are.
 * @param {string} words
 * @param {[number, number][]} marks
 * @returns {{ words: string, marks: [number, number][] }}
 */
export function shortened(words, marks) {
	if (words.length <= MOST) return { words, marks };
	const from = Math.max(0, (marks[0]?.[0] ?? 0) - LEAD);
	const to = Math.min(words.length, from + MOST);
	const lead = from > 0 ? "…" : "";
	const inside = marks.filter(([start, length]) => start >= from && start + length <= to);
	return {
		words: `${lead}${words.slice(from, to)}${to < words.length ? "…" : ""}`,
		marks: inside.map(([start, length]) => [start - from + lead.length, length]),
	};
}
