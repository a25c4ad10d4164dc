// Tells a person without a name how to get one.

import { byId, element, icon } from "./dom.js";
import { text } from "./texts.js";

/** @param {string} name What the server calls them. @param {() => void} chooseName */
export function showNameHint(name, chooseName) {
	const box = byId("name-hint");
	const hide = () => (box.hidden = true);
	const close = { type: "button", class: "plain round", "aria-label": text("close"), onclick: hide };
	box.replaceChildren(
		element("span", {}, text("anonymousHint", { name })),
		element("button", { type: "button", class: "link", onclick: chooseName }, text("chooseName")),
		element("button", close, icon("close")),
	);
	box.hidden = false;
}
