// The client library, for who uses it: docs/client.md.

import type {
	ChatOptions,
	ChatRecord,
	EnterOptions,
	HistoryPage,
	Message,
	Outgoing,
	Person,
	SendOptions,
	State,
} from "./types.d.ts";

export type * from "./types.d.ts";

/** Why something was not done. */
export declare class ChatError extends Error {
	/** For programs: docs/chat-protocol.md, error codes; also `not_connected`, `time_out`, `outbox_full`, `maybe_done`, `too_old`. */
	readonly code: string;
}

interface Ended {
	/** In the room's log; absent for a command and a whisper. */
	id?: string;
	/** It was there already. */
	duplicate?: boolean;
}

export declare class Room {
	/** As the server calls it. */
	readonly name: string;
	readonly me: { name: string; color?: string; account?: string; moderator: boolean };
	readonly topic: string;
	readonly description: string;
	readonly isWelcome: boolean;
	/** The newest record that was given out. */
	readonly lastId: string;
	readonly members: ReadonlyMap<string, Person>;
	readonly unsent: readonly Outgoing[];
	send(text: string, options?: SendOptions): Promise<Ended>;
	whisper(to: string, text: string, options?: SendOptions & { person?: string }): Promise<Ended>;
	history(place?: { before?: string; since?: string; limit?: number }): Promise<HistoryPage>;
	typing(state?: boolean, options?: { to?: string }): boolean;
	read(id?: string): boolean;
	signal(to: string, data: unknown): boolean;
	tell(message: Message): boolean;
	part(): void;
	/** Each record of the room's log, once and in order, whatever becomes of the connection. */
	on(event: "record", listener: (record: ChatRecord) => void): () => void;
	/** The newest records, at the first entry. */
	on(event: "history", listener: (page: HistoryPage) => void): () => void;
	on(event: "members", listener: (members: ReadonlyMap<string, Person>) => void): () => void;
	/** The server keeps nothing of so long ago: what was said in between is missing. */
	on(event: "gap", listener: (gap: { since: string; oldest: string }) => void): () => void;
	/** `welcome`, `parted`, `whisper`, `typing`, `signal`, `read`, `info`, `notice`, `you`, `error`, `about`, `mark`. */
	on(event: string, listener: (message: Message) => void): () => void;
}

export interface Subscription {
	/** The last event that was given out; for `since` of a later run. */
	readonly lastId?: string;
	end(): void;
}

export interface ChannelEvent {
	channel: string;
	id: string;
	/** What it is. */
	ev: string;
	/** Which program tells it. */
	from: string;
	data: any;
}

export declare class ChatClient {
	constructor(options: ChatOptions);
	readonly state: State;
	readonly me: { name: string; account?: string; person?: string };
	readonly rooms: ReadonlyMap<string, Room>;
	connect(): this;
	close(): void;
	tryNow(): void;
	enter(room: string, options?: EnterOptions): Room;
	/** What programs of the site tell, in a topic or as `user:ACCOUNT`; settled when it is heard. */
	subscribe(channel: string, options?: { since?: string }): Promise<Subscription>;
	rename(name: string): boolean;
	tell(message: Message): boolean;
	on(event: "state", listener: (state: { state: State; until?: number; unopened?: number }) => void): () => void;
	/** Of the channels that are heard: each once and in order. */
	on(event: "event", listener: (event: ChannelEvent) => void): () => void;
	on(event: "error", listener: (error: ChatError | Message) => void): () => void;
	/** One that nobody entered: a conversation that was begun by `converse`. */
	on(event: "room", listener: (room: Room) => void): () => void;
	/** `hello`, `bye`, `mark`, `about`, `notice`. */
	on(event: string, listener: (message: Message) => void): () => void;
}
