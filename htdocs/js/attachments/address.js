// Where files are, and how the server knows a guest who asks for one of a room for some only: by a cookie for that path
// alone. An address with a guest's token in it would be copied, and stand in logs.

import { clientToken } from "../room_socket.js";

/** @param {string} room @param {{ id: string, name: string }} file */
export const fileAddress = (room, { id, name }) =>
	`api/files/${id}/${encodeURIComponent(name.replaceAll(/[/\\]/g, "-"))}?room=${encodeURIComponent(room)}`;

/** Called before anything is asked of api/files. */
export function beKnown() {
	const { pathname, protocol } = new URL("api/files", document.baseURI);
	const secure = protocol === "https:" ? "; Secure" : "";
	document.cookie = `chat-client=${encodeURIComponent(clientToken())}; Path=${pathname}; SameSite=Strict${secure}`;
}
