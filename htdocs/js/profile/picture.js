// One's own picture, to the server. What a camera takes is made small here first: the server keeps a small square.

import { ServerError } from "../server.js";

/** Smaller files go as they are. */
const SMALL = 400_000;
/** Pixels of the shorter side that are enough. */
const SIDE = 512;
const TIMEOUT_MS = 60_000;

/** @param {File | null} file Null: none any more. */
export async function savePicture(file) {
	let response;
	try {
		response = await fetch("api/avatar", {
			method: file ? "POST" : "DELETE",
			// A page of another site cannot send this type without asking first: the server insists on it.
			headers: { "Content-Type": file ? "application/octet-stream" : "application/json" },
			body: file && (await small(file)),
			credentials: "same-origin",
			signal: AbortSignal.timeout(TIMEOUT_MS),
		});
	} catch (error) {
		throw new ServerError("network", String(error));
	}
	const answer = await response.json().catch(() => null);
	if (response.ok && answer) return;
	if (response.status === 413) throw new ServerError("file_too_large", "");
	throw new ServerError(answer?.error?.code ?? "no-server-part", answer?.error?.message ?? `${response.status}`);
}

/** @param {File} file @returns {Promise<Blob>} The file itself, if it is small or the browser cannot draw it. */
async function small(file) {
	if (file.size <= SMALL) return file;
	try {
		const picture = await createImageBitmap(file);
		const part = Math.min(1, SIDE / Math.min(picture.width, picture.height));
		const canvas = document.createElement("canvas");
		canvas.width = Math.round(picture.width * part);
		canvas.height = Math.round(picture.height * part);
		canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
		const drawn = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
		return drawn ?? file;
	} catch {
		return file;
	}
}
