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
		const watching = new AbortController();
		const { signal } = watching;
		// Node has neither a page nor news of the network.
		// Nor has a worker a page; news of the network it has.
		const listen = (/** @type {string} */ event, /** @type {(event: any) => void} */ run) =>
			globalThis.addEventListener?.(event, run, { signal, capture: true });
		listen("online", back);
		listen("offline", gone);
		// Of the document; it is on its way through the window.
		listen("visibilitychange", () => document.hidden || back());
		// Leaving the page leaves the room, also where the browser keeps the page for "back"; then it comes back.
		listen("pagehide", leave);
		listen("pageshow", (event) => event.persisted && back());
		return () => watching.abort();
	},
};
