// The emoji that somebody used last, on this device.

import { readStored, writeStored } from "../storage.js";

const MAX_RECENT = 24;
/** The longest emoji of Unicode has 15 units of UTF-16. */
const MAX_UNITS = 32;

/** @returns {string[]} Newest first. */
export function recentEmoji() {
	const kept = readStored("emoji.recent", []);
	if (!Array.isArray(kept)) return [];
	return kept.filter((text) => typeof text === "string" && text.length <= MAX_UNITS).slice(0, MAX_RECENT);
}

/** @param {string} text */
export function usedEmoji(text) {
	writeStored("emoji.recent", [text, ...recentEmoji().filter((other) => other !== text)].slice(0, MAX_RECENT));
}
