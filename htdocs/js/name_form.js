// Name and color as a form: on the first page, on the name page, and in the room.

import { PALETTE, parseHex } from "./colors.js";
import { element } from "./dom.js";
import { askServer } from "./server.js";
import { dropStored, writeStored } from "./storage.js";
import { text } from "./texts.js";

/**
 * Fills `box` with swatches.
 * @param {HTMLElement} box
 * @param {string} chosen
 * @param {() => void} [onChange]
 * @returns {() => string} Tells the chosen color, "" for none.
 */
export function drawSwatches(box, chosen, onChange = () => {}) {
	const start = parseHex(chosen) ? chosen.toLowerCase() : "";
	const group = `color-${box.id}`;
	// In the palette's order: who cannot see a color hears its name.
	const names = text("colorNames").split(", ");
	const radios = PALETTE.map((color, index) =>
		element("input", {
			type: "radio",
			name: group,
			value: color,
			"aria-label": names[index],
			checked: color === start,
			onchange: () => {
				box.dataset.own = "";
				onChange();
			},
		}),
	);
	const swatches = radios.map((radio, index) => {
		const node = element("label", { class: "swatch", title: names[index] }, radio, element("span"));
		node.style.setProperty("--swatch", radio.value);
		return node;
	});
	const own = element("input", {
		type: "color",
		value: start || PALETTE[7],
		"aria-label": text("ownColor"),
		oninput: () => {
			for (const radio of radios) radio.checked = false;
			box.dataset.own = own.value;
			onChange();
		},
	});
	box.dataset.own = start && !PALETTE.includes(start) ? start : "";
	const other = element(
		"label",
		{ class: "swatch", title: text("ownColor") },
		own,
		element("span", { class: "rainbow" }),
	);
	box.replaceChildren(...swatches, other);
	return () => box.dataset.own || radios.find((radio) => radio.checked)?.value || "";
}

/**
 * Keeps name and color in the session; gives what the server made of them. Also remembered here, for a session that
 * ends.
 * @param {string} name
 * @param {string} color "" leaves it as it is.
 * @returns {Promise<Session>}
 */
export function saveName(name, color) {
	writeStored("name", name);
	return askServer("session", { method: "POST", body: color ? { name, color } : { name } });
}

/** @returns {Promise<Session>} */
export function forgetName() {
	dropStored("name");
	return askServer("session", { method: "DELETE" });
}
