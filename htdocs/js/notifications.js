// Notifications of the desktop. A browser may have none, forbid them, or have the class and throw when it is used
// (Chrome on Android): then the service worker shows it, and opens the room when it is pressed.

/** The longest text in a notification: systems cut it anyway. */
const MAX_NOTIFIED = 200;

/** @returns {typeof Notification | undefined} */
const notifications = () => /** @type {any} */ (globalThis)["Notification"];

/** @param {{ title: string, words: string, tag: string, room: string, onOpen: () => void }} notice */
export async function notify({ title, words, tag, room, onOpen }) {
	const options = { body: words.slice(0, MAX_NOTIFIED), tag, icon: "icons/favicon.svg", data: { room } };
	const Kind = notifications();
	if (Kind?.permission !== "granted") return;
	try {
		const notification = new Kind(title, options);
		notification.addEventListener("click", () => {
			window.focus();
			notification.close();
			onOpen();
		});
	} catch {
		const registration = await navigator.serviceWorker?.getRegistration().catch(() => null);
		await registration?.showNotification(title, options).catch(() => {});
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
