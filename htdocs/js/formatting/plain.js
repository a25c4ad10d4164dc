// A message in one line of plain words: for notifications, for what an answer points to, for lists. Pure.

import { blocks } from "./blocks.js";

/** In place of what somebody wants to be asked for first. */
const MASK = "▒▒▒";

/** @param {Piece[]} pieces @returns {string} */
const inline = (pieces) =>
	pieces
		.map((piece) => {
			if (piece.kind === "spoiler") return MASK;
			return "pieces" in piece ? inline(piece.pieces) : piece.text;
		})
		.join("");

/** @param {Block[]} found @param {boolean} withQuotes @returns {string[]} */
const parts = (found, withQuotes) =>
	found.flatMap((block) => {
		if (block.kind === "code") return [block.text];
		if (block.kind === "text") return [inline(block.pieces)];
		if (block.kind === "quote") return withQuotes ? parts(block.blocks, true) : [];
		return block.items.map(({ value, blocks: within }) =>
			[block.isOrdered ? `${value}.` : "•", ...parts(within, withQuotes)].join(" "),
		);
	});

/**
 * Without marks, and without what it quotes unless there is nothing else.
 * @param {string} text
 */
export function plainWords(text) {
	const found = blocks(text);
	const own = parts(found, false).join(" ").trim();
	return (own || parts(found, true).join(" ")).replace(/\s+/gu, " ").trim();
}
