// The list of conversations that the dock's button opens.

import { element } from "./widget_line.js";

/** More is not counted. */
const MAX_COUNT = 99;

/** @param {number} unread */
export const counted = (unread) => (unread > MAX_COUNT ? `${MAX_COUNT}+` : String(unread));

/**
 * Draws it anew; the keyboard stays where it is.
 * @param {HTMLElement} list
 * @param {import("./types.d.ts").HubRoom[]} rooms
 * @param {{ say: import("./types.d.ts").Say, open: (name: string) => void }} uses
 */
export function drawRooms(list, rooms, { say, open }) {
	const buttons = () => [...list.querySelectorAll("button")];
	const focused = buttons().findIndex((button) => button.matches(":focus"));
	const rows = rooms.map(({ name, title, unread }) =>
		element(
			"li",
			{},
			element(
				"button",
				{ type: "button", class: "quiet", click: () => open(name) },
				element("span", { class: "name" }, title),
				unread > 0 && element("span", { class: "badge" }, counted(unread)),
				unread > 0 && element("span", { class: "aside" }, say("unread", { count: unread })),
			),
		),
	);
	list.replaceChildren(...rows);
	buttons()[focused]?.focus();
}
