// What the library takes from where it runs, a browser or Node. Tests give one with a clock and sockets of their own.

/** @type {import("./types.d.ts").Environment} */
export const environment = {
	open: (address) => new WebSocket(address),
	now: () => performance.now(),
	random: Math.random,
	setTimeout: (run, ms) => Number(setTimeout(run, ms)),
	clearTimeout: (timer) => clearTimeout(timer),
	isOffline: () => globalThis.navigator?.onLine === false,
	watch({ back, gone, leave }) {
		// Node has neither a page nor news of the network.
		if (typeof document === "undefined") return;
		addEventListener("online", back);
		addEventListener("offline", gone);
		document.addEventListener("visibilitychange", () => document.hidden || back());
		// Leaving the page leaves the room, also where the browser keeps the page for "back"; then it comes back.
		addEventListener("pagehide", leave);
		addEventListener("pageshow", (event) => event.persisted && back());
	},
};
