// A field of a form.

import { element } from "./dom.js";

let fields = 0;

/**
 * An input with its label, and a hint below.
 * @param {string} label
 * @param {HTMLElement} input
 * @param {string} [hint]
 */
export function field(label, input, hint) {
	fields += 1;
	input.id ||= `field-${fields}`;
	const below = hint ? element("span", { class: "hint", id: `${input.id}-hint` }, hint) : null;
	if (below) input.setAttribute("aria-describedby", below.id);
	return element("div", { class: "field" }, element("label", { for: input.id }, label), input, below);
}
