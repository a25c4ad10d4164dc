// Who of a conversation has read my last message: for those who show how far they have read, too. Loaded when one does.

import { byId, element } from "./dom.js";
import { text } from "./texts.js";

const line = element("div", { class: "typing-line", id: "read-line", dir: "auto" });

export class ReadBy {
	/** How far each of them has read. @type {Map<string, string>} */
	#marks = new Map();

	/** @param {string} from @param {string} id */
	heard(from, id) {
		if (id > (this.#marks.get(from) ?? "")) this.#marks.set(from, id);
	}

	/** @param {boolean} isPair Whose name is known. */
	draw(isPair) {
		const own = [...byId("log").querySelectorAll(".entry.own:not(.whisper)")].at(-1);
		const id = own instanceof HTMLElement ? (own.dataset.id ?? "") : "";
		const names = [...this.#marks].filter(([, read]) => id && read >= id).map(([name]) => name);
		const words = isPair ? text("wasRead") : text("wasReadBy", { names: names.join(", ") });
		line.textContent = names.length > 0 ? words : "";
		if (!line.isConnected) byId("typing-line").before(line);
	}

	/** Another room is shown. */
	hide() {
		line.remove();
	}
}
