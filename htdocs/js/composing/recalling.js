// Up in an empty field goes to what was done last: a message is edited, a command or whisper called back. With Ctrl
// always the latter.

import { commandOf } from "../lines.js";

/**
 * @param {KeyboardEvent} event
 * @param {Pick<ComposerUses, "recall" | "lastOwn">} uses
 * @param {{ isEmpty: boolean, canEdit: boolean }} state
 * @returns {{ own: Entry } | { draft: Draft | undefined } | null} Null: the key is for something else.
 */
export function recalled({ key, ctrlKey, shiftKey, altKey, metaKey }, { recall, lastOwn }, { isEmpty, canEdit }) {
	if (altKey || metaKey || shiftKey) return null;
	if (key === "ArrowDown" && recall.isOn) return { draft: recall.newer() };
	if (key !== "ArrowUp" || !(isEmpty || recall.isOn)) return null;
	const { last } = recall;
	const wasMessage = !last || (last.to === "" && !commandOf(last));
	const own = canEdit && wasMessage && !ctrlKey && !recall.isOn ? lastOwn() : undefined;
	return own ? { own } : { draft: recall.older() };
}
