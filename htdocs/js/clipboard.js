import { element } from "./dom.js";

/**
 * Puts `words` into the clipboard.
 * @param {string} words
 * @param {HTMLElement} near Something in what is open now: a field elsewhere could not take the focus.
 */
export async function copyText(words, near) {
	try {
		await navigator.clipboard.writeText(words);
	} catch {
		// On a page without https: the old way.
		const field = element("textarea", { class: "visually-hidden", "aria-hidden": "true" });
		field.value = words;
		near.after(field);
		field.select();
		document.execCommand("copy");
		field.remove();
	}
}
