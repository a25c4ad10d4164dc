// The place that a message's files take, before what draws them is loaded: nothing moves when they come.

import { element } from "../dom.js";
import { text } from "../texts.js";

/** A picture is at most so large in the conversation, in pixels. */
const WIDEST = 360;
const HIGHEST = 280;
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
/** An address is made of it. */
const ID = /^[0-9a-f]{32}$/;

/**
 * @param {Attached[]} files
 * @param {string} room
 * @param {string} words What was said with them.
 */
export function filesOf(files, room, words) {
	const known = files.filter(({ id }) => ID.test(id));
	const boxes = known.map((file) => box(file));
	const list = element("div", { class: "files", role: "group", "aria-label": text("files") }, boxes);
	import("./view.js").then(({ fill }) => known.forEach((file, index) => fill(boxes[index], file, { room, words })));
	return list;
}

/** @param {Attached} file */
function box({ type = "", width = 0, height = 0 }) {
	const isPicture = PICTURES.has(type) && width > 0 && height > 0;
	const node = element("div", { class: isPicture ? "file picture" : "file" });
	if (isPicture) {
		const scale = Math.min(1, WIDEST / width, HIGHEST / height);
		node.style.width = `${Math.max(24, Math.round(width * scale))}px`;
		node.style.aspectRatio = `${width} / ${height}`;
	} else {
		node.style.minHeight = type.startsWith("video/") ? "15rem" : type.startsWith("audio/") ? "6rem" : "3.5rem";
	}
	return node;
}
