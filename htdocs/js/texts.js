// Every word the pages show: a table for each language and each kind of page, of which a page loads those it needs.
// {name} is replaced by a value; the values end up in text nodes, never in markup.

/** @type {Record<string, string>} */
let table = {};
const LANGUAGES = ["en", "cs"];

/**
 * The language chosen by hand, else the first of the browser's that the table has, else English.
 * @param {string} chosen
 * @param {readonly string[]} [offered]
 */
export function chooseLanguage(chosen, offered = navigator.languages ?? []) {
	if (LANGUAGES.includes(chosen)) return chosen;
	const known = offered.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => LANGUAGES.includes(tag));
	return known ?? "en";
}

export let language = "en";

/** @param {string} code */
export function setLanguage(code) {
	language = LANGUAGES.includes(code) ? code : "en";
	table = {};
}

/**
 * Adds the words of one kind of page, or part of one.
 * @param {Texts} kind
 */
export async function loadTexts(kind) {
	Object.assign(table, (await import(`./texts/${language}/${kind}.js`)).default);
}

/**
 * The text for `key`, with {placeholders} replaced. An unknown key shows itself: better seen than hidden.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function text(key, values = {}) {
	const line = table[key] ?? key;
	return line.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? ""));
}

/** @param {string} key */
export const hasText = (key) => Object.hasOwn(table, key);

/** Puts the language's words into a page written in English: data-text, data-label, data-placeholder. */
export function translatePage() {
	document.documentElement.lang = language;
	const marked = /** @type {NodeListOf<HTMLInputElement>} */ (
		document.querySelectorAll("[data-text], [data-label], [data-placeholder]")
	);
	for (const node of marked) {
		if (node.dataset.text) node.textContent = text(node.dataset.text);
		if (node.dataset.placeholder) node.placeholder = text(node.dataset.placeholder);
		if (!node.dataset.label) continue;
		const words = text(node.dataset.label);
		node.setAttribute("aria-label", words);
		// A hint for the mouse, where a picture stands alone.
		if (["A", "BUTTON"].includes(node.tagName)) node.title = words;
	}
}
