// The question before a call: with which devices, by voice, with video, or listening. Nothing is opened before that.

import { openDialog } from "../dialog.js";
import { element, icon } from "../dom.js";
import { text } from "../texts.js";
import { deviceFields } from "./device_choice.js";
import { QUIET_FROM } from "./limits.js";
import { obstacle, reasonOf } from "./reasons.js";

/** @param {Mesh} mesh @param {string} [said] What went wrong before. */
export function askToJoin(mesh, said = "") {
	const problem = obstacle();
	const status = element("p", { class: "status bad", role: "alert" }, problem || said);
	const many = mesh.callers.length + 1 >= QUIET_FROM;
	openDialog(text("callTitle"), (close) => {
		/** @param {JoinBy} by */
		const start = async (by) => {
			status.textContent = "";
			try {
				await mesh.join(by);
				close();
			} catch (error) {
				status.textContent = await reasonOf(error, by === "voice" ? "microphone" : "");
			}
		};
		/** @param {string} id @param {string} picture @param {string} key @param {JoinBy} by */
		const choice = (id, picture, key, by) => {
			const preferred = by === (many ? "voice" : "video") ? "primary" : "";
			const attributes = { type: "button", id, class: preferred, disabled: problem !== "" && by !== "listening" };
			return element("button", { ...attributes, onclick: () => start(by) }, icon(picture, "calls"), text(key));
		};
		return [
			element("p", { class: "hint" }, text("callIntro")),
			status,
			element(
				"div",
				{ class: "form-actions call-choices" },
				choice("call-audio", "microphone", "callAudio", "voice"),
				choice("call-video", "camera", "callVideo", "video"),
				choice("call-listen", "headphones", "callListen", "listening"),
			),
			problem ? element("div") : deviceFields(async () => {}),
		];
	});
}
