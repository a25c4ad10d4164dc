// Records that change an earlier one: what becomes of it. Pure; the same record twice changes nothing more.

import { SPOKEN } from "../protocol.js";
import { mentions } from "../tokens.js";
import { reacted } from "./reactions.js";

/**
 * @param {Entry} record
 * @param {Reader} reader
 * @returns {Change | null} Null if it changes none.
 */
export function changeBy(record, reader) {
	const { type, id, text = "" } = record;
	if (!record.target) return null;
	if (type === "redact") return () => ({ redacted: true, text: "", reactions: [], files: [], mentionsYou: false });
	if (type === "react" || type === "unreact") {
		return ({ redacted, reactions, isStale }) => {
			if (redacted) return {};
			// Who has another name now takes back what is under the old one: the server knows which.
			const known = reactions?.find((reaction) => reaction.text === text)?.by.includes(record.from);
			const isUnknown = type === "unreact" && !known;
			return { reactions: reacted(reactions, record, reader), isStale: isStale || isUnknown };
		};
	}
	if (type !== "edit") return null;
	return (entry) => {
		// An older form that comes late, or a message that is gone.
		if (entry.redacted || (entry.edited ?? "") > id) return {};
		return { text, edited: id, mentionsYou: isForReader(entry, text, reader.name) };
	};
}

/** @param {Entry} entry @param {string} words @param {string} nick */
const isForReader = ({ type, from }, words, nick) => SPOKEN.has(type) && from !== nick && mentions(words, nick);
