// The dialog that throws dice.

import { openDialog } from "./dialog.js";
import { field } from "./field.js";
import { element, icon } from "./dom.js";
import { text } from "./texts.js";

/** What chat-handler throws at most. */
const MAX_DICE = "100";
const MAX_SIDES = "1000";

/** @param {(count: number, sides: number, again: number) => void} throwDice `again` is 0 for never. */
export function openDiceDialog(throwDice) {
	/** @param {string} value @param {string} min @param {string} max */
	const number = (value, min, max) => element("input", { type: "number", inputmode: "numeric", min, max, value });
	const count = number("2", "1", MAX_DICE);
	const sides = number("6", "2", MAX_SIDES);
	const again = number("", "2", MAX_SIDES);
	return openDialog(text("dice"), (close) => {
		const onsubmit = (/** @type {Event} */ event) => {
			event.preventDefault();
			throwDice(count.valueAsNumber || 1, sides.valueAsNumber || 6, again.valueAsNumber || 0);
			close();
		};
		const fields = element("div", { class: "three" });
		fields.append(field(text("diceCount"), count), field(text("diceSides"), sides), field(text("diceAgain"), again));
		const button = element("button", { class: "primary" }, icon("dice"), text("throwDice"));
		return element(
			"form",
			{ class: "form", id: "dice-form", onsubmit },
			fields,
			element("p", { class: "hint" }, text("diceAgainHint")),
			element("div", { class: "form-actions" }, button),
		);
	});
}
