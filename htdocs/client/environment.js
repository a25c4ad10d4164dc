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
		if (typeof document !== "undefined") {
			addEventListener("online", back, { signal });
			addEventListener("offline", gone, { signal });
			document.addEventListener("visibilitychange", () => document.hidden || back(), { signal });
			// Leaving the page leaves the room, also where the browser keeps the page for "back"; then it comes back.
			addEventListener("pagehide", leave, { signal });
			addEventListener("pageshow", (event) => event.persisted && back(), { signal });
		}
		return () => watching.abort();
	},
};
