// One file that is to go with the next message: how far it is, and a way to take it away.

import { element, icon } from "../dom.js";
import { text } from "../texts.js";
import { fileAddress } from "./address.js";
import { sizeWords } from "./words.js";

export class Chip {
	#picture = element("span", { class: "chip-picture" }, icon("file"));
	#bar;
	#state = element("span", { class: "chip-state", role: "status" });
	#again;

	/** @param {File} file @param {{ remove: () => void, again: () => void }} uses */
	constructor({ name, size }, { remove, again }) {
		this.#bar = element("progress", { max: "1", value: "0", "aria-label": text("sendingFile", { name }) });
		const label = { type: "button", class: "plain round", "aria-label": text("removeFile", { name }) };
		const close = element("button", { ...label, title: text("removeFile", { name }), onclick: remove }, icon("close"));
		this.#again = element("button", { type: "button", class: "link", hidden: true, onclick: again }, text("sendAgain"));
		const words = element("span", { class: "chip-words" });
		words.append(
			element("bdi", { class: "file-name" }, name),
			element("span", { class: "file-about" }, sizeWords(size)),
		);
		words.append(this.#bar, this.#state, this.#again);
		this.node = element("div", { class: "chip", role: "group", "aria-label": name }, this.#picture, words, close);
		this.waiting();
	}

	waiting() {
		this.#show("waiting", "");
	}

	/** @param {number} part Of 1. */
	progress(part) {
		this.#show("going", "");
		this.#bar.value = part;
	}

	/** @param {Attached} file @param {string} room */
	ready(file, room) {
		this.#show("ready", text("fileReady"));
		if (!file.width) return;
		const image = element("img", { src: fileAddress(room, file), alt: "" });
		image.addEventListener("error", () => this.#picture.replaceChildren(icon("file")));
		this.#picture.replaceChildren(image);
	}

	/** @param {string} words @param {boolean} isLasting It would not be taken the next time either. */
	failed(words, isLasting) {
		this.#show("failed", words);
		this.#again.hidden = isLasting;
	}

	/** @param {string} state @param {string} words */
	#show(state, words) {
		this.node?.setAttribute("data-state", state);
		this.#bar.hidden = state !== "going" && state !== "waiting";
		this.#again.hidden = state !== "failed";
		if (this.#state.textContent !== words) this.#state.textContent = words;
	}
}
