// People choose any color; these functions keep it readable on the page's background.

/** WCAG 2 AA for body text. */
const CONTRAST = 4.5;

/** Shown in the picker and drawn from for a first color; each is moved to be readable when used. */
export const PALETTE = [
	"#d32f2f",
	"#e64a19",
	"#b26a00",
	"#7a8b00",
	"#2e7d32",
	"#00897b",
	"#0277bd",
	"#3d5afe",
	"#5e35b1",
	"#8e24aa",
	"#c2185b",
	"#6d4c41",
];

/**
 * "#rgb" or "#rrggbb", else null.
 * @param {string | null | undefined} color
 * @returns {Rgb | null}
 */
export function parseHex(color) {
	const match = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color ?? "");
	if (!match) return null;
	const step = match[1].length / 3;
	return [0, 1, 2].map((part) => parseInt(match[1].slice(part * step, (part + 1) * step).repeat(3 - step), 16));
}

/** @param {Rgb} rgb */
export const toHex = (rgb) => `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

/** @type {Map<string, Rgb | null>} */
const named = new Map();
/** Names looked up are kept, because the lookup touches a canvas; bounded, because names come from people. */
const MAX_NAMED = 256;

/**
 * Any CSS color name or hex; null for anything else. Names are resolved by the browser itself.
 * @param {string | null | undefined} color
 */
export function parseColor(color) {
	const hex = parseHex(color);
	if (hex || !color || !/^[a-z]{3,30}$/i.test(color)) return hex;
	if (!named.has(color)) {
		if (named.size >= MAX_NAMED) named.clear();
		named.set(color, resolveName(color));
	}
	return named.get(color) ?? null;
}

/** @param {string} color */
function resolveName(color) {
	const context = document.createElement("canvas").getContext("2d");
	if (!context) return null;
	context.fillStyle = "#010203";
	context.fillStyle = color;
	return context.fillStyle === "#010203" ? null : parseHex(String(context.fillStyle));
}

/** @param {number} part */
const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);

/** @param {Rgb} rgb */
export function luminance([red, green, blue]) {
	return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** @param {Rgb} one @param {Rgb} other */
export function contrast(one, other) {
	const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
	return (light + 0.05) / (dark + 0.05);
}

/**
 * `rgb`, mixed with black or white just far enough to be read on `background`.
 * @param {Rgb} rgb
 * @param {Rgb} background
 */
export function readable(rgb, background) {
	const goal = luminance(background) > 0.18 ? [0, 0, 0] : [255, 255, 255];
	for (let share = 0; share <= 1; share += 0.04) {
		const mixed = rgb.map((part, index) => part + (goal[index] - part) * share);
		if (contrast(mixed, background) >= CONTRAST) return mixed;
	}
	return goal;
}

/**
 * A color for somebody who has none: the same name always gets the same.
 * @param {string} name
 */
export function colorOfName(name) {
	let hash = 2166136261;
	for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
	return PALETTE[(hash >>> 0) % PALETTE.length];
}

/** @param {Rgb} rgb */
const isGray = ([red, green, blue]) => Math.max(red, green, blue) - Math.min(red, green, blue) < 12;

/**
 * The color to write `name` in, on `background`. Gray is the server's word for "none chosen".
 * @param {string} name
 * @param {string | null | undefined} color
 * @param {Rgb} background
 */
export function nameColor(name, color, background) {
	const own = parseColor(color);
	const rgb =
		own && !(isGray(own) && /^gr[ae]y$/i.test(color ?? "")) ? own : (parseHex(colorOfName(name)) ?? background);
	return toHex(readable(rgb, background));
}
