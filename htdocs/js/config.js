// Where the rooms are and who helps with calls, as the server says.

import { askServer, ServerError } from "./server.js";
import { readStored, writeStored } from "./storage.js";

/** Without chat-cgi the rooms are beside the page and there are no servers to help with calls. */
const BARE = { websocket_url: "./" };

/** A page that starts without a network waits for the rooms where they were. @returns {Promise<Config>} */
export async function loadConfig() {
	try {
		const config = await askServer("config");
		writeStored("rooms", config.websocket_url);
		return config;
	} catch (error) {
		const isAway = error instanceof ServerError && error.code === "network";
		return isAway ? { websocket_url: String(readStored("rooms", BARE.websocket_url)) } : BARE;
	}
}
