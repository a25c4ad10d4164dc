# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_chatctl_global_optspecs
    string join \n config= site= root= json h/help V/version
end

function __fish_chatctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_chatctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_chatctl_using_subcommand
    set -l cmd (__fish_chatctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c chatctl -n "__fish_chatctl_needs_command" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_needs_command" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_needs_command" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_needs_command" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chatctl -n "__fish_chatctl_needs_command" -s V -l version -d 'Print version'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "status" -d 'How many rooms, people and bytes there are'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "rooms" -d 'The rooms: people in them, size of the log, last change'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "users" -d 'Who is in a room, or in all'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "members" -d 'Who may be in a room for some only, or in a conversation'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "kick" -d 'Throw somebody out of a room; they may come back'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "ban" -d 'Keep somebody out of a room'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "unban" -d 'Let somebody in again'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "bans" -d 'The bans and mutes of a room, or of all'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "mute" -d 'Let somebody read but not speak'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "unmute" -d 'Let somebody speak again'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "slow" -d 'How slow a room is; with a number, how many seconds a member waits between two messages (0: none)'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "topic" -d 'What a room is about; with words, make it that (`\'\'`: nothing)'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "cluster" -d 'A chat on several machines: how this one is, which is behind, what it is to do'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "hooks" -d 'Webhooks: how they are, switch one on, deliver again'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "reports" -d 'What members reported to the moderators of a room, or of all'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "resolve" -d 'Take a report off the list'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "role" -d 'Who owns a room and who moderates it; with an account and a role, make somebody that'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "redact" -d 'Take a message back: its text is overwritten in the log'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "clear" -d 'Hide all that was said in a room so far; the logs and an export keep it'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "erase" -d 'Delete what one person said, from all logs, compressed ones too'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "person" -d 'What is kept about one person, in all rooms and logs: give it out, or forget it'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "say" -d 'Say something in a room'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "event" -d 'Tell the pages that hear a channel of something'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "history" -d 'What was said last'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "export" -d 'Everything that was said in a room, oldest first, compressed logs too'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "make-private" -d 'Make an open room one for some only: for those who are in it now, those who own it, and these'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "make-public" -d 'Make a room for some only one that everybody may enter'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "purge" -d 'Delete a room: its logs, topic and bans'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "expire" -d 'Delete old messages, and without a room also the sessions that ended and rooms nobody ever spoke in'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "mend" -d 'Give messages from the future the time of the last one before them: the clock was wrong'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "sample" -d 'Keep how many people, rooms and messages there are now, for the plots of the administration; a timer runs it'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "metrics" -d 'Give out how the chat is, as numbers for Prometheus: people, rooms, messages, log-ins, webhooks, disk'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "bot" -d 'Programs that are in rooms under a name of their own'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "incoming" -d 'Addresses at which other programs leave messages for a room: Slack\'s form, Grafana, Alertmanager, GitLab, Uptime Kuma'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "register" -d 'Make an account; its password is read from standard input, or asked for'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "unregister" -d 'Remove an account; what its owner said stays, and so that nobody takes over their rooms, its name (see `person erase`)'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "passwd" -d 'Give an account another password, from standard input or asked for; or a link to choose one'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "disable" -d 'Let nobody log in by an account; whoever is in by it is out at once'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "enable" -d 'Let its owner log in again'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "logout" -d 'End all log-ins by an account; its owner may log in anew'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "groups" -d 'What an account is part of; with --add and --remove, change it'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "accounts" -d 'The accounts: since when, in which groups, which of them are disabled'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "verify" -d 'Whether a password, from standard input or asked for, is that of an account; not counted as a guess'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "import" -d 'Make accounts of a file of another server\'s, or sites of its settings'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "invite" -d 'Print what somebody adds to the pages\' address to make an account (REGISTER=invitation)'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "first-code" -d 'Print the code by which the first administrator is made in the pages; good until there is one'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "acl" -d 'Who may do what'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "profile" -d 'How somebody is shown: what they are called, color, status, picture; with options, change it'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "backup" -d 'Save a site in one file, while it runs: rooms, private rooms, state, who may what, files; not who is there now'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "restore" -d 'Put what was saved into an empty `BASE_DIR`; before that all of it is read and compared with what was saved'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "token" -d 'Keys and tokens (JWT) of the site\'s own programs and log-in'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "site" -d 'The sites of one daemon'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "setup" -d 'Serve the chat on this machine without another web server: accounts, TLS, the service, the first administrator\'s link; with the same words again it changes nothing'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "doctor" -d 'Say what is wrong with the chat on this machine and how to mend it: files, disk, daemon, certificate, rotation, PHP, web server, relay. Exit status 1: something is'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "check" -d 'Look for what is wrong: settings, directories, logs, logrotate\'s rule'
complete -c chatctl -n "__fish_chatctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand status" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand status" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand status" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand status" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand status" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand rooms" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand rooms" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand rooms" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand rooms" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand rooms" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand users" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand users" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand users" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand users" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand users" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand members" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand members" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand members" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand members" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand members" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand kick" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand kick" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand kick" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand kick" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand kick" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand ban" -l minutes -d 'For so long; for good if left out' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand ban" -l account -d 'Also whoever logged in as this' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand ban" -l address -d 'Also whoever comes from this address, or network as 192.0.2.0/24' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand ban" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand ban" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand ban" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand ban" -l for-good -d 'All that follows is the reason, also if it begins with a number'
complete -c chatctl -n "__fish_chatctl_using_subcommand ban" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand ban" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand unban" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand unban" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand unban" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand unban" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand unban" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand bans" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bans" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand bans" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bans" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand bans" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand mute" -l minutes -d 'For so long; for good if left out' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand mute" -l account -d 'Also whoever logged in as this' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand mute" -l address -d 'Also whoever comes from this address, or network as 192.0.2.0/24' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand mute" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand mute" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand mute" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand mute" -l for-good -d 'All that follows is the reason, also if it begins with a number'
complete -c chatctl -n "__fish_chatctl_using_subcommand mute" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand mute" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand unmute" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand unmute" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand unmute" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand unmute" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand unmute" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand slow" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand slow" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand slow" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand slow" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand slow" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand topic" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand topic" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand topic" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand topic" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand topic" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -f -a "status" -d 'How this machine\'s relay is; exit status 1 if people should be sent to other machines'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -f -a "nodes" -d 'What was heard of each machine: when, and how far it is behind'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -f -a "lag" -d 'What a message takes to the engine and back, in seconds'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -f -a "drain" -d 'Send this machine\'s people to the others'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -f -a "backfill" -d 'Take what this machine has missed from a copy of another\'s `BASE_DIR`; chat-relay and the daemon must be stopped'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -f -a "accept-gap" -d 'Go on although records are missing that the engine does not have any more'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and not __fish_seen_subcommand_from status nodes lag drain backfill accept-gap help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from status" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from status" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from status" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from status" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from nodes" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from nodes" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from nodes" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from nodes" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from nodes" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from lag" -l most -d 'Exit status 1 if it takes longer, in seconds' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from lag" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from lag" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from lag" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from lag" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from lag" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from drain" -l over -d 'Over which time, in seconds' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from drain" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from drain" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from drain" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from drain" -l undo -d 'Let them come again'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from drain" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from drain" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from backfill" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from backfill" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from backfill" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from backfill" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from backfill" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from accept-gap" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from accept-gap" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from accept-gap" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from accept-gap" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from accept-gap" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from help" -f -a "status" -d 'How this machine\'s relay is; exit status 1 if people should be sent to other machines'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from help" -f -a "nodes" -d 'What was heard of each machine: when, and how far it is behind'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from help" -f -a "lag" -d 'What a message takes to the engine and back, in seconds'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from help" -f -a "drain" -d 'Send this machine\'s people to the others'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from help" -f -a "backfill" -d 'Take what this machine has missed from a copy of another\'s `BASE_DIR`; chat-relay and the daemon must be stopped'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from help" -f -a "accept-gap" -d 'Go on although records are missing that the engine does not have any more'
complete -c chatctl -n "__fish_chatctl_using_subcommand cluster; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and not __fish_seen_subcommand_from list on redeliver help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and not __fish_seen_subcommand_from list on redeliver help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and not __fish_seen_subcommand_from list on redeliver help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and not __fish_seen_subcommand_from list on redeliver help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and not __fish_seen_subcommand_from list on redeliver help" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and not __fish_seen_subcommand_from list on redeliver help" -f -a "list" -d 'All of chat.ini, with what became of their deliveries'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and not __fish_seen_subcommand_from list on redeliver help" -f -a "on" -d 'Switch one on again whose receiver answered 410'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and not __fish_seen_subcommand_from list on redeliver help" -f -a "redeliver" -d 'Begin again at a record of a room'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and not __fish_seen_subcommand_from list on redeliver help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from list" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from list" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from list" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from list" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from on" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from on" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from on" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from on" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from on" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from redeliver" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from redeliver" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from redeliver" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from redeliver" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from redeliver" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from help" -f -a "list" -d 'All of chat.ini, with what became of their deliveries'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from help" -f -a "on" -d 'Switch one on again whose receiver answered 410'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from help" -f -a "redeliver" -d 'Begin again at a record of a room'
complete -c chatctl -n "__fish_chatctl_using_subcommand hooks; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand reports" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand reports" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand reports" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand reports" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand reports" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand resolve" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand resolve" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand resolve" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand resolve" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand resolve" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand role" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand role" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand role" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand role" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand role" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand redact" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand redact" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand redact" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand redact" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand redact" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand clear" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand clear" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand clear" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand clear" -l delete -d 'Delete it from the logs, too: those that were rotated are removed'
complete -c chatctl -n "__fish_chatctl_using_subcommand clear" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand clear" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand erase" -l until -d 'The last record that is meant' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand erase" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand erase" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand erase" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand erase" -l account -d 'By their log-in, whatever they were called'
complete -c chatctl -n "__fish_chatctl_using_subcommand erase" -l here -d 'On this machine alone: another one has told it to'
complete -c chatctl -n "__fish_chatctl_using_subcommand erase" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand erase" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and not __fish_seen_subcommand_from export erase help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and not __fish_seen_subcommand_from export erase help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and not __fish_seen_subcommand_from export erase help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and not __fish_seen_subcommand_from export erase help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and not __fish_seen_subcommand_from export erase help" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and not __fish_seen_subcommand_from export erase help" -f -a "export" -d 'Give out all of it in JSON, an object a line'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and not __fish_seen_subcommand_from export erase help" -f -a "erase" -d 'Forget them: what they said and their names are overwritten, their roles, bans and sessions deleted'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and not __fish_seen_subcommand_from export erase help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from export" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from export" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from export" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from export" -l account -d 'The account, under all names that it had'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from export" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from erase" -l until -d 'The last record that is meant' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from erase" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from erase" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from erase" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from erase" -l account -d 'The account, under all names that it had'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from erase" -l here -d 'On this machine alone: another one has told it to'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from erase" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from erase" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from help" -f -a "export" -d 'Give out all of it in JSON, an object a line'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from help" -f -a "erase" -d 'Forget them: what they said and their names are overwritten, their roles, bans and sessions deleted'
complete -c chatctl -n "__fish_chatctl_using_subcommand person; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand say" -l as -d 'The name it is said under' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand say" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand say" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand say" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand say" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand say" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand event" -l once -d 'Your own id of it: told again with the same, it is told once' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand event" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand event" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand event" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand event" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand event" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand history" -s n -l last -d 'How many messages' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand history" -l before -d 'Only what is before this id' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand history" -l search -d 'Only what holds this, in any case' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand history" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand history" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand history" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand history" -l all -d 'Comings and goings too'
complete -c chatctl -n "__fish_chatctl_using_subcommand history" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand history" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand export" -l from -d 'From this moment on: a date as 2026-11-21, with a time as 2026-11-21T10:15, or an id; in UTC' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand export" -l to -d 'Up to this moment; a date alone means that whole day' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand export" -l format -d 'How: text, html or json (an array)' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand export" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand export" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand export" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand export" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand export" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand make-private" -l member -d 'An account that is to be in it, and to keep it; may be given several times' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand make-private" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand make-private" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand make-private" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand make-private" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand make-private" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand make-public" -l name -d 'What it is called then; without this as before it was made private' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand make-public" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand make-public" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand make-public" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand make-public" -l history -d 'Everybody may read what was said before'
complete -c chatctl -n "__fish_chatctl_using_subcommand make-public" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand make-public" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand purge" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand purge" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand purge" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand purge" -l force -d 'Also if people are in it'
complete -c chatctl -n "__fish_chatctl_using_subcommand purge" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand purge" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand expire" -l older-than -d 'The age: a number and days, weeks, months or years, as in 3months; for rooms of which chat.ini says nothing (KEEP)' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand expire" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand expire" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand expire" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand expire" -l dry-run -d 'Only say what would be deleted'
complete -c chatctl -n "__fish_chatctl_using_subcommand expire" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand expire" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand mend" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand mend" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand mend" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand mend" -l clock-is-right -d 'Also if every message of a room is in the future'
complete -c chatctl -n "__fish_chatctl_using_subcommand mend" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand mend" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand sample" -l every -d 'Stay, and do it again and again' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand sample" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand sample" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand sample" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand sample" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand sample" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand metrics" -l listen -d 'Answer /metrics on this address, of this machine or a private network, and stay' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand metrics" -l textfile -d 'Write them into this file (*.prom), as a whole, in place of the standard output' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand metrics" -l every -d 'Stay, and write the file again and again; with --listen each 15 s if left out' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand metrics" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand metrics" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand metrics" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand metrics" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand metrics" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -f -a "add" -d 'Make one; its token is shown, this once'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -f -a "list" -d 'All of them'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -f -a "token" -d 'Give one another token, and end what it does by the old one'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -f -a "remove" -d 'Remove one; what it said stays'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and not __fish_seen_subcommand_from add list token remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from add" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from add" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from add" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from add" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from list" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from list" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from list" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from list" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from token" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from token" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from token" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from token" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from remove" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from remove" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from remove" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from remove" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make one; its token is shown, this once'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from help" -f -a "list" -d 'All of them'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from help" -f -a "token" -d 'Give one another token, and end what it does by the old one'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove one; what it said stays'
complete -c chatctl -n "__fish_chatctl_using_subcommand bot; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and not __fish_seen_subcommand_from add list remove help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and not __fish_seen_subcommand_from add list remove help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and not __fish_seen_subcommand_from add list remove help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and not __fish_seen_subcommand_from add list remove help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and not __fish_seen_subcommand_from add list remove help" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and not __fish_seen_subcommand_from add list remove help" -f -a "add" -d 'Make one; its address is shown, this once'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and not __fish_seen_subcommand_from add list remove help" -f -a "list" -d 'Those of a room, or of all'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and not __fish_seen_subcommand_from add list remove help" -f -a "remove" -d 'Remove one: its address takes nothing from then on'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and not __fish_seen_subcommand_from add list remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from add" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from add" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from add" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from add" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from list" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from list" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from list" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from list" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from remove" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from remove" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from remove" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from remove" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make one; its address is shown, this once'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from help" -f -a "list" -d 'Those of a room, or of all'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove one: its address takes nothing from then on'
complete -c chatctl -n "__fish_chatctl_using_subcommand incoming; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand register" -l group -d 'What it is part of, as admin; may be given several times' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand register" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand register" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand register" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand register" -l bot -d 'It is a program\'s'
complete -c chatctl -n "__fish_chatctl_using_subcommand register" -l without-password -d 'Nobody can log in by it until a password is chosen (`passwd --link`)'
complete -c chatctl -n "__fish_chatctl_using_subcommand register" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand register" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand unregister" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand unregister" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand unregister" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand unregister" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand unregister" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand passwd" -l hours -d 'How long the link is good' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand passwd" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand passwd" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand passwd" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand passwd" -l link -d 'Print what its owner adds to the pages\' address to choose a password, once'
complete -c chatctl -n "__fish_chatctl_using_subcommand passwd" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand passwd" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand disable" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand disable" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand disable" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand disable" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand disable" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand enable" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand enable" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand enable" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand enable" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand enable" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand logout" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand logout" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand logout" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand logout" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand logout" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand groups" -l add -d 'A group; may be given several times' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand groups" -l remove -d 'A group; may be given several times' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand groups" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand groups" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand groups" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand groups" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand groups" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and not __fish_seen_subcommand_from show help" -l group -d 'Only those of this group' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and not __fish_seen_subcommand_from show help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and not __fish_seen_subcommand_from show help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and not __fish_seen_subcommand_from show help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and not __fish_seen_subcommand_from show help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and not __fish_seen_subcommand_from show help" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and not __fish_seen_subcommand_from show help" -f -a "show" -d 'All that is known of one, but what it logs in by'
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and not __fish_seen_subcommand_from show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and __fish_seen_subcommand_from show" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and __fish_seen_subcommand_from show" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and __fish_seen_subcommand_from show" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and __fish_seen_subcommand_from show" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and __fish_seen_subcommand_from help" -f -a "show" -d 'All that is known of one, but what it logs in by'
complete -c chatctl -n "__fish_chatctl_using_subcommand accounts; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand verify" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand verify" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand verify" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand verify" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand verify" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -l format -d 'What it is; else it is found out' -r -f -a "htpasswd\t'`NAME:HASH` a line, as `htpasswd -B` writes it'
csv\t'A head with name and password, and groups if there are'
ejabberd\t'`ejabberdctl export_piefxis`, or any other XEP-0227'"
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -l group -d 'What they all are part of' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -l dry-run -d 'Only say what would be made'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -a "ilias" -d 'A site for each client of an ILIAS chat server, by its server.cfg and each client.cfg; each key is mapped, to be done by hand, not applicable, or refused'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and not __fish_seen_subcommand_from ilias help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from ilias" -l host -d 'The host of a client\'s site; of a single client that of `server.cfg` if left out' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from ilias" -l user -d 'Who all their programs run as; made if it is not there. Else chat-NAME' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from ilias" -l prefix -d 'Where bin/chat-handler, lib/ and share/ are; else what chatctl itself is in' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from ilias" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from ilias" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from ilias" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from ilias" -l dry-run -d 'Only say what becomes of each key'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from ilias" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from ilias" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "ilias" -d 'A site for each client of an ILIAS chat server, by its server.cfg and each client.cfg; each key is mapped, to be done by hand, not applicable, or refused'
complete -c chatctl -n "__fish_chatctl_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand invite" -l uses -d 'How many accounts may be made by it' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand invite" -l hours -d 'How long it is good' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand invite" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand invite" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand invite" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand invite" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand invite" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand first-code" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand first-code" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand first-code" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand first-code" -l if-none -d 'Print nothing where there is an administrator, or where chat.ini wants no accounts: for a service\'s start'
complete -c chatctl -n "__fish_chatctl_using_subcommand first-code" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand first-code" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and not __fish_seen_subcommand_from explain help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and not __fish_seen_subcommand_from explain help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and not __fish_seen_subcommand_from explain help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and not __fish_seen_subcommand_from explain help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and not __fish_seen_subcommand_from explain help" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and not __fish_seen_subcommand_from explain help" -f -a "explain" -d 'Name each right of somebody, and the line of chat.ini that says so'
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and not __fish_seen_subcommand_from explain help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and __fish_seen_subcommand_from explain" -l room -d 'In this room' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and __fish_seen_subcommand_from explain" -l address -d 'Who come from there' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and __fish_seen_subcommand_from explain" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and __fish_seen_subcommand_from explain" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and __fish_seen_subcommand_from explain" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and __fish_seen_subcommand_from explain" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and __fish_seen_subcommand_from help" -f -a "explain" -d 'Name each right of somebody, and the line of chat.ini that says so'
complete -c chatctl -n "__fish_chatctl_using_subcommand acl; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l display-name -d 'What they are called in rooms' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l color -d 'Their color: #rrggbb, or a name of CSS' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l status -d 'What they are up to, in 100 characters' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l emoji -d 'An emoji before that' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l until -d 'Their status is over at this time: a date, with a time as 2026-11-21T10:15, or an id; in UTC' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l avatar -d 'Their picture: a JPEG, PNG, WebP or GIF file, from which a small square is made' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l no-display-name -d 'They are called as their account'
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l no-color -d 'They have no color of their own'
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l no-status -d 'They are up to nothing'
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l no-avatar -d 'They have no picture'
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand profile" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand backup" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand backup" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand backup" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand backup" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand backup" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand restore" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand restore" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand restore" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand restore" -l check -d 'Only say whether it is whole and as it was'
complete -c chatctl -n "__fish_chatctl_using_subcommand restore" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand restore" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and not __fish_seen_subcommand_from new-key sign fetch-keys help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and not __fish_seen_subcommand_from new-key sign fetch-keys help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and not __fish_seen_subcommand_from new-key sign fetch-keys help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and not __fish_seen_subcommand_from new-key sign fetch-keys help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and not __fish_seen_subcommand_from new-key sign fetch-keys help" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and not __fish_seen_subcommand_from new-key sign fetch-keys help" -f -a "new-key" -d 'Make a key (Ed25519): its public half goes into `JWT_KEYS`, the private one into the file NAME.key here'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and not __fish_seen_subcommand_from new-key sign fetch-keys help" -f -a "sign" -d 'Sign a token with such a key, and print it'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and not __fish_seen_subcommand_from new-key sign fetch-keys help" -f -a "fetch-keys" -d 'Fetch the keys that an identity provider publishes (a JWK set) into `JWT_KEYS`: a timer does it'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and not __fish_seen_subcommand_from new-key sign fetch-keys help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from new-key" -l private -d 'Where the private key goes in place of NAME.key' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from new-key" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from new-key" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from new-key" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from new-key" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from new-key" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l scope -d 'What its holder may do: post, read, moderate, admin; or user, a person' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l minutes -d 'For so long; a program\'s at most 15, a person\'s at most 1440' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l sub -d 'The account of a person' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l called -d 'What they are called' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l jti -d 'A name of its own, for revoking it' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l rooms -d 'The rooms it is for, as `game-*`; all if left out' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l private -d 'Where the private key is in place of NAME.key' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from sign" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from fetch-keys" -l url -d 'Where they are, in place of `JWT_KEYS_URL`' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from fetch-keys" -l name -d 'What the file is called: NAME.jwks' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from fetch-keys" -l ca-file -d 'Certificates to trust (PEM) in place of the system\'s' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from fetch-keys" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from fetch-keys" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from fetch-keys" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from fetch-keys" -l allow-private -d 'Also from this machine and private networks'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from fetch-keys" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from fetch-keys" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "new-key" -d 'Make a key (Ed25519): its public half goes into `JWT_KEYS`, the private one into the file NAME.key here'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "sign" -d 'Sign a token with such a key, and print it'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "fetch-keys" -d 'Fetch the keys that an identity provider publishes (a JWK set) into `JWT_KEYS`: a timer does it'
complete -c chatctl -n "__fish_chatctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -f -a "add" -d 'Make a site: its user, settings, directory and routes'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -f -a "list" -d 'The sites: hosts, user, rooms, bytes'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -f -a "check" -d 'Look for what is wrong with a site'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -f -a "remove" -d 'Delete a site, all its messages too; an archive of it stays'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and not __fish_seen_subcommand_from add list check remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l host -d 'The host that it is for, or *.example.org for all names below one; may be repeated' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l user -d 'Who its programs run as; made if it is not there. Else chat-NAME' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l people -d 'Handlers and questions at once, of all its rooms' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l per-address -d 'The same of one address' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l cert -d 'The certificate that its hosts show, a PEM file' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l key -d 'The certificate\'s key' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l prefix -d 'Where bin/chat-handler, lib/ and share/ are; else what chatctl itself is in' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from list" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from list" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from list" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from list" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from check" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from check" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from check" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from check" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from remove" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from remove" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from remove" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from remove" -l yes -d 'It is meant'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from remove" -l force -d 'Also if people are in its rooms'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from remove" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make a site: its user, settings, directory and routes'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "list" -d 'The sites: hosts, user, rooms, bytes'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "check" -d 'Look for what is wrong with a site'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Delete a site, all its messages too; an archive of it stays'
complete -c chatctl -n "__fish_chatctl_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand setup" -l cert -d 'The certificate of that name, a PEM file with its chain; else /etc/websocketd-rs/chat.pem, where certbot-hook puts it' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand setup" -l key -d 'The certificate\'s key' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand setup" -l register -d 'Who can make an account in the pages: no (nobody), invitation (who has a link) or open (everybody)' -r -f -a "no\t''
invitation\t''
open\t''"
complete -c chatctl -n "__fish_chatctl_using_subcommand setup" -l port -d 'Where it listens, 443 at first and then as it is; on 443 it also leads browsers there from 80' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand setup" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand setup" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand setup" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand setup" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand setup" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand doctor" -l daemon -d 'The daemon\'s file; else the one that the service has: CONFIG in /etc/default/websocketd-rs' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand doctor" -l url -d 'Where people find the chat, as <https://www.example.org/chat/>: it is asked as browsers do' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand doctor" -l ca -d 'Certificates to trust for it (PEM) in place of the system\'s' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand doctor" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand doctor" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand doctor" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand doctor" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand check" -l logrotate -d 'Where logrotate\'s rules are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand check" -l config -d 'The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand check" -l site -d 'The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini' -r
complete -c chatctl -n "__fish_chatctl_using_subcommand check" -l root -d 'Where /etc and /var are' -r -F
complete -c chatctl -n "__fish_chatctl_using_subcommand check" -l json -d 'Answer in JSON'
complete -c chatctl -n "__fish_chatctl_using_subcommand check" -s h -l help -d 'Print help'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "status" -d 'How many rooms, people and bytes there are'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "rooms" -d 'The rooms: people in them, size of the log, last change'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "users" -d 'Who is in a room, or in all'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "members" -d 'Who may be in a room for some only, or in a conversation'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "kick" -d 'Throw somebody out of a room; they may come back'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "ban" -d 'Keep somebody out of a room'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "unban" -d 'Let somebody in again'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "bans" -d 'The bans and mutes of a room, or of all'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "mute" -d 'Let somebody read but not speak'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "unmute" -d 'Let somebody speak again'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "slow" -d 'How slow a room is; with a number, how many seconds a member waits between two messages (0: none)'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "topic" -d 'What a room is about; with words, make it that (`\'\'`: nothing)'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "cluster" -d 'A chat on several machines: how this one is, which is behind, what it is to do'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "hooks" -d 'Webhooks: how they are, switch one on, deliver again'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "reports" -d 'What members reported to the moderators of a room, or of all'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "resolve" -d 'Take a report off the list'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "role" -d 'Who owns a room and who moderates it; with an account and a role, make somebody that'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "redact" -d 'Take a message back: its text is overwritten in the log'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "clear" -d 'Hide all that was said in a room so far; the logs and an export keep it'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "erase" -d 'Delete what one person said, from all logs, compressed ones too'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "person" -d 'What is kept about one person, in all rooms and logs: give it out, or forget it'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "say" -d 'Say something in a room'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "event" -d 'Tell the pages that hear a channel of something'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "history" -d 'What was said last'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "export" -d 'Everything that was said in a room, oldest first, compressed logs too'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "make-private" -d 'Make an open room one for some only: for those who are in it now, those who own it, and these'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "make-public" -d 'Make a room for some only one that everybody may enter'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "purge" -d 'Delete a room: its logs, topic and bans'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "expire" -d 'Delete old messages, and without a room also the sessions that ended and rooms nobody ever spoke in'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "mend" -d 'Give messages from the future the time of the last one before them: the clock was wrong'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "sample" -d 'Keep how many people, rooms and messages there are now, for the plots of the administration; a timer runs it'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "metrics" -d 'Give out how the chat is, as numbers for Prometheus: people, rooms, messages, log-ins, webhooks, disk'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "bot" -d 'Programs that are in rooms under a name of their own'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "incoming" -d 'Addresses at which other programs leave messages for a room: Slack\'s form, Grafana, Alertmanager, GitLab, Uptime Kuma'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "register" -d 'Make an account; its password is read from standard input, or asked for'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "unregister" -d 'Remove an account; what its owner said stays, and so that nobody takes over their rooms, its name (see `person erase`)'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "passwd" -d 'Give an account another password, from standard input or asked for; or a link to choose one'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "disable" -d 'Let nobody log in by an account; whoever is in by it is out at once'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "enable" -d 'Let its owner log in again'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "logout" -d 'End all log-ins by an account; its owner may log in anew'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "groups" -d 'What an account is part of; with --add and --remove, change it'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "accounts" -d 'The accounts: since when, in which groups, which of them are disabled'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "verify" -d 'Whether a password, from standard input or asked for, is that of an account; not counted as a guess'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "import" -d 'Make accounts of a file of another server\'s, or sites of its settings'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "invite" -d 'Print what somebody adds to the pages\' address to make an account (REGISTER=invitation)'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "first-code" -d 'Print the code by which the first administrator is made in the pages; good until there is one'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "acl" -d 'Who may do what'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "profile" -d 'How somebody is shown: what they are called, color, status, picture; with options, change it'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "backup" -d 'Save a site in one file, while it runs: rooms, private rooms, state, who may what, files; not who is there now'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "restore" -d 'Put what was saved into an empty `BASE_DIR`; before that all of it is read and compared with what was saved'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "token" -d 'Keys and tokens (JWT) of the site\'s own programs and log-in'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "site" -d 'The sites of one daemon'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "setup" -d 'Serve the chat on this machine without another web server: accounts, TLS, the service, the first administrator\'s link; with the same words again it changes nothing'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "doctor" -d 'Say what is wrong with the chat on this machine and how to mend it: files, disk, daemon, certificate, rotation, PHP, web server, relay. Exit status 1: something is'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "check" -d 'Look for what is wrong: settings, directories, logs, logrotate\'s rule'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and not __fish_seen_subcommand_from status rooms users members kick ban unban bans mute unmute slow topic cluster hooks reports resolve role redact clear erase person say event history export make-private make-public purge expire mend sample metrics bot incoming register unregister passwd disable enable logout groups accounts verify import invite first-code acl profile backup restore token site setup doctor check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from cluster" -f -a "status" -d 'How this machine\'s relay is; exit status 1 if people should be sent to other machines'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from cluster" -f -a "nodes" -d 'What was heard of each machine: when, and how far it is behind'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from cluster" -f -a "lag" -d 'What a message takes to the engine and back, in seconds'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from cluster" -f -a "drain" -d 'Send this machine\'s people to the others'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from cluster" -f -a "backfill" -d 'Take what this machine has missed from a copy of another\'s `BASE_DIR`; chat-relay and the daemon must be stopped'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from cluster" -f -a "accept-gap" -d 'Go on although records are missing that the engine does not have any more'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from hooks" -f -a "list" -d 'All of chat.ini, with what became of their deliveries'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from hooks" -f -a "on" -d 'Switch one on again whose receiver answered 410'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from hooks" -f -a "redeliver" -d 'Begin again at a record of a room'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from person" -f -a "export" -d 'Give out all of it in JSON, an object a line'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from person" -f -a "erase" -d 'Forget them: what they said and their names are overwritten, their roles, bans and sessions deleted'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from bot" -f -a "add" -d 'Make one; its token is shown, this once'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from bot" -f -a "list" -d 'All of them'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from bot" -f -a "token" -d 'Give one another token, and end what it does by the old one'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from bot" -f -a "remove" -d 'Remove one; what it said stays'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from incoming" -f -a "add" -d 'Make one; its address is shown, this once'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from incoming" -f -a "list" -d 'Those of a room, or of all'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from incoming" -f -a "remove" -d 'Remove one: its address takes nothing from then on'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from accounts" -f -a "show" -d 'All that is known of one, but what it logs in by'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from import" -f -a "ilias" -d 'A site for each client of an ILIAS chat server, by its server.cfg and each client.cfg; each key is mapped, to be done by hand, not applicable, or refused'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from acl" -f -a "explain" -d 'Name each right of somebody, and the line of chat.ini that says so'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "new-key" -d 'Make a key (Ed25519): its public half goes into `JWT_KEYS`, the private one into the file NAME.key here'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "sign" -d 'Sign a token with such a key, and print it'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "fetch-keys" -d 'Fetch the keys that an identity provider publishes (a JWK set) into `JWT_KEYS`: a timer does it'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "add" -d 'Make a site: its user, settings, directory and routes'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "list" -d 'The sites: hosts, user, rooms, bytes'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "check" -d 'Look for what is wrong with a site'
complete -c chatctl -n "__fish_chatctl_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "remove" -d 'Delete a site, all its messages too; an archive of it stays'
