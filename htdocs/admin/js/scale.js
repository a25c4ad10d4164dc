// How samples become a plot: where its top is, and where it has gaps. Pure.

/**
 * The next round number: what the top of a plot is. Of bytes those are round that are so in KiB, MiB and so on.
 * @param {number} most
 * @param {boolean} [ofBytes]
 * @returns {number}
 */
export function roundUp(most, ofBytes = false) {
	if (most <= 1) return 1;
	if (ofBytes && most > 1024) return 1024 * roundUp(most / 1024, true);
	const ten = 10 ** Math.floor(Math.log10(most));
	return [1, 2, 5, 10].map((step) => step * ten).find((step) => step >= most) ?? most;
}

/**
 * Points that belong together: a time without samples is a gap.
 * @template {{ at: number }} Point
 * @param {Point[]} points
 * @param {number} gap Seconds.
 * @returns {Point[][]}
 */
export function pieces(points, gap) {
	/** @type {Point[][]} */
	const found = [];
	for (const point of points) {
		const last = found.at(-1);
		if (last && point.at - (last.at(-1)?.at ?? 0) <= gap) last.push(point);
		else found.push([point]);
	}
	return found;
}
