// Building a page out of elements and text nodes, never out of markup.

/**
 * An element. Strings among the children become text nodes, so markup in them stays text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes] `class`, `onclick` and the like; null, undefined and false leave one out.
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false) continue;
		if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
		else if (name === "class") node.className = value;
		else node.setAttribute(name, value === true ? "" : value);
	}
	for (const child of children.flat()) if (child || child === "") node.append(child);
	return node;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * One picture of icons/; decoration only, the button around it carries the words.
 * @param {string} name
 * @param {"icons" | "calls"} [file] Those of calls are a file of their own: most visits have none.
 */
export function icon(name, file = "icons") {
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	const use = document.createElementNS(SVG, "use");
	use.setAttribute("href", `icons/${file}.svg#${name}`);
	svg.append(use);
	return svg;
}

/**
 * An element of the page's own HTML, of the type that the caller expects it to have.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
	const node = document.getElementById(id);
	if (!node) throw new Error(`no element #${id}`);
	return /** @type {T} */ (node);
}

/**
 * Words for screen readers alone.
 * @param {string} words
 */
export const hiddenWords = (words) => element("span", { class: "visually-hidden" }, words);

/** @type {Map<string, Promise<void>>} */
const styles = new Map();

/** A style that only some views need, before they are drawn; loaded once. @param {string} href */
export function loadStyle(href) {
	const known = styles.get(href);
	if (known) return known;
	/** @type {Promise<void>} */
	const loading = new Promise((resolve) => {
		// Without it the page looks plain, and works.
		const done = () => resolve();
		document.head.append(element("link", { rel: "stylesheet", href, onload: done, onerror: done }));
	});
	styles.set(href, loading);
	return loading;
}
