// What a file is and how large, in words.

import { language, text } from "../texts.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** @param {number} bytes */
export function sizeWords(bytes) {
	const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
	const value = bytes / 1000 ** step;
	/** @type {Intl.NumberFormatOptions} */
	const digits = { unitDisplay: step > 0 ? "short" : "long", maximumFractionDigits: value < 10 && step > 0 ? 1 : 0 };
	return new Intl.NumberFormat(language, { style: "unit", unit: UNITS[step], ...digits }).format(value);
}

/** By its name's ending, which people know, else by what it is. @param {{ name: string, type?: string }} file */
export function kindWords({ name, type = "" }) {
	const ending = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1];
	if (ending) return ending.toUpperCase();
	return type && type !== "application/octet-stream" ? type : text("fileKind");
}
