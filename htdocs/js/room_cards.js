// A room as one line of a list.

import { roomAddress } from "./addresses.js";
import { colorOfName, nameColor } from "./colors.js";
import { element } from "./dom.js";
import { initial } from "./initial.js";
import { language, text } from "./texts.js";
import { nameBackdrop } from "./theme.js";
import { ago } from "./times.js";

/** @param {string} name */
function avatar(name) {
	const node = element("span", { class: "avatar", "aria-hidden": "true" }, initial(name));
	node.style.setProperty("--name-color", nameColor(name, colorOfName(name), nameBackdrop()));
	return node;
}

/** @param {number} people */
function peopleWords(people) {
	return people === 1 ? text("onePerson") : text("people", { count: people });
}

/** @param {RoomFigures} room @param {(name: string) => string} [address] */
export function roomCard(room, address = roomAddress) {
	const figures =
		room.people > 0
			? element("span", { class: "people-count" }, peopleWords(room.people))
			: element("span", {}, room.changed && ago(new Date(room.changed), language));
	const about = room.description && element("span", { class: "room-about", dir: "auto" }, room.description);
	const link = element("a", { class: "room-card", href: address(room.name) }, avatar(room.name));
	link.append(element("span", { class: "room-name", dir: "auto" }, room.name));
	if (about) link.append(about);
	link.append(element("span", { class: "room-figures" }, figures));
	return element("li", {}, link);
}

/**
 * 1,234 bytes as people read it.
 * @param {number} bytes
 */
export function sizeWords(bytes) {
	const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
	const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
	const format = new Intl.NumberFormat(language, {
		style: "unit",
		unit: units[step],
		unitDisplay: step ? "short" : "long",
		maximumFractionDigits: step ? 1 : 0,
	});
	return format.format(bytes / 1000 ** step);
}
