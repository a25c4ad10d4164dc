// How people look beside what they say: their picture in place of an initial, and what they are up to.

import { element, hiddenWords } from "./dom.js";
import { initial } from "./initial.js";

/** Where the picture of each account is. @type {Map<string, string>} */
const pictures = new Map();

/** @param {{ person?: string, avatar?: string }} shown */
export const pictureOf = ({ person, avatar }) => (person && avatar ? `api/avatars/${person}/${avatar}` : "");

/** How some are shown from now on, also in what they have said. @param {Shown[]} people */
export function learn(people) {
	for (const { account = "", ...shown } of people) {
		const picture = pictureOf(shown);
		if (!account || (pictures.get(account) ?? "") === picture) continue;
		pictures.set(account, picture);
		for (const node of document.querySelectorAll(`.avatar[data-account="${CSS.escape(account)}"]`)) {
			fill(/** @type {HTMLElement} */ (node));
		}
	}
}

/** A picture, else a round initial. @param {string} name @param {string} [account] */
export function face(name, account) {
	const node = element("span", { class: "avatar", "aria-hidden": "true", "data-account": account || null });
	node.dataset.initial = initial(name);
	fill(node);
	return node;
}

/** @param {HTMLElement} node */
function fill(node) {
	const { account = "", initial: letter = "" } = node.dataset;
	const src = pictures.get(account);
	if (!src) {
		node.textContent = letter;
		return;
	}
	// One that was taken away meanwhile.
	const onerror = () => (node.textContent = letter);
	node.replaceChildren(element("img", { src, alt: "", loading: "lazy", decoding: "async", onerror }));
}

/** Whether it is not over. @param {{ until?: string }} status */
export const holds = ({ until }) => !until || until > new Date().toISOString();

/** What somebody is up to, small: the emoji, with the words behind it. @param {Status} status */
export function mood(status) {
	if (!holds(status)) return null;
	const { emoji = "💬", text } = status;
	const title = text || emoji;
	return element(
		"span",
		{ class: "mood", title },
		element("span", { "aria-hidden": "true" }, emoji),
		hiddenWords(title),
	);
}
