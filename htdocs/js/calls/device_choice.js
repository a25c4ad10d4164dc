// Choosing camera, microphone and loudspeaker, before a call and within.

import { openDialog } from "../dialog.js";
import { element } from "../dom.js";
import { field } from "../field.js";
import { text } from "../texts.js";
import { KINDS, canChooseOutput, chooseDevice, chosenDevice, listDevices } from "./devices.js";
import { reasonOf } from "./reasons.js";

/** @type {Record<DeviceKind, string>} */
const WORDS = { audioinput: "microphone", videoinput: "camera", audiooutput: "loudspeaker" };

/**
 * A field for each kind of device of which there is more than one to choose.
 * @param {(kind: DeviceKind) => Promise<void>} changed Throws where the device cannot be opened.
 */
export function deviceFields(changed) {
	const box = element("div", { class: "form call-devices" });
	const status = element("p", { class: "status bad", role: "alert" });
	const draw = async () => {
		const devices = await listDevices();
		const fields = KINDS.flatMap((kind) => {
			const of = devices.filter((device) => device.kind === kind);
			return of.length ? [select(kind, of, (chosen) => take(kind, chosen))] : [];
		});
		const rows = fields.length ? fields : [element("p", { class: "hint" }, text("devicesLater"))];
		if (fields.length && !canChooseOutput) rows.push(element("p", { class: "hint" }, text("loudspeakerBySystem")));
		box.replaceChildren(...rows, status);
	};
	/** @param {DeviceKind} kind @param {string} id */
	const take = async (kind, id) => {
		const before = chosenDevice(kind);
		status.textContent = "";
		chooseDevice(kind, id);
		try {
			await changed(kind);
		} catch (error) {
			chooseDevice(kind, before);
			status.textContent = await reasonOf(error, kind === "videoinput" ? "camera" : "microphone");
			draw();
		}
	};
	draw();
	// Plugged in while the dialog is open.
	const replug = () => (box.isConnected ? draw() : navigator.mediaDevices.removeEventListener("devicechange", replug));
	navigator.mediaDevices.addEventListener("devicechange", replug);
	return box;
}

/** @param {DeviceKind} kind @param {MediaDeviceInfo[]} devices @param {(id: string) => void} take */
function select(kind, devices, take) {
	const chosen = chosenDevice(kind);
	const options = devices
		.filter(({ deviceId }) => deviceId !== "default")
		.map(({ deviceId, label }, index) => {
			const words = label || `${text(WORDS[kind])} ${index + 1}`;
			return element("option", { value: deviceId, selected: deviceId === chosen }, words);
		});
	const first = element("option", { value: "" }, text("deviceOfSystem"));
	const choice = element("select", { id: `device-${kind}` }, first, options);
	choice.addEventListener("change", () => take(choice.value));
	return field(text(WORDS[kind]), choice);
}

/** @param {import("./media.js").Media} media @param {() => void} play Another loudspeaker was chosen. */
export function openDevices(media, play) {
	openDialog(text("devices"), () =>
		deviceFields(async (kind) => {
			if (kind === "audiooutput") play();
			else await media.changed(kind);
		}),
	);
}
