// What helps writing, loaded when it is first wanted: the list of what completes a beginning, and the board of emoji.

import { byId } from "../dom.js";
import { begunAt } from "./begun.js";

export class LazyHelp {
	#field;
	/** @type {import("./suggestions.js").Suggestions | null} */
	#list = null;

	/** @param {import("./writing_field.js").WritingField} field */
	constructor(field) {
		this.#field = field;
		const button = byId("smiley-button");
		button.addEventListener("click", async () => {
			const { openEmojiPicker } = await import("../emoji/picker.js");
			const chosen = await openEmojiPicker(button, { smileys: true });
			if (chosen) field.insert(chosen);
		});
	}

	get #begun() {
		const { words, cursor, isPasted } = this.#field;
		const begun = begunAt(words, cursor);
		return begun?.kind === "command" && isPasted ? null : begun;
	}

	/** The text has changed. @param {ComposerUses} uses */
	async suggest(uses) {
		if (!this.#begun) {
			this.#list?.leave();
			return;
		}
		if (!this.#list) {
			const { Suggestions } = await import("./suggestions.js");
			this.#list ??= new Suggestions(this.#field.node, ({ from }, { insert }) =>
				this.#field.put(insert, from, this.#field.node.selectionStart),
			);
		}
		const begun = this.#begun;
		if (begun) this.#list.show(begun, uses);
	}

	/** @param {KeyboardEvent} event @returns True if the list took it. */
	key(event) {
		return this.#list?.key(event) ?? false;
	}

	close() {
		this.#list?.close();
	}
}
