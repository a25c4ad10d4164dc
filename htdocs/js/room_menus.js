// Opens what can be done with a person, with a message, and with one's own name. Each menu is loaded when first opened.

export class RoomMenus {
	#uses;

	/** @param {MenuUses} uses */
	constructor(uses) {
		this.#uses = uses;
	}

	/** @param {string} name @param {HTMLElement} button */
	async person(name, button) {
		const { openPersonMenu } = await import("./person_menu.js");
		const { me, members, backdrop } = this.#uses;
		const { color, account } = members.get(name) ?? {};
		const person = { name, color, account, isMe: name === me.name };
		const reader = { moderator: me.moderator, backdrop: backdrop() };
		openPersonMenu(person, button, reader, {
			...this.#actions(),
			changeName: () => this.changeName(),
			show: async (who) => (await import("./profile/card.js")).openCard(who, this.#uses),
		});
	}

	/** Something is done with a message. @param {Act} what @param {Entry} record @param {HTMLElement} place */
	async act(what, record, place) {
		const { does } = await import("./messages/deeds.js");
		does(what, record, place, this.#actions());
	}

	/** @param {import("./messages/pins.js").Pins} pins */
	async pins(pins) {
		const { openPinsMenu } = await import("./messages/pins_menu.js");
		openPinsMenu(pins);
	}

	/** @returns {MenuActions} */
	#actions() {
		const ask = async (/** @type {string} */ line) =>
			(await import("./moderation/questions.js")).ask(this.#uses.room, line);
		const report = async (/** @type {string} */ what, /** @type {string} */ name) =>
			(await import("./moderation/report_dialog.js")).openReportDialog(what, name, ask);
		const moderate = async (/** @type {string} */ name) =>
			(await import("./moderation/person_dialog.js")).openPersonDialog(name, ask);
		return { ...this.#uses, report, moderate };
	}

	/** Who has logged in has a profile, which holds on all their devices. */
	async changeName() {
		if (this.#uses.me.account) {
			const { openProfileDialog } = await import("./profile/dialog.js");
			openProfileDialog(this.#uses);
			return;
		}
		const { openNameDialog } = await import("./name_dialog.js");
		openNameDialog(this.#uses.me, this.#uses.rename);
	}
}
