// A plot of one number over time, in SVG. What it shows is said in words too, and stands in a table.

import { element } from "/chat/js/dom.js";
import { pieces, roundUp } from "./scale.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 100;

/** @param {string} tag @param {Record<string, string | number>} attributes */
function shape(tag, attributes) {
	const node = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
	return node;
}

/**
 * @param {{ title: string, unit: (value: number) => string, points: { at: number, value: number }[],
 *   span: number, gap: number, now: number, ofBytes?: boolean }} options `span` and `gap` in seconds.
 */
export function plot({ title, unit, points, span, gap, now, ofBytes }) {
	const values = points.map((point) => point.value);
	const top = roundUp(Math.max(0, ...values), ofBytes);
	const end = points.at(-1)?.at ?? Date.now() / 1000;
	const start = end - span;
	const x = (/** @type {number} */ at) => ((at - start) / span) * WIDTH;
	const y = (/** @type {number} */ value) => HEIGHT - (value / top) * HEIGHT;
	const most = unit(Math.max(0, ...values));
	const least = unit(values.length > 0 ? Math.min(...values) : 0);
	const svg = shape("svg", {
		viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
		preserveAspectRatio: "none",
		role: "img",
		"aria-label": `${title}: now ${unit(now)}, between ${least} and ${most}; all numbers are in the table below`,
	});
	for (const part of [0, 0.5, 1]) {
		svg.append(shape("line", { class: "grid", x1: 0, x2: WIDTH, y1: part * HEIGHT, y2: part * HEIGHT }));
	}
	for (const piece of pieces(points, gap)) {
		const line = piece.map((point) => `${x(point.at).toFixed(1)},${y(point.value).toFixed(1)}`);
		// A single sample is a dot.
		if (line.length === 1) line.push(line[0]);
		const [first, last] = [x(piece[0].at).toFixed(1), x(piece.at(-1)?.at ?? end).toFixed(1)];
		svg.append(shape("polygon", { class: "area", points: `${first},${HEIGHT} ${line.join(" ")} ${last},${HEIGHT}` }));
		svg.append(shape("polyline", { class: "line", points: line.join(" ") }));
	}
	const shown = (/** @type {number} */ at) =>
		new Date(at * 1000).toLocaleString(
			[],
			span > 172_800 ? { dateStyle: "short" } : { weekday: "short", hour: "numeric", minute: "2-digit" },
		);
	return element(
		"figure",
		{ class: "plot" },
		element("figcaption", {}, element("span", {}, title), element("span", { class: "now" }, unit(now))),
		element("div", { class: "ends", "aria-hidden": "true" }, element("span", {}, unit(top))),
		/** @type {any} */ (svg),
		element(
			"div",
			{ class: "ends", "aria-hidden": "true" },
			element("span", {}, shown(start)),
			element("span", {}, shown(end)),
		),
	);
}
