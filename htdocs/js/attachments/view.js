// Files of a message: pictures where they are, players for sound and film, and a card for all else. Names come from
// strangers: they become text nodes and attributes, nothing else.

import { element, icon, loadStyle } from "../dom.js";
import { loadTexts, text } from "../texts.js";
import { beKnown, fileAddress } from "./address.js";
import { kindWords, sizeWords } from "./words.js";

await Promise.all([loadTexts("files"), loadStyle("css/attachments.css")]);

beKnown();

/**
 * Draws a file into the place that was kept for it.
 * @param {HTMLElement} box
 * @param {Attached} file
 * @param {{ room: string, words: string }} said
 */
export function fill(box, file, { room, words }) {
	const address = fileAddress(room, file);
	if (box.classList.contains("picture")) box.replaceChildren(picture(box, file, address, words));
	else if (/^(audio|video)\//.test(file.type ?? "")) box.replaceChildren(player(file, address), card(file, address));
	else box.replaceChildren(card(file, address));
}

/**
 * @param {HTMLElement} box @param {Attached} file @param {string} address @param {string} words
 * @param {boolean} [again] It was not there the first time.
 */
function picture(box, file, address, words, again = false) {
	const { name, width, height } = file;
	const alt = words.trim() ? text("pictureWith", { name, words: words.trim().slice(0, 200) }) : name;
	const image = element("img", { src: address, alt, width, height, loading: "lazy", decoding: "async" });
	const enlarge = async () => (await import("./viewer.js")).openViewer(button);
	const attributes = { type: "button", class: "enlarge", "aria-label": text("enlarge", { name: alt }), title: name };
	const button = element("button", { ...attributes, onclick: enlarge }, image);
	const { style } = box;
	const size = style.cssText;
	const put = (/** @type {string} */ note) => {
		box.classList.remove("picture");
		box.removeAttribute("style");
		box.replaceChildren(card(file, address, text(note)));
	};
	image.addEventListener("error", async () => {
		const { arrives } = await import("./arrival.js");
		if (again || !(await arrives(address, () => put("onItsWay")))) return put("notShown");
		box.classList.add("picture");
		style.cssText = size;
		box.replaceChildren(picture(box, file, address, words, true));
	});
	return button;
}

/** @param {Attached} file @param {string} address */
function player({ type = "", name }, address) {
	const attributes = { controls: true, src: address, "aria-label": name };
	return type.startsWith("video/")
		? element("video", { ...attributes, preload: "metadata", playsinline: true })
		: element("audio", { ...attributes, preload: "none" });
}

/** @param {Attached} file @param {string} address @param {string} [note] */
function card(file, address, note) {
	const about = [kindWords(file), sizeWords(file.size ?? 0), note].filter(Boolean).join(" · ");
	const words = element("span", { class: "file-words" });
	words.append(element("bdi", { class: "file-name" }, file.name), element("span", { class: "file-about" }, about));
	return element("a", { class: "file-card", href: address, download: file.name }, icon("file"), words);
}
