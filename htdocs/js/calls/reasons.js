// Why a camera, microphone or screen cannot be had, in words that say the way out.

import { text } from "../texts.js";

/** Why this page cannot call at all, or "". */
export function obstacle() {
	if (!isSecureContext) return text("callNeedsHttps");
	return navigator.mediaDevices ? "" : text("callNoDevices");
}

/**
 * @param {unknown} error What joining, or opening a device, threw.
 * @param {"camera" | "microphone" | "display-capture" | ""} [what] "": microphone, and camera if it was wanted.
 */
export async function reasonOf(error, what = "") {
	if (!(error instanceof DOMException)) return error instanceof Error ? error.message : String(error);
	const { name, message } = error;
	if (name === "NotFoundError") return text(what === "camera" ? "cameraMissing" : "deviceMissing");
	if (name === "OverconstrainedError") return text("deviceChosenGone");
	if (name === "NotReadableError" || name === "AbortError") return text("deviceBusy");
	if (name === "SecurityError") return text("deviceSwitchedOff");
	if (name !== "NotAllowedError") return `${text("deviceUnknown")} (${name}: ${message})`;
	if (isForbiddenByPolicy(what)) return text("deviceByPolicy");
	if (what === "display-capture") return text(/system/iu.test(message) ? "screenBySystem" : "screenCanceled");
	if (/system/iu.test(message)) return text("deviceBySystem");
	return text((await isBlocked(what)) ? "deviceBlocked" : "deviceNotAllowed");
}

/** The page's own policy, or that of the page that it is a frame of. @param {string} what */
function isForbiddenByPolicy(what) {
	// Not in Firefox and Safari, where the words for a refusal by hand have to do.
	const policy = /** @type {any} */ (document).permissionsPolicy ?? /** @type {any} */ (document).featurePolicy;
	return policy ? (what ? [what] : ["microphone"]).some((feature) => !policy.allowsFeature(feature)) : false;
}

/** Refused once and for all, so that the browser asks no more. @param {string} what */
async function isBlocked(what) {
	const names = what ? [what] : ["microphone", "camera"];
	const states = names.map(async (name) => {
		const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) });
		return status.state === "denied";
	});
	try {
		return (await Promise.all(states)).includes(true);
	} catch {
		// Firefox knows no such names.
		return false;
	}
}
