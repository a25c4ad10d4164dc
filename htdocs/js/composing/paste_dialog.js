// A long text is pasted: as one message, as a block of code, or not at all.

import { openDialog } from "../dialog.js";
import { element } from "../dom.js";
import { loadTexts, text } from "../texts.js";

await loadTexts("composing");

/** What is shown of it. */
const MAX_SHOWN_LINES = 12;

/**
 * @param {string} pasted
 * @param {{ several: boolean, isPlain: boolean }} how Whether several lines can be one message; whether a block of code
 * makes no sense where it goes.
 * @param {(words: string) => void} insert
 */
export function openPasteDialog(pasted, { several, isPlain }, insert) {
	const lines = pasted.split("\n");
	const shown = lines.slice(0, MAX_SHOWN_LINES).join("\n") + (lines.length > MAX_SHOWN_LINES ? "\n…" : "");
	openDialog(text("pasteTitle", { count: lines.length }), (close) => {
		/** @param {string} key @param {() => void} act */
		const button = (key, act, className = "") => {
			const onclick = () => {
				close();
				act();
			};
			return element("button", { type: "button", class: className, onclick }, text(key, { count: lines.length }));
		};
		return [
			element("p", { class: "hint" }, text(several ? "pasteIntro" : "pasteIntroMany", { count: lines.length })),
			element("pre", { class: "pasted", dir: "auto", tabindex: "0", "aria-label": text("pasteShown") }, shown),
			element(
				"div",
				{ class: "form-actions call-choices" },
				button(several ? "pasteOne" : "pasteMany", () => insert(pasted), "primary"),
				several && !isPlain && button("pasteCode", () => insert(fenced(pasted))),
				button("cancel", () => {}),
			),
		];
	});
}

/** A fence is longer than any within. @param {string} words */
export function fenced(words) {
	const longest = Math.max(2, ...[...words.matchAll(/`{3,}/gu)].map(([ticks]) => ticks.length));
	const fence = "`".repeat(longest + 1);
	return `${fence}\n${words.replace(/\n+$/u, "")}\n${fence}\n`;
}
