// Why a file was not taken, in words, and what to do.

import { hasText, text } from "../texts.js";
import { ServerError } from "../server.js";
import { sizeWords } from "./words.js";

/** What the server says of these is for people already: names of types, an administrator's words. */
const SAID = new Set(["file_refused", "file_type", "muted", "banned"]);

/** After these it would not be taken the next time either. */
const LASTING = new Set(["file_refused", "file_type", "file_too_large", "empty_file", "files_off", "not_allowed"]);

/** @param {unknown} error */
export const isLasting = (error) => error instanceof ServerError && LASTING.has(error.code);

/** @param {number} limit */
export const tooLargeWords = (limit) => text("file_file_too_large", { size: sizeWords(limit) });

/** @param {unknown} error @param {number} limit */
export function refusalWords(error, limit) {
	if (!(error instanceof ServerError)) return text("file_other");
	const { code, message } = error;
	if (code === "file_too_large") return tooLargeWords(limit);
	if (SAID.has(code) && message) return text("fileSaid", { words: message });
	return hasText(`file_${code}`) ? text(`file_${code}`) : text("file_other");
}
