// In which order rooms are looked for: where one is named, where there is something new, then by name.

/** @param {Ranked} room */
const rank = ({ unread, level }) => {
	if (unread.mentions > 0) return 0;
	return unread.count > 0 && level !== "nothing" ? 1 : 2;
};

/** By name as people read it: 2 before 10. */
const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/**
 * @template {Ranked} R
 * @param {R[]} rooms
 * @param {R[]} [before] The order they stand in, which somebody is just pointing at: what is new goes to the end.
 */
export function inOrder(rooms, before = []) {
	/** @param {R} room */
	const place = (room) => {
		const at = before.indexOf(room);
		return at < 0 ? before.length : at;
	};
	return [...rooms].sort((a, b) => {
		if (before.length > 0) return place(a) - place(b) || order.compare(a.label, b.label);
		return rank(a) - rank(b) || order.compare(a.label, b.label);
	});
}
