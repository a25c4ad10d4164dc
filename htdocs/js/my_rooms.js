// The rooms of this person as the browser remembers them: shown before the server has said which they are.

import { readStored, writeStored } from "./storage.js";

/** As many as a connection takes. */
const MAX_KEPT = 50;

/** @returns {string[]} */
export function keptRooms() {
	const kept = readStored("my-rooms", []);
	return Array.isArray(kept) ? kept.filter((name) => typeof name === "string" && name).slice(0, MAX_KEPT) : [];
}

/** @param {string[]} names */
export const keepRooms = (names) => writeStored("my-rooms", names.slice(0, MAX_KEPT));
