import { ServerError } from "./server.js";
import { hasText, text } from "./texts.js";

/**
 * What went wrong with a question to the server, in the reader's language.
 * @param {unknown} error What askServer threw.
 */
export function errorWords(error) {
	if (!(error instanceof ServerError)) return text("error_other", { text: String(error) });
	if (error.code === "no-server-part") return text("noServerPart");
	const key = `error_${error.code.replaceAll("-", "_")}`;
	return hasText(key) ? text(key) : text("error_other", { text: error.message });
}
