// The bar that stands at a message under the mouse or with the focus. One for the whole conversation; it goes to where
// it is wanted. Screen readers hear of it when they come to it.

import { element, icon } from "../dom.js";
import { text } from "../texts.js";
import { possible } from "./deeds.js";

/** @type {[Act, string, string][]} */
const BUTTONS = [
	["react", "smile", "react"],
	["reply", "reply", "reply"],
	["edit", "edit", "edit"],
	["menu", "more", "messageActions"],
];

/** @type {Record<string, string>} */
const KEYS = { react: "+", reply: "R", edit: "E", menu: "Enter" };

/** So long a menu may take to open. */
const OPENING_MS = 1000;

let usedAt = -Infinity;
const bar = element("div", { class: "message-bar", role: "group", "aria-live": "off" });

/**
 * @param {HTMLElement} entry
 * @param {Entry} record
 * @param {Room} room
 * @param {Actions["act"]} act
 */
export function showBar(entry, record, room, act) {
	// Somebody is using it.
	if (bar.parentElement === entry && bar.contains(document.activeElement)) return;
	const can = possible(record, room);
	if (can.size === 0) {
		bar.remove();
		return;
	}
	bar.setAttribute("aria-label", text("messageActions"));
	bar.replaceChildren(
		...BUTTONS.filter(([what]) => what === "menu" || can.has(what)).map(([what, picture, key]) => {
			const label = text(key);
			const title = `${label} (${KEYS[what]})`;
			const onclick = () => {
				usedAt = performance.now();
				// What closes gives the focus back to where it was, and the bar may be gone by then.
				entry.focus({ preventScroll: true });
				act(what, record, button);
			};
			const button = element(
				"button",
				{ type: "button", "aria-label": label, "aria-keyshortcuts": KEYS[what], title, onclick },
				icon(picture),
			);
			return button;
		}),
	);
	if (bar.parentElement !== entry) entry.append(bar);
}

/** Unless it is in use: what it opened stands beside it. */
export function hideBar() {
	const isInUse = performance.now() - usedAt < OPENING_MS || document.querySelector(":popover-open");
	if (!isInUse && !bar.contains(document.activeElement)) bar.remove();
}
