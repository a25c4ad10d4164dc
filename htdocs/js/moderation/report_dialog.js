// Tells the moderators of a message or a person.

import { openDialog } from "../dialog.js";
import { element } from "../dom.js";
import { text } from "../texts.js";
import { smallForm } from "./parts.js";

/** As the server takes them. */
const MAX_REASON = "300";

/**
 * @param {string} what The id of a message, or a name.
 * @param {string} name
 * @param {Ask} ask
 */
export function openReportDialog(what, name, ask) {
	return openDialog(text("reportName", { name }), () => {
		const reason = element("input", { id: "report-reason", dir: "auto", maxlength: MAX_REASON, autocomplete: "off" });
		const act = () => ask(`/report ${what} ${reason.value.trim()}`.trim());
		const button = { className: "primary", key: "reportSend", act };
		return smallForm("report-form", text("reportHint"), [["modReason", reason]], button);
	});
}
