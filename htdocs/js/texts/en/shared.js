// English words of the room and the pages around it.

export default {
	// Every page
	appName: "Chat",
	rooms: "Rooms",
	archive: "Archive",
	yourName: "Your name",
	theme: "Light or dark",
	skip: "Skip to content",
	save: "Save",
	tryAgain: "Try again",
	noServerPart:
		"The server answered without its chat-cgi part: names cannot be kept here. You can still join and " + "use /nick.",

	// Entry, name and room forms
	name: "Name",
	nameHint: "Up to 32 characters; blanks become dashes.",
	room: "Room",
	color: "Color",
	colorNames: "red, orange, amber, olive, green, teal, blue, indigo, violet, purple, pink, brown",
	ownColor: "Another color",
	nameTitle: "Your name",
	nameMissing: "Type a name first.",

	// Lists
	people: "{count} here",
	nothingFound: "Nothing found.",

	// Errors the server names by a code
	error_bad_name: "This name cannot be used. Choose one of 1 to 32 letters, digits and dashes.",
	error_bad_color: "This color is not known.",
	error_bad_room: "This is not a room's name.",
	error_cross_site: "The request came from another site.",
	error_network: "The server cannot be reached.",
	error_other: "It did not work: {text}",

	// Room page
	smileys: "Smileys",
	dice: "Dice",
	newMessages: "New messages",
	today: "Today",
	yesterday: "Yesterday",
	account: "logged in as {name}",

	// States of connection and message
	sent: "sent",

	// What happened
	joined: "{name} came in",
	quit: "{name} left",
	renamed: "{name} is now {to}",
	recolored: "{name} changed color",
	topicSet: "{name} set the topic: {topic}",
	topicCleared: "{name} removed the topic",
	kicked: "{name} removed {to}",
	banned: "{name} banned {to}",
	redacted: "This message was removed.",
	cleared: "{name} cleared the conversation",
	whisperFrom: "whispers to you",
	whisperYou: "to {name}",
	image: "Image {name}",

	// Members' menu, dialogs, settings
	whisper: "Whisper",
	mention: "Mention",
	kick: "Remove from the room",
	ban: "Ban",
	messageActions: "Message: actions",
	language: "Language",
};
