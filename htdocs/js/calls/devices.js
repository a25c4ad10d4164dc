// Which camera, microphone and loudspeaker somebody has chosen on this device.

import { readStored, writeStored } from "../storage.js";

/** @type {DeviceKind[]} */
export const KINDS = ["audioinput", "videoinput", "audiooutput"];

/** @param {DeviceKind} kind @returns {string} Its id; "" for the system's choice. */
export const chosenDevice = (kind) => String(readStored(`device.${kind}`, ""));

/** @param {DeviceKind} kind @param {string} id */
export const chooseDevice = (kind, id) => writeStored(`device.${kind}`, id);

/** Not every browser can. */
export const canChooseOutput = "setSinkId" in HTMLMediaElement.prototype;

/** @returns {Promise<MediaDeviceInfo[]>} Before a device was opened they have neither id nor name. */
export async function listDevices() {
	const all = await navigator.mediaDevices.enumerateDevices();
	return all.filter(({ kind, deviceId }) => deviceId !== "" && (kind !== "audiooutput" || canChooseOutput));
}

/**
 * What is wanted of a device: the chosen one if it is still here, else the system's.
 * @param {DeviceKind} kind
 * @param {MediaTrackConstraints} wishes
 */
export function constraints(kind, wishes) {
	const id = chosenDevice(kind);
	return id ? { ...wishes, deviceId: { ideal: id } } : wishes;
}

/** Where somebody is heard. @param {HTMLMediaElement} player */
export async function playTo(player) {
	const id = chosenDevice("audiooutput");
	if (!canChooseOutput || player.sinkId === id) return;
	try {
		await player.setSinkId(id);
	} catch {
		// Unplugged: the system's own goes on.
	}
}
