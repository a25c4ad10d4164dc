// The tiles of a call: one for each page in it, one's own last, and of them one large.

import { element } from "../dom.js";
import { text } from "../texts.js";
import { Speaking, levelIn } from "./speaking.js";
import { Tile } from "./tile.js";

/** One's own tile among those of the other pages. */
const OWN = "own";

export class Tiles {
	#mesh;
	#uses;
	/** @type {Map<string, Tile>} */
	#tiles = new Map();
	#large = "";
	#speaking;
	// It scrolls when many talk: also by keyboard.
	node = element("div", { class: "call-tiles", tabindex: "0", role: "group", "aria-label": text("callTitle") });

	/** @param {Mesh} mesh @param {CallUses} uses */
	constructor(mesh, uses) {
		this.#mesh = mesh;
		this.#uses = uses;
		this.#speaking = new Speaking(
			() => this.#levels(),
			(pages) => {
				for (const [page, tile] of this.#tiles) tile.speaks = pages.has(page);
			},
		);
	}

	/** @param {boolean} isShown */
	draw(isShown) {
		const { inCall, callers, media } = this.#mesh;
		const { me, members } = this.#uses;
		this.#speaking.isOn = inCall && isShown;
		const pages = inCall ? [...callers.map(({ page }) => page), OWN] : [];
		for (const [page, tile] of this.#tiles) {
			if (pages.includes(page)) continue;
			tile.node.remove();
			this.#tiles.delete(page);
		}
		if (!pages.includes(this.#large)) this.#large = "";
		this.node.classList.toggle("with-large", this.#large !== "");
		if (!inCall) return;
		for (const { page, name, stream, peer, screen } of callers) {
			const color = members.get(name)?.color;
			const state = peer?.state ?? "new";
			this.#tile(page).fill({ name, color, stream, state, isScreen: screen, isLarge: page === this.#large });
		}
		const { name, color } = me;
		const own = { name, color, stream: media.stream, state: OWN, isScreen: media.isScreen };
		this.#tile(OWN).fill({ ...own, isLarge: this.#large === OWN });
		this.node.style.setProperty("--tiles", String(pages.length));
	}

	/** Another loudspeaker was chosen. */
	play() {
		for (const tile of this.#tiles.values()) tile.play();
	}

	/** @param {string} page */
	#tile(page) {
		const old = this.#tiles.get(page);
		if (old) return old;
		const tile = new Tile(page === OWN, () => {
			this.#large = this.#large === page ? "" : page;
			this.draw(true);
			tile.node.scrollIntoView({ block: "nearest" });
		});
		this.#tiles.set(page, tile);
		this.node.append(tile.node);
		return tile;
	}

	/** @returns {Promise<[string, number][]>} */
	async #levels() {
		const connected = this.#mesh.callers.filter(({ isConnected }) => isConnected);
		const stats = await Promise.all(connected.map(({ peer }) => peer?.getStats()));
		/** @type {[string, number][]} */
		const levels = [];
		for (const [index, report] of stats.entries()) {
			if (report) levels.push([connected[index].page, levelIn(report, "inbound-rtp")]);
		}
		// One's own is measured where it is sent.
		if (stats[0]) levels.push([OWN, this.#mesh.media.hasMicrophone ? levelIn(stats[0], "media-source") : 0]);
		return levels;
	}
}
