// Arrows in a board of hundreds of buttons, of which Tab reaches one: the browser measures them only when it must.

/** @param {HTMLElement} from @param {HTMLElement | undefined} to */
function move(from, to) {
	if (!to) return;
	from.tabIndex = -1;
	to.tabIndex = 0;
	to.focus();
}

/** @param {HTMLElement} box */
const buttonsOf = (box) => /** @type {HTMLElement[]} */ ([...box.children]);

/** Left and right to the neighbor, up and down to the one above or below. @param {HTMLElement} box */
export function moveInBoard(box) {
	box.addEventListener("keydown", (event) => {
		const buttons = buttonsOf(box);
		const here = buttons.findIndex((button) => button === document.activeElement);
		if (here < 0) {
			if (event.key === "ArrowDown") buttons[0]?.focus();
			return;
		}
		const width = columns(buttons);
		/** @type {Record<string, number>} */
		const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width, Home: -here };
		steps.End = buttons.length - 1 - here;
		if (!Object.hasOwn(steps, event.key)) return;
		event.preventDefault();
		move(buttons[here], buttons[Math.min(Math.max(here + steps[event.key], 0), buttons.length - 1)]);
	});
}

/** Of the first row. @param {HTMLElement[]} buttons */
function columns(buttons) {
	const second = buttons.findIndex((button) => button.offsetTop !== buttons[0].offsetTop);
	return second < 0 ? buttons.length : second;
}

/** A row of tabs: the arrows choose. @param {HTMLElement} row */
export function moveInRow(row) {
	row.addEventListener("keydown", (event) => {
		const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
		if (!step) return;
		event.preventDefault();
		const tabs = buttonsOf(row);
		const here = tabs.findIndex((tab) => tab === document.activeElement);
		const next = tabs[(here + step + tabs.length) % tabs.length];
		move(tabs[here], next);
		next.click();
	});
}
