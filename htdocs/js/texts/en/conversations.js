// English words of conversations and of rooms for some only.

export default {
	beginConversation: "New conversation or private room",
	conversationHint: "What is said here is kept, and only its people see it.",
	conversePeople: "With whom (names, with commas; nobody yet: a private room)",
	converseTitle: "Title",
	wholeHistory: "Newcomers see what was said before",
	begin: "Begin",
	letIn: "Let somebody in",
	letInName: "Name",
	letInDo: "Let in",
	sendAway: "Send away",
	sendAwayName: "Send {name} away",
	linkTitle: "Link that lets people in",
	linkUses: "For how many people",
	linkMake: "Make a link for a day",
	passwordTitle: "Password",
	passwordHint: "Lets in who knows it; empty: nobody",
	passwordNeeded: "This room asks for a password.",
	passwordWord: "Password",
	leaveForGood: "Leave for good",
};
