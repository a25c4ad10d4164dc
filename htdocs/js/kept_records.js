// A room's records while another room is shown, and where the reader was. Nothing of it is in the page.

export class KeptRecords {
	/**
	 * @param {Entry[]} records
	 * @param {{ isPinned: boolean, anchor: Anchor | null }} place
	 */
	constructor(records = [], { isPinned, anchor } = { isPinned: true, anchor: null }) {
		this.records = records;
		this.isPinned = isPinned;
		this.anchor = anchor;
	}

	/**
	 * One that just happened.
	 * @param {Entry} record
	 * @param {{ most: number, keep: number }} bounds
	 * @returns True if the oldest had to go for it.
	 */
	add(record, { most, keep }) {
		this.records.push(record);
		if (this.records.length <= most) return false;
		this.records = this.records.slice(-keep);
		return true;
	}

	/** @param {string} id @param {Change} change */
	replace(id, change) {
		this.records = this.records.map((record) => (record.id === id ? { ...record, ...change(record) } : record));
	}
}
