// One file to the server. Not by fetch, which tells nobody how far a body is.

import { ServerError } from "../server.js";

/**
 * @param {File} file
 * @param {string} room
 * @param {(part: number) => void} onProgress Of 1.
 * @returns {{ done: Promise<Attached>, cancel: () => void }}
 */
export function upload(file, room, onProgress) {
	const request = new XMLHttpRequest();
	const done = new Promise((resolve, reject) => {
		request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
		request.addEventListener("error", () => reject(new ServerError("network", "")));
		request.addEventListener("abort", () => reject(new ServerError("cancelled", "")));
		request.addEventListener("load", () => {
			const answer = answered(request.responseText);
			if (request.status === 200 && answer?.id) resolve(answer);
			// A proxy in front has a bound of its own, and words of its own.
			else if (request.status === 413) reject(new ServerError("file_too_large", ""));
			else reject(new ServerError(answer?.error?.code ?? "other", answer?.error?.message ?? `${request.status}`));
		});
	});
	request.open("POST", `api/files?${new URLSearchParams({ room, name: file.name })}`);
	// A page of another site cannot send this type without asking first: the server insists on it.
	request.setRequestHeader("Content-Type", "application/octet-stream");
	request.send(file);
	return { done, cancel: () => request.abort() };
}

/** @param {string} body */
function answered(body) {
	try {
		return JSON.parse(body);
	} catch {
		return null;
	}
}
