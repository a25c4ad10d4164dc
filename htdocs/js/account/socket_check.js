// Whether the rooms can be reached from here: a WebSocket is opened, and if it does not open, the same address is asked
// over HTTP, which says why.

/** A proxy that passes nothing on may also say nothing. */
const TIMEOUT_MS = 10_000;

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

/** @param {string} url @returns {Promise<boolean>} */
function opens(url) {
	return new Promise((resolve) => {
		const socket = new WebSocket(url);
		const done = (/** @type {boolean} */ good) => {
			clearTimeout(clock);
			socket.close();
			resolve(good);
		};
		const clock = setTimeout(() => done(false), TIMEOUT_MS);
		socket.onopen = () => done(true);
		socket.onerror = () => done(false);
	});
}

/**
 * @param {string} place Where the rooms are, as the server's configuration says.
 * @returns {Promise<{ key: string, text: string, url: string }>} What is to be said.
 */
export async function checkSocket(place) {
	// In no room: nothing of it is written down.
	const http = new URL(place || "./", document.baseURI);
	http.search = "?format=json&protocol=2";
	http.hash = "";
	const ws = new URL(http);
	ws.protocol = http.protocol.replace("http", "ws");
	http.protocol = ws.protocol.replace("ws", "http");
	const told = { text: "", url: ws.href };
	if (http.protocol !== location.protocol && location.protocol === "https:") return { key: "socketMixed", ...told };
	if (await opens(ws.href)) return { key: "socketGood", ...told };
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
