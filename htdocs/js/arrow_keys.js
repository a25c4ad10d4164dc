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
		const width = columns(buttons);
		/** @type {Record<string, number>} */
		const steps = {
			ArrowLeft: -1,
			ArrowRight: 1,
			ArrowUp: -width,
			ArrowDown: width,
			Home: -here,
			End: buttons.length - 1 - here,
		};
		if (!Object.hasOwn(steps, event.key)) return;
		event.preventDefault();
		const wanted = here + steps[event.key];
		// A list goes round; a board has edges.
		const round = (wanted + buttons.length) % buttons.length;
		buttons[width === 1 ? round : Math.min(Math.max(wanted, 0), buttons.length - 1)].focus();
	});
}

/**
 * Buttons in the first row.
 * @param {HTMLElement[]} buttons
 */
const columns = (buttons) => buttons.filter((button) => button.offsetTop === buttons[0].offsetTop).length;
