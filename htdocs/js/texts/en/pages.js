// English words of the pages around the room.

export default {
	// Every page
	newRoom: "New room",
	more: "Show more",
	anonymous: "Anonymous",

	// Entry, name and room forms
	entryTitle: "Come in and talk",
	entryLead: "Pick a name and a room. Nothing to install, nobody to ask.",
	roomHint: "A room begins to exist when somebody enters it.",
	enter: "Enter",
	nameLead: "This is how the others in a room see you.",
	nameSaved: "Saved.",
	forgetMe: "Forget my name",
	forgotten: "You are Anonymous again.",
	loggedInAs: "Logged in as {name}",
	yourAccount: "Your account",
	logIn: "Log in",
	createAdministrator: "Nobody has an account yet: create the administrator",
	roomMissing: "Type the name of a room first.",
	createTitle: "New room",
	createLead: "Name it, then share the address: whoever opens it is in.",
	createAndEnter: "Create and enter",
	preview: "Preview",
	previewText: "Hello everyone!",

	// Lists
	listTitle: "Rooms",
	listLead: "Where people are right now.",
	listEmpty: "Nobody is here right now. Be the first.",
	archiveTitle: "Archive",
	archiveLead: "Every room that holds a conversation, the latest first.",
	archiveEmpty: "No conversation has been kept yet.",
	onePerson: "1 here",
	size: "Size",
	lastChange: "Last message",
	filterRooms: "Find a room",
	historyTitle: "History of {room}",
	historyEmpty: "Nothing has been said here yet.",
	search: "Search",
	searchText: "Search in this room",
	older: "Older",
	newer: "Newer",
	showThere: "Show it where it was said",
	newest: "Newest",
	enterRoom: "Enter the room",
};
