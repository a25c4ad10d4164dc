// The line below the banner: how to get a name, or one's log-in again.

import { logInAddress, parameter } from "./addresses.js";
import { byId, element, icon } from "./dom.js";
import { text } from "./texts.js";

/**
 * @param {"name" | "account"} about
 * @param {string} words
 * @param {HTMLElement | null} way What can be done about it.
 */
function show(about, words, way) {
	const box = byId("name-hint");
	box.dataset.about = about;
	const hide = () => (box.hidden = true);
	const close = { type: "button", class: "plain round", "aria-label": text("close"), onclick: hide };
	box.replaceChildren(element("span", {}, words), ...(way ? [way] : []), element("button", close, icon("close")));
	box.hidden = false;
}

/** @param {string} name What the server calls them. @param {() => void} chooseName */
export function showNameHint(name, chooseName) {
	const way = element("button", { type: "button", class: "link", onclick: chooseName }, text("chooseName"));
	show("name", text("anonymousHint", { name }), way);
}

/**
 * @param {string} account Whose log-in has ended.
 * @param {string} name What the server calls them now.
 * @param {string | null} [address] Where people log in.
 */
export function showLoggedOut(account, name, address) {
	const way = address ? element("a", { href: logInAddress(address, parameter("room")) }, text("logIn")) : null;
	show("account", text("loggedOut", { account, name }), way);
}
