// Notifications of the desktop. A browser may have none, forbid them, or have the class and throw when it is used
// (Chrome on Android allows it in service workers only): then nothing is shown.

/** The longest text in a notification: systems cut it anyway. */
const MAX_NOTIFIED = 200;

/** @returns {typeof Notification | undefined} */
const notifications = () => /** @type {any} */ (globalThis)["Notification"];

/** @param {{ title: string, words: string, tag: string, onOpen: () => void }} notice */
export function notify({ title, words, tag, onOpen }) {
	try {
		const Kind = notifications();
		if (Kind?.permission !== "granted") return;
		const notification = new Kind(title, { body: words.slice(0, MAX_NOTIFIED), tag, icon: "icons/favicon.svg" });
		notification.addEventListener("click", () => {
			window.focus();
			notification.close();
			onOpen();
		});
	} catch {
		// Nothing is shown.
	}
}

/** Asks the browser; must be called from a click. True if notifications may be shown. */
export async function allowNotifications() {
	try {
		return (await notifications()?.requestPermission()) === "granted";
	} catch {
		return false;
	}
}
