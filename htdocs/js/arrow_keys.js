// Arrows within a menu or a board of buttons, as in any program; Tab goes on past it.

/**
 * Moves the focus among the buttons of `box`: left and right to the neighbor, up and down to the one nearest there.
 * @param {HTMLElement} box
 */
export function moveByArrows(box) {
	box.addEventListener("keydown", (event) => {
		const buttons = [...box.querySelectorAll("button")];
		const here = buttons.findIndex((button) => button === document.activeElement);
		if (here < 0) return;
		const last = buttons.length - 1;
		const rows = rowsOf(buttons);
		/** @type {Record<string, () => HTMLElement>} */
		const moves = {
			ArrowLeft: () => buttons[Math.max(here - 1, 0)],
			ArrowRight: () => buttons[Math.min(here + 1, last)],
			ArrowUp: () => beside(rows, buttons[here], -1),
			ArrowDown: () => beside(rows, buttons[here], 1),
			Home: () => buttons[0],
			End: () => buttons[last],
		};
		if (!Object.hasOwn(moves, event.key)) return;
		event.preventDefault();
		moves[event.key]().focus();
	});
}

/** @param {HTMLElement[]} buttons */
function rowsOf(buttons) {
	/** @type {HTMLElement[][]} */
	const rows = [];
	for (const button of buttons) {
		const row = rows.at(-1);
		if (row && row[0].offsetTop === button.offsetTop) row.push(button);
		else rows.push([button]);
	}
	return rows;
}

/**
 * The nearest in the next row. A list goes round; a board has edges.
 * @param {HTMLElement[][]} rows
 * @param {HTMLElement} button
 * @param {number} step
 */
function beside(rows, button, step) {
	const at = rows.findIndex((row) => row.includes(button));
	const isBoard = rows.every((row, index) => row.length > 1 || index === rows.length - 1);
	const next = at + step;
	const row = rows[isBoard ? Math.min(Math.max(next, 0), rows.length - 1) : (next + rows.length) % rows.length];
	const { offsetLeft } = button;
	return row.reduce((best, other) =>
		Math.abs(other.offsetLeft - offsetLeft) < Math.abs(best.offsetLeft - offsetLeft) ? other : best,
	);
}
