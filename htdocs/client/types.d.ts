// Types of the client library, for its own files and for who uses it.

/** A message of the protocol: docs/chat-protocol.md. */
export type Message = Record<string, any> & { type: string };

/** One line of a room's log. */
export interface ChatRecord {
	type: string;
	/** Its time, UTC with microseconds: sorts as text. */
	id: string;
	from: string;
	text?: string;
	to?: string;
	color?: string;
	account?: string;
	person?: string;
	msgid?: string;
	target?: string;
	/** It was said while the connection was away. */
	missed?: boolean;
	[field: string]: any;
}

export interface Person {
	name: string;
	color?: string;
	account?: string;
	/** The same whatever they are called. */
	person?: string;
	/** What they are up to. */
	status?: Status;
	/** The number of their picture, which is at `api/avatars/PERSON/AVATAR` beside the pages. */
	avatar?: string;
	/** What the site's log-in says of them: any JSON. It is words, never markup. */
	pub?: any;
}

export interface Status {
	emoji?: string;
	text: string;
	/** An id: over at this time. */
	until?: string;
}

/** Of `profiles`: how somebody is shown from now on; what is not there is not shown any more. */
export interface Shown {
	name: string;
	person: string;
	account?: string;
	status?: Status;
	avatar?: string;
	pub?: any;
}

export interface HistoryPage {
	records: ChatRecord[];
	/** There are others further on in that direction, beyond `cursor`. */
	more: boolean;
	cursor?: string;
	before?: string;
	since?: string;
}

export type State = "connecting" | "waiting" | "offline" | "closed";

export interface ChatOptions {
	/** Addresses of the server's WebSocket, without a room; the best first. A function is asked anew when all have failed. */
	servers: string[] | (() => string[] | Promise<string[]>);
	/** What somebody without a log-in wants to be called. */
	nick?: string;
	/** 8 to 64 of `A-Z a-z 0-9 . _ -`: who a guest is, whatever they are called. By default made once and kept in the storage. */
	client?: string;
	/** Of the site's log-in; a function is asked for a new one when it is over. Without one, the cookies tell who we are. */
	token?: string | (() => string | Promise<string>);
	/** By default memory: what is unsent ends with the program. */
	storage?: Storage;
	/** Where there is none: Node before 22. */
	WebSocket?: new (address: URL) => any;
	environment?: Environment;
}

export interface EnterOptions {
	/** How many records of history come first; by default none. */
	history?: number;
	/** The last record that was seen in an earlier run: what was said since comes first. */
	since?: string;
	invitation?: string;
	password?: string;
}

export interface SendOptions {
	/** Your own id: 1 to 64 of `A-Z a-z 0-9 . _ -`. The server keeps what has the same id once. */
	msgid?: string;
	/** The text is no command, whatever it begins with. */
	literal?: boolean;
	/** The id of the message that this one answers. */
	reply?: string;
	files?: { id: string }[];
}

export interface Storage {
	get(key: string): string | null;
	set(key: string, value: string): void;
	delete(key: string): void;
}

export interface Socket {
	readonly readyState: number;
	send(data: string): void;
	close(): void;
	addEventListener(type: string, listener: (event: any) => void): void;
}

/** What the library takes from where it runs. */
export interface Environment {
	open(address: URL): Socket;
	/** Milliseconds of a clock that never goes back. */
	now(): number;
	random(): number;
	setTimeout(run: () => void, ms: number): number;
	clearTimeout(timer: number): void;
	/** A hint. */
	isOffline(): boolean;
	/** Tells of the person's or the network's coming and going, until what it gives back is called. */
	watch(on: { back: () => void; gone: () => void; leave: () => void }): () => void;
}

/** Which server is tried next. */
export interface Servers {
	/** All of this round have failed. */
	readonly isExhausted: boolean;
	next(): string | string[] | Promise<string | string[]>;
	failed(server: string): void;
	/** It let us in, and held. */
	worked(server: string): void;
}

export interface ConnectionUses {
	/** Where there are several. */
	servers?: Servers;
	/** Where there is one; by default "". */
	first?: () => string | string[] | Promise<string | string[]>;
	/** What to open, asked for each time. */
	address: (server: string) => URL;
	onMessage: (message: Message) => void;
	/** Something that is no message of this protocol. */
	onForeign?: (data: string) => void;
	onState: (state: State, detail?: any) => void;
}

/** A message on its way. */
export interface Outgoing {
	msgid: string;
	type: "say" | "whisper" | "edit";
	text: string;
	/** Milliseconds since 1970. */
	at: number;
	state: "waiting" | "sending" | "sent" | "failed" | "discarded";
	to?: string;
	person?: string;
	/** The message to edit. */
	target?: string;
	literal?: boolean;
	reply?: string;
	files?: { id: string }[];
	/** The account that it was written as, "" for a guest's. */
	by?: string;
	/** Why it failed. */
	reason?: string;
}

/** A message as it is written. */
export type Draft = Pick<Outgoing, "type" | "text"> & Partial<Outgoing>;

export interface OutboxStore {
	/** Whatever is there; it is checked. */
	read(): unknown;
	keep(messages: Outgoing[]): void;
}

export interface OutboxUses {
	store: OutboxStore;
	onChange?: (message: Outgoing) => void;
	/** Why a command that was under way is not sent again. */
	maybeDone?: string;
}

export interface Waiting {
	/** Absent if it was written in an earlier run. */
	resolve?: (end: { id?: string; duplicate?: boolean }) => void;
	reject?: (error: Error) => void;
	/** How often it was refused for the moment. */
	refusals: number;
}

export interface RoomUses {
	send: (message: Message) => boolean;
	store: OutboxStore;
	environment: Environment;
}

export type SendingUses = RoomUses;

/** A room of the widget's hub: what tabs call it, and what its list shows. */
export interface HubRoom {
	name: string;
	unread: number;
	title: string;
	kind: string;
}

/** What a hub tells tabs; without `to` all of them. */
export type HubMessage = { type: string; to?: string; room?: string } & Record<string, any>;

/** What a tab needs of the connection that it shares. */
export interface SharedUses {
	/** Tabs with the same share it. */
	key: string;
	/** Makes one, where this tab leads. */
	hub: (post: (message: HubMessage) => void) => Promise<import("./widget_hub.js").Hub>;
	take: (message: HubMessage) => void;
	/** There is one, maybe another than before: it knows nothing of this tab yet. */
	ready: () => void;
}

export type WayUses = SharedUses;

/** How a tab reaches the hub. */
export interface HubWay {
	post(message: object): void;
	/** It does not answer: another is needed. */
	renew(): void;
	close(): void;
}

/** A part of the widget says something of its words. */
export type Say = (word: any, values?: Record<string, string | number>) => string;

export interface PanelUses {
	say: Say;
	/** Of the hub. */
	post: (message: { type: string } & Record<string, any>) => void;
	/** Written by the person. @returns False if too much waits. */
	send: (room: string, text: string) => boolean;
	/** The person wants to talk to one of those who are there; absent where there is one conversation. */
	talkTo?: (person: Person) => void;
	/** Absent where the panel cannot be closed. */
	close?: () => void;
}
