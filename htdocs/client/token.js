// Who we are by a token of the site's log-in: sent first on each connection, renewed before it is over. Loaded where
// there is one.

/** Before a token is asked for again that the server did not take for good any more. */
const PAUSE_MS = 1000;
/** Of refusals one after the other; then somebody has to log in. */
const MAX_REFUSALS = 3;

/** Clients that have been seen to. @type {WeakSet<object>} */
const signed = new WeakSet();

/**
 * @param {import("./emitter.js").Emitter & import("./chat-client.js").ChatClient} client
 * @param {string | (() => string | Promise<string>)} token A function is asked for a new one each time.
 * @param {import("./types.d.ts").Environment} environment Its sockets begin with the token from then on.
 * @param {() => T} servers
 * @template T
 * @returns {T} What `servers` gives: who asks for them is about to connect.
 */
export function sign(client, token, environment, servers) {
	if (!signed.has(client)) begin(client, token, environment);
	signed.add(client);
	return servers();
}

/**
 * @param {import("./emitter.js").Emitter & import("./chat-client.js").ChatClient} client
 * @param {string | (() => string | Promise<string>)} token
 * @param {import("./types.d.ts").Environment} environment
 */
function begin(client, token, environment) {
	const { open } = environment;
	const current = typeof token === "function" ? token : () => token;
	let refusals = 0;

	environment.open = (address) => {
		address.searchParams.set("auth", "1");
		const socket = open(address);
		socket.addEventListener("open", async () => {
			try {
				socket.send(JSON.stringify({ type: "auth", token: await current() }));
			} catch (error) {
				// The connection tries again, later and later.
				client.emit("error", Object.assign(new Error(String(error)), { code: "no_token" }));
				socket.close();
			}
		});
		return socket;
	};
	client.on("authenticated", () => (refusals = 0));
	client.on("notice", async ({ code }) => {
		if (code !== "expiring" || typeof token === "string") return;
		try {
			client.tell({ type: "auth", token: await current() });
		} catch (error) {
			client.emit("error", Object.assign(new Error(String(error)), { code: "no_token" }));
		}
	});
	client.on("bye", ({ reason, code }) => {
		const isOver = reason === "expired" || code === "token_expired";
		if (!isOver || typeof token === "string" || refusals >= MAX_REFUSALS) return;
		// At once with a new one; if that is not taken, not in a loop.
		environment.setTimeout(() => client.connect(), refusals * PAUSE_MS);
		refusals += 1;
	});
}
