// Who reacted to a message with what. Pure.

/**
 * What becomes of a message's reactions by a record; those of other emoji stay in their order.
 * @param {Reaction[] | undefined} reactions
 * @param {Pick<Entry, "type" | "from" | "text" | "account">} record
 * @param {Reader} reader
 * @returns {Reaction[]}
 */
export function reacted(reactions = [], { type, from, account, text = "" }, reader) {
	const known = reactions.find((reaction) => reaction.text === text) ?? { text, by: [], count: 0, own: false };
	const isReader = from === reader.name || Boolean(account && account === reader.account);
	const changed = type === "react" ? withName(known, from, isReader) : withoutName(known, from, isReader);
	if (!reactions.some((reaction) => reaction.text === text)) return changed.count ? [...reactions, changed] : reactions;
	return reactions.flatMap((reaction) => (reaction.text !== text ? [reaction] : changed.count ? [changed] : []));
}

/** The server names some, and counts all. @param {Reaction} reaction */
export const countOf = ({ by, count = 0 }) => Math.max(count, by.length);

/** @param {Reaction} reaction @param {string} name @param {boolean} isReader @returns {Reaction} */
function withName(reaction, name, isReader) {
	const { text, by, own } = reaction;
	if (by.includes(name)) return { ...reaction, count: countOf(reaction), own: own || isReader };
	return { text, by: [...by, name], count: countOf(reaction) + 1, own: own || isReader };
}

/** @param {Reaction} reaction @param {string} name @param {boolean} isReader @returns {Reaction} */
function withoutName(reaction, name, isReader) {
	const { text, by, own } = reaction;
	const count = countOf(reaction);
	const isCounted = by.includes(name) || count > by.length;
	return {
		text,
		by: by.filter((other) => other !== name),
		count: isCounted ? count - 1 : count,
		own: own && !isReader,
	};
}
