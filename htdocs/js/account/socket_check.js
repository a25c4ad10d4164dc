// Whether the rooms can be reached from here: a WebSocket is opened, and if it does not open, the same address is asked
// over HTTP, which says why.

/** @typedef {{ key: string, text: string, url: string }} Result What is to be said. */

/** A proxy that passes nothing on may also say nothing. */
const TIMEOUT_MS = 10_000;
/** Longer than the daemon waits before it pings a silent client (pingms of what is shipped: 9 s), and some more. */
const SILENCE_MS = 15_000;

/** What an HTTP status at the rooms' address means; a room's own answer to a plain question is one of the last two. */
const BY_STATUS = /** @type {Record<number, string>} */ ({
	403: "socketOrigin",
	404: "socketNotFound",
	421: "socketHost",
	429: "socketFull",
	502: "socketAway",
	503: "socketAway",
	504: "socketAway",
	400: "socketUpgrade",
	426: "socketUpgrade",
	200: "socketUpgrade",
});

/**
 * A connection on which the server has said something: a proxy that holds back what comes through it opens one, too.
 * @param {string} url
 * @returns {Promise<WebSocket | "closed" | "silent">}
 */
function opened(url) {
	return new Promise((resolve) => {
		const socket = new WebSocket(url);
		let isOpen = false;
		const give = (/** @type {WebSocket | "closed" | "silent"} */ result) => {
			clearTimeout(clock);
			if (result !== socket) socket.close();
			resolve(result);
		};
		const clock = setTimeout(() => give(isOpen ? "silent" : "closed"), TIMEOUT_MS);
		socket.onopen = () => (isOpen = true);
		socket.onmessage = () => give(socket);
		socket.onclose = () => give("closed");
	});
}

/**
 * Waits in silence: after how many seconds it was cut, or `null`.
 * @param {WebSocket} socket
 * @returns {Promise<number | null>}
 */
function cutAfter(socket) {
	const start = performance.now();
	return new Promise((resolve) => {
		const clock = setTimeout(() => {
			socket.onclose = null;
			socket.close();
			resolve(null);
		}, SILENCE_MS);
		socket.onclose = () => {
			clearTimeout(clock);
			resolve(Math.max(1, Math.round((performance.now() - start) / 1000)));
		};
	});
}

/**
 * @param {string} place Where the rooms are, as the server's configuration says.
 * @param {string | undefined} seen The address that the daemon takes for its own, where it knows.
 * @param {(result: Result) => void} tell Called as soon as something is known, and again when there is more.
 */
export async function checkSocket(place, seen, tell) {
	const { socket, ...result } = await reach(place, seen);
	tell(result);
	if (!socket) return;
	const seconds = await cutAfter(socket);
	if (seconds === null) tell({ ...result, key: "socketGood" });
	else tell({ ...result, key: "socketIdle", text: String(seconds) });
}

/**
 * @param {string} place
 * @param {string | undefined} seen
 * @returns {Promise<Result & { socket?: WebSocket }>}
 */
async function reach(place, seen) {
	// In no room: nothing of it is written down.
	const http = new URL(place || "./", document.baseURI);
	http.search = "?format=json&protocol=2";
	http.hash = "";
	const ws = new URL(http);
	ws.protocol = http.protocol.replace("http", "ws");
	http.protocol = ws.protocol.replace("ws", "http");
	const told = { text: "", url: ws.href };
	if (http.protocol !== location.protocol && location.protocol === "https:") return { key: "socketMixed", ...told };
	const socket = await opened(ws.href);
	if (socket === "silent") return { key: "socketHeld", ...told };
	if (socket !== "closed") return { key: "socketOpen", ...told, socket };
	// The daemon refuses another origin in the handshake alone; a plain question it answers.
	if (seen && seen !== location.origin && http.origin === location.origin) return { key: "socketOrigin", ...told };
	try {
		const answer = await fetch(http, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
		told.text = String(answer.status);
		// The daemon refuses another origin in the handshake alone.
		const isDaemon = answer.headers.get("Server")?.includes("websocketd") && answer.ok;
		return { key: isDaemon ? "socketOrigin" : (BY_STATUS[answer.status] ?? "socketOther"), ...told };
	} catch (error) {
		return { key: "socketNoAnswer", ...told, text: String(error) };
	}
}
