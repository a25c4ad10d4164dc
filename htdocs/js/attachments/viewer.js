// A picture as large as the window; the arrow keys go to the others of its message.

import { element, icon } from "../dom.js";
import { text } from "../texts.js";

/** @param {HTMLElement} opener The picture in the conversation. */
export function openViewer(opener) {
	const all = [...(opener.closest(".files")?.querySelectorAll("button.enlarge img") ?? [])];
	const images = /** @type {HTMLImageElement[]} */ (all);
	let at = images.findIndex((image) => opener.contains(image));
	const dialog = element("dialog", { class: "viewer" });
	const picture = element("img", {});
	const caption = element("bdi", {});
	const save = element("a", { class: "button" }, text("saveFile"));
	const close = { type: "button", class: "round", "aria-label": text("close"), onclick: () => dialog.close() };
	const step = (/** @type {number} */ by) => {
		at = (at + by + images.length) % images.length;
		const { src, alt, width, height } = images[at];
		const name = images[at].closest("button")?.title ?? "";
		Object.assign(picture, { src, alt, width, height });
		picture.setAttribute("width", images[at].getAttribute("width") ?? "");
		picture.setAttribute("height", images[at].getAttribute("height") ?? "");
		caption.textContent = name;
		dialog.setAttribute("aria-label", name);
		Object.assign(save, { href: src, download: name });
	};
	const turn = (/** @type {string} */ label, /** @type {string} */ sign, /** @type {number} */ by) =>
		images.length > 1 &&
		element("button", { type: "button", class: "round", "aria-label": text(label), onclick: () => step(by) }, sign);
	const bar = element("div", { class: "viewer-bar" }, caption, turn("previousPicture", "‹", -1));
	bar.append(...[turn("nextPicture", "›", 1)].filter((node) => node !== false), save);
	bar.append(element("button", close, icon("close")));
	dialog.append(bar, picture);
	dialog.addEventListener("keydown", ({ key }) => {
		if (key === "ArrowLeft" || key === "ArrowRight") step(key === "ArrowRight" ? 1 : -1);
	});
	dialog.addEventListener(
		"click",
		({ target }) => target !== bar && !bar.contains(/** @type {Node} */ (target)) && dialog.close(),
	);
	dialog.addEventListener("close", () => {
		dialog.remove();
		opener.focus();
	});
	step(0);
	document.body.append(dialog);
	dialog.showModal();
}
