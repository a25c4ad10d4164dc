// A message's blocks and pieces as elements. Never markup: words end in text nodes, addresses have passed safeAddress.

import { element } from "../dom.js";
import { preference } from "../preferences.js";
import { text } from "../texts.js";
import { linkNode, pictureNodes, tokenNodes, wordNodes } from "../words_view.js";
import { blocks } from "./blocks.js";

/** How long a button says that it has copied. */
const COPIED_MS = 1500;
/** @type {Record<string, "strong" | "em" | "s">} */
const TAGS = { strong: "strong", em: "em", strike: "s" };

/**
 * @param {string} words
 * @param {string} nick Marked where it is named.
 * @returns {(Node | string)[]}
 */
export function formattedNodes(words, nick) {
	if (!preference("formatting")) return wordNodes(words, nick);
	const drawing = new Drawing(nick);
	const found = blocks(words);
	const [first] = found;
	// Most messages are a line of text, and need no box of their own.
	const nodes = found.length === 1 && first.kind === "text" ? drawing.inline(first.pieces) : drawing.blocks(found);
	return [...nodes, ...pictureNodes(drawing.pictures)];
}

class Drawing {
	#nick;
	/** Of this site, shown below. @type {string[]} */
	pictures = [];

	/** @param {string} nick */
	constructor(nick) {
		this.#nick = nick;
	}

	/** @param {Block[]} found @returns {Node[]} */
	blocks(found) {
		return found.map((block) => {
			if (block.kind === "text") return element("div", { class: "part", dir: "auto" }, this.inline(block.pieces));
			if (block.kind === "code") return codeNode(block);
			if (block.kind === "quote") return element("blockquote", {}, this.blocks(block.blocks));
			const items = block.items.map(({ value, blocks: within }) =>
				element("li", { value: block.isOrdered && value, dir: "auto" }, this.blocks(within)),
			);
			return element(block.isOrdered ? "ol" : "ul", {}, items);
		});
	}

	/** @param {Piece[]} pieces @param {string[]} [pictures] @returns {(Node | string)[]} */
	inline(pieces, pictures = this.pictures) {
		return pieces.flatMap((piece) => {
			if (piece.kind === "text") return tokenNodes(piece.text, this.#nick, pictures);
			if (piece.kind === "code") return [element("code", { dir: "ltr" }, piece.text)];
			if (piece.kind === "link") return [linkNode(piece.address, piece.text, new URL(piece.address).host)];
			// What is hidden shows no picture below.
			if (piece.kind === "spoiler") return [spoilerNode(this.inline(piece.pieces, []))];
			return [element(TAGS[piece.kind], {}, this.inline(piece.pieces, pictures))];
		});
	}
}

/** @param {{ text: string, language: string }} block */
function codeNode({ text: code, language }) {
	const copy = element("button", { type: "button", class: "plain copy" }, text("copyCode"));
	copy.addEventListener("click", async () => {
		const { copyText } = await import("../clipboard.js");
		await copyText(code, copy);
		copy.textContent = text("copiedCode");
		setTimeout(() => (copy.textContent = text("copyCode")), COPIED_MS);
	});
	const name = language && element("span", { class: "language" }, language);
	const head = element("div", { class: "code-head" }, name, copy);
	return element("div", { class: "code", dir: "ltr" }, head, element("pre", {}, element("code", {}, code)));
}

/** @param {(Node | string)[]} hidden */
function spoilerNode(hidden) {
	const show = element("button", { type: "button", class: "link spoiler" }, text("spoiler"));
	const words = element("span", { class: "spoiled", tabindex: "-1", hidden: true }, hidden);
	show.addEventListener("click", () => {
		words.hidden = false;
		show.remove();
		words.focus();
	});
	return element("span", {}, show, words);
}
