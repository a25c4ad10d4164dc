// Keeps the pages, for the time without a network and for the next visit. The server is asked once whether they are
// still what is kept: then a page gets everything from one store, whose files were taken together, as long as it is
// open. So it does without a network. Else the server gives each file, as without this worker. So no page ever runs an
// old script beside a new one. It shows notifications, too, where browsers leave that to workers.

const worker = /** @type {any} */ (self);
/** Stores are named by when they were begun, in ms. */
const STORE = "pages-";
/** In a store once it is whole; what it holds is the version of the pages, if the server tells one. */
const WHOLE = "whole";
/** Which open page lives from which store; it outlives this worker, which browsers end at will. */
const PINS = "pins";
/** Of a server that tells no version the pages are taken anew when somebody opens one after this time. */
const RENEW_AFTER_MS = 24 * 60 * 60 * 1000;
/** A server that is there, behind a proxy, but does not answer. */
const AWAY = new Set([502, 503, 504]);
const INDEX = "index.html";
/**
 * All that the pages are made of but the names of emoji, which weigh as much as the rest and are looked for by few;
 * tests/pages/worker.test.js compares it with what is there.
 */
const FILES = `
	client/commands.js client/connection.js client/environment.js client/outbox.js client/people.js
	client/random_id.js css/attachments.css css/calls.css css/composing.css css/controls.css css/dialogs.css
	css/entries.css css/events.css css/formatting.css css/menus.css css/messages.css css/pages.css
	css/people.css css/profile.css css/room.css css/search.css css/sidebar.css css/write.css first.html
	icons/calls.svg icons/favicon.svg icons/icons.svg index.html js/account/first.js js/account/form.js
	js/account/login.js js/account/password.js js/account/register.js js/account/socket_check.js js/addresses.js
	js/aim.js js/arrow_keys.js js/attachments/address.js js/attachments/arrival.js js/attachments/attach.js
	js/attachments/chip.js js/attachments/files_of.js js/attachments/refusals.js js/attachments/tray.js
	js/attachments/upload.js js/attachments/view.js js/attachments/viewer.js js/attachments/words.js
	js/attention.js js/banner.js js/calls/call_view.js js/calls/calls.js js/calls/connect.js
	js/calls/device_choice.js js/calls/devices.js js/calls/hellos.js js/calls/ice_servers.js
	js/calls/join_dialog.js js/calls/limits.js js/calls/media.js js/calls/mesh.js js/calls/moments.js
	js/calls/others.js js/calls/peer.js js/calls/reasons.js js/calls/ringing.js js/calls/speaking.js
	js/calls/tile.js js/calls/tiles.js js/chat.js js/clipboard.js js/closed_room_dialog.js js/colors.js
	js/comings.js js/composer.js js/composing/begun.js js/composing/candidates.js js/composing/drafts.js
	js/composing/lazy_help.js js/composing/paste_dialog.js js/composing/recalling.js js/composing/suggestions.js
	js/composing/tab_completion.js js/composing/task_bar.js js/composing/uses.js js/composing/writing_field.js
	js/config.js js/conversation.js js/conversation_dialog.js js/day_dialog.js js/dialog.js js/dice_dialog.js
	js/dom.js js/drawn_entries.js js/edges.js js/emoji/board_keys.js js/emoji/picker.js js/emoji/recent.js
	js/emoji/table.js js/entry.js js/entry_form.js js/error_words.js js/faces.js js/feed.js js/field.js
	js/formatting/blocks.js js/formatting/help_dialog.js js/formatting/inline.js js/formatting/plain.js
	js/formatting/view.js js/frame.js js/heartbeat.js js/ids.js js/initial.js js/kept_records.js
	js/lazy_comings.js js/lazy_read_by.js js/lazy_typing.js js/lines.js js/me.js js/members.js js/menu.js
	js/message_keys.js js/message_menu.js js/message_view.js js/messages/bar.js js/messages/body.js
	js/messages/changes.js js/messages/deeds.js js/messages/event_words.js js/messages/folding.js
	js/messages/former_dialog.js js/messages/hold.js js/messages/pins.js js/messages/pins_menu.js
	js/messages/reaction_row.js js/messages/reactions.js js/messages/referenced.js js/messages/remove_dialog.js
	js/messages/reply_line.js js/messages/room_messages.js js/midnight.js js/moderation/parts.js
	js/moderation/person_dialog.js js/moderation/questions.js js/moderation/report_dialog.js
	js/moderation/room_dialog.js js/my_rooms.js js/name_dialog.js js/name_form.js js/name_hint.js js/new_line.js
	js/notifications.js js/one_pass.js js/outbox.js js/outlook.js js/own_commands.js js/own_entries.js
	js/own_lines.js js/page_address.js js/page_events.js js/page_preferences.js js/paging.js
	js/password_dialog.js js/pending_view.js js/people_list.js js/people_panel.js js/person_menu.js
	js/position.js js/preferences.js js/private_rooms.js js/profile/card.js js/profile/dialog.js
	js/profile/picture.js js/protocol.js js/read_by.js js/read_marks.js js/reading.js js/recall.js js/ring.js
	js/room.js js/room_buttons.js js/room_cards.js js/room_create.js js/room_history.js js/room_list.js
	js/room_list_historical.js js/room_menu.js js/room_menus.js js/room_order.js js/room_pages.js
	js/room_socket.js js/rooms.js js/scroller.js js/search/asking.js js/search/hit_view.js js/search/search.js
	js/search/typed.js js/search_buttons.js js/sending.js js/server.js js/set_username.js js/settings_dialog.js
	js/sidebar.js js/start.js js/storage.js js/switcher.js js/tab.js js/texts.js js/texts/cs/accounts.js
	js/texts/cs/calls.js js/texts/cs/composing.js js/texts/cs/conversations.js js/texts/cs/dialogs.js
	js/texts/cs/files.js js/texts/cs/moderation.js js/texts/cs/pages.js js/texts/cs/profile.js
	js/texts/cs/room.js js/texts/cs/search.js js/texts/cs/shared.js js/texts/en/accounts.js js/texts/en/calls.js
	js/texts/en/composing.js js/texts/en/conversations.js js/texts/en/dialogs.js js/texts/en/files.js
	js/texts/en/moderation.js js/texts/en/pages.js js/texts/en/profile.js js/texts/en/room.js
	js/texts/en/search.js js/texts/en/shared.js js/theme.js js/timeline.js js/times.js js/tokens.js
	js/transcript_dialog.js js/typing.js js/unread.js js/window_menus.js js/words_view.js login.html
	manifest.webmanifest password.html register.html room_create.html room_history.html room_list.html
	room_list_historical.html set_username.html smileys/angry.svg smileys/confused.svg smileys/cool.svg
	smileys/cry.svg smileys/grin.svg smileys/heart.svg smileys/kiss.svg smileys/laugh.svg smileys/sad.svg
	smileys/smile.svg smileys/surprised.svg smileys/thumbs-up.svg smileys/tongue.svg smileys/wink.svg theme.css
`
	.trim()
	.split(/\s+/);

/** @param {string} address @returns The file's name, or null for what is not kept: the api, rooms, other sites. */
function fileOf(address) {
	const [url] = address.split(/[?#]/);
	const scope = worker.registration.scope;
	const name = url.startsWith(scope) ? url.slice(scope.length) || INDEX : "";
	return FILES.includes(name) ? name : null;
}

/** @returns {Promise<Response[]>} */
const takeAll = () =>
	Promise.all(
		FILES.map(async (name) => {
			// Servers lead from the directory's index to the directory.
			const response = await fetch(name === INDEX ? "./" : name, { cache: "no-cache" });
			if (!response.ok || response.redirected) throw new Error(`${name}: ${response.status}`);
			return response;
		}),
	);

/** @returns {Promise<string>} Of the server's pages; "" if it tells none, or cannot be reached. */
async function versionThere() {
	try {
		const answer = await fetch("api/pages", { cache: "no-store" });
		const { version } = answer.ok ? await answer.json() : {};
		return typeof version === "string" ? version : "";
	} catch {
		return "";
	}
}

/** @param {string} store @returns {Promise<string>} Of the pages in it. */
async function versionIn(store) {
	const whole = store && (await caches.match(WHOLE, { cacheName: store }));
	return whole ? whole.text() : "";
}

/** @param {Response[]} responses */
const contents = (responses) => Promise.all(responses.map((response) => response.clone().text()));

/** Whether the server still gives the same. @param {Response[]} responses */
async function isUnchanged(responses) {
	const [before, after] = [await contents(responses), await contents(await takeAll())];
	return before.every((content, index) => content === after[index]);
}

/** Takes all files into a new store, unless they change meanwhile: an upgrade may be under way. */
async function keep() {
	const name = STORE + Date.now();
	const version = await versionThere();
	const responses = await takeAll();
	if (!(version ? version === (await versionThere()) : await isUnchanged(responses))) {
		throw new Error("the pages are being replaced");
	}
	try {
		const store = await caches.open(name);
		await Promise.all(responses.map((response, index) => store.put(FILES[index], response)));
		await store.put(WHOLE, new Response(version));
	} catch (error) {
		// The disk is full: half a store is none.
		await caches.delete(name);
		throw error;
	}
	await tidy(name);
}

/** @param {string} client @returns {Promise<Pin | null>} Which store that page lives from. */
async function pinOf(client) {
	const pin = await caches.match(`pin/${client}`, { cacheName: PINS });
	return pin ? pin.json() : null;
}

/**
 * Stores that no page lives from go. A page may be set aside by the browser and come back by its button.
 * @param {string} newest
 */
async function tidy(newest) {
	const open = new Set((await worker.clients.matchAll()).map((/** @type {any} */ client) => client.id));
	const [used, pins] = [new Set([newest]), await caches.open(PINS)];
	for (const request of await pins.keys()) {
		const client = request.url.split("/").at(-1) ?? "";
		const pin = await pinOf(client);
		if (pin && (open.has(client) || Date.now() - pin.at < RENEW_AFTER_MS)) used.add(pin.store);
		else await pins.delete(request);
	}
	for (const name of await caches.keys()) if (name.startsWith(STORE) && !used.has(name)) await caches.delete(name);
}

/** @returns The name of the newest whole store, or "". */
async function newestStore() {
	const names = (await caches.keys()).filter((name) => name.startsWith(STORE)).sort();
	for (const name of names.reverse()) if (await caches.match(WHOLE, { cacheName: name })) return name;
	return "";
}

/** @type {Promise<void> | null} */
let renewing = null;

/** @param {string} version Of the server's pages. */
async function renew(version) {
	const newest = await newestStore();
	const age = Date.now() - Number(newest.slice(STORE.length));
	if (version ? version === (await versionIn(newest)) : age < RENEW_AFTER_MS) return;
	// What fails now is tried again when the next page is opened.
	renewing ??= keep()
		.catch(() => {})
		.finally(() => (renewing = null));
	await renewing;
}

/** Somebody opens a page. @param {any} event @param {string} file */
async function startPage(event, file) {
	const [there, store] = await Promise.all([versionThere(), newestStore()]);
	if (there && there === (await versionIn(store))) {
		const kept = await fromStore(event, file, store);
		if (kept) return kept;
	}
	/** @type {Response | null} */
	let answer = null;
	try {
		answer = await fetch(event.request);
		if (!AWAY.has(answer.status)) {
			event.waitUntil(renew(there));
			return answer;
		}
	} catch {
		// No network, or no server.
	}
	const kept = store && (await fromStore(event, file, store));
	return kept || answer || Response.error();
}

/** @param {any} event @param {string} file @param {string} store @returns What the page and all its parts come from. */
async function fromStore(event, file, store) {
	const kept = await caches.match(file, { cacheName: store });
	if (!kept) return null;
	const pin = JSON.stringify({ store, at: Date.now() });
	await (await caches.open(PINS)).put(`pin/${event.resultingClientId}`, new Response(pin));
	return kept;
}

/** Part of a page that is open: from where that page came. @param {any} event @param {string} file */
async function part(event, file) {
	const pin = await pinOf(event.clientId);
	if (!pin) return fetch(event.request);
	return (await caches.match(file, { cacheName: pin.store })) ?? Response.error();
}

worker.addEventListener("install", (/** @type {any} */ event) => {
	event.waitUntil(keep().then(() => worker.skipWaiting()));
});
worker.addEventListener("fetch", (/** @type {any} */ event) => {
	const file = event.request.method === "GET" ? fileOf(event.request.url) : null;
	if (file) event.respondWith(event.request.mode === "navigate" ? startPage(event, file) : part(event, file));
});
worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
	event.notification.close();
	event.waitUntil(openRoom(event.notification.data?.room ?? ""));
});

/** A page that is open, else a new one, and that room in it. @param {string} room */
async function openRoom(room) {
	const [page] = await worker.clients.matchAll({ type: "window" });
	if (!page) {
		await worker.clients.openWindow(`./?room=${encodeURIComponent(room)}`);
		return;
	}
	page.postMessage({ show: room });
	await page.focus();
}
