complete -c websocketd-rs -l port -d 'Port to listen on. Without the flag 80, or 443 with --ssl; 0 lets the kernel choose one; the log says which' -r
complete -c websocketd-rs -l address -d 'Address to bind to, IPv6 in square brackets; may be given several times, each gets a listener on the same port. Without the flag all interfaces' -r
complete -c websocketd-rs -l unixsocket -d 'Listen on this Unix socket. Without --port, --address or --redirport there is then no TCP listener' -r -F
complete -c websocketd-rs -l unixsocket-mode -d 'Mode of the socket\'s file in octal: who may write to it may connect. Without the flag what the umask leaves, which is usually the owner alone. With --user the file is that user\'s' -r
complete -c websocketd-rs -l admin-address -d 'Answer /metrics (for Prometheus) and /healthz on this address, and only there' -r
complete -c websocketd-rs -l redirport -d 'Second port; its requests are redirected to the main one (for https-only sites); 0: none' -r
complete -c websocketd-rs -l sslcert -d 'Certificate chain, PEM, leaf first' -r -F
complete -c websocketd-rs -l sslkey -d 'Private key of the certificate, PEM (PKCS#8, PKCS#1 or SEC1)' -r -F
complete -c websocketd-rs -l sslca -d 'Require client certificates and verify them against the authorities in this PEM file' -r -F
complete -c websocketd-rs -l dir -d 'Serve every program below this directory as a WebSocket endpoint, instead of COMMAND' -r -F
complete -c websocketd-rs -l staticdir -d 'Serve static files from this directory over HTTP' -r -F
complete -c websocketd-rs -l cgidir -d 'Serve CGI programs from this directory over HTTP' -r -F
complete -c websocketd-rs -l header -d 'Header for every response, as "Name: value"; may be given several times' -r
complete -c websocketd-rs -l header-ws -d 'Header for responses that upgrade to WebSocket; may be given several times' -r
complete -c websocketd-rs -l header-http -d 'Header for all other responses; may be given several times' -r
complete -c websocketd-rs -l hidepath -d 'Start of a path, as /api/v1/in/, behind which the log shows nothing: what follows is a secret, as in addresses of incoming webhooks; may be given several times' -r
complete -c websocketd-rs -l origin -d 'Refuse upgrades (403) whose Origin is not in this list of [scheme://]host[:port], separated by commas; without a port any port matches, *.example.org stands for all names below example.org' -r
complete -c websocketd-rs -l authorize -d 'Ask this program before a client gets its 101. It finds the request in its environment and admits by exit status 0, or prints header fields (Status, Location, Variable, ...) as a CGI program does. Split into words as a shell splits them' -r
complete -c websocketd-rs -l htpasswd -d 'Ask clients for a name and a password of this file (HTTP Basic), which htpasswd -B writes. Pages of other sites may then connect only if --origin lists them. Read again on SIGHUP' -r -F
complete -c websocketd-rs -l authorizetimeout -d 'Milliseconds that --authorize or --htpasswd may take; later the client gets 503' -r
complete -c websocketd-rs -l trusted-proxy -d 'Proxies whose Forwarded and X-Forwarded-For / -Proto headers are believed: a list of addresses and networks (192.0.2.0/24), separated by commas' -r
complete -c websocketd-rs -l framing -d 'How messages stand in stdin and stdout of programs: line, each ends with a newline; nul, each text ends with a NUL byte and may hold newlines; length, records of a length, a type and any bytes, also for binary messages, close frames and pings. The program finds it in `WEBSOCKETD_FRAMING`. Without the flag lines' -r
complete -c websocketd-rs -l protocol -d 'Subprotocols that programs speak, separated by commas. The first one offered by the client that is listed is chosen; the program finds it in `WEBSOCKET_PROTOCOL`' -r
complete -c websocketd-rs -l refuse-while -d 'Refuse upgrades (503) while this file is there: proxies that know other servers send clients there. Sessions that are open go on' -r -F
complete -c websocketd-rs -l close-on-exit -d 'Close code for an exit status of the program, as STATUS:CODE with a code from 4000 to 4999; may be given several times. Without it status 0 gives 1000, any other 1011' -r
complete -c websocketd-rs -l passenv -d 'Variables of the daemon\'s environment that programs get, separated by commas; all others are left out. A list of your own replaces the default: name PATH too, or programs find no others, and `LANG` or `LC_ALL`, or some (Java, Python 2) print ? for what is not ASCII' -r
complete -c websocketd-rs -l env -d 'Variable for programs, as NAME=VALUE; may be given several times. One of the daemon\'s own that --passenv names gets this value' -r
complete -c websocketd-rs -l cwd -d 'Working directory of programs; without it the daemon\'s own. CGI programs start in the directory they are in' -r -F
complete -c websocketd-rs -l closems -d 'Milliseconds added to each wait before a program whose session has ended gets SIGINT (after 100), SIGTERM (250 later) and SIGKILL (500 later)' -r
complete -c websocketd-rs -l cgitimeout -d 'Milliseconds a CGI program may take' -r
complete -c websocketd-rs -l handlercpu -d 'Seconds of processor time of each program (`RLIMIT_CPU`); 0: as the daemon\'s own' -r
complete -c websocketd-rs -l handlermemory -d 'Bytes of address space of each program (`RLIMIT_AS`); 0: as the daemon\'s own. Address space is not memory in use: Java, Node and Go reserve gigabytes of it and do not start with less' -r
complete -c websocketd-rs -l handlerfiles -d 'Open files of each program (`RLIMIT_NOFILE`); 0: as the daemon\'s own' -r
complete -c websocketd-rs -l handlerprocs -d 'Processes of the user that programs run as (`RLIMIT_NPROC`); 0: as the daemon\'s own' -r
complete -c websocketd-rs -l term -d 'Kind of terminal that programs of --pty find in `TERM`, unless --passenv or --env name it; without the flag xterm-256color' -r
complete -c websocketd-rs -l shared -d 'Start one program for all clients. broadcast: each line of stdout goes to all, lines of all clients go to stdin. ids: the program reads "join ID ..", "msg ID TEXT", "leave ID CODE" and writes "all TEXT", "send ID TEXT", "but ID TEXT", "close ID CODE REASON", or what --framing has in their place' -r
complete -c websocketd-rs -l sharedby -d 'Who shares a program: all clients of the route, or those of the same path below it' -r
complete -c websocketd-rs -l sharedenv -d 'Further variables of the request in a join line, separated by commas' -r
complete -c websocketd-rs -l replay -d 'Last messages to all that a newcomer gets, together at most --maxqueue bytes' -r
complete -c websocketd-rs -l sharedrestart -d 'When a program that has ended starts again: failure, always or never. After five failures in a row its clients get 1011' -r
complete -c websocketd-rs -l sharedidle -d 'Milliseconds that a program without clients is kept; -1: for ever' -r
complete -c websocketd-rs -l maxshared -d 'Shared programs of one route at once; further paths get 429' -r
complete -c websocketd-rs -l maxqueue -d 'Bytes that may wait for one client before it counts as slow' -r
complete -c websocketd-rs -l slowms -d 'Milliseconds that the program waits for a slow client to read what waits for it' -r
complete -c websocketd-rs -l slowclient -d 'What becomes of a client that has not: close (with 1013), or drop (it misses messages until it has)' -r
complete -c websocketd-rs -l linger -d 'Milliseconds that a program is kept when its client\'s connection is lost, for clients that ask for it (htdocs/js/linger.js does): the client comes again, and nothing is lost nor comes twice. 0: no time' -r
complete -c websocketd-rs -l lingerbytes -d 'Bytes that such a client has not acknowledged before its program waits' -r
complete -c websocketd-rs -l lingertotal -d 'Bytes that wait for all such clients together before programs whose client is away wait' -r
complete -c websocketd-rs -l maxforks -d 'Programs (WebSocket and CGI) at once; further requests get 429; 0 or less: unlimited' -r
complete -c websocketd-rs -l maxconns -d 'Connections at once; further clients wait in the kernel\'s queue until one ends' -r
complete -c websocketd-rs -l maxconnsperip -d 'Connections at once from one client address (IPv6: from one /64); further ones get 429. For a client behind a --trusted-proxy its programs are counted. 0: unlimited; behind a proxy that is not trusted all clients share one address' -r
complete -c websocketd-rs -l maxframesize -d 'Bytes of a message from the client; larger ones close the connection with 1009; 0 or less: unlimited' -r
complete -c websocketd-rs -l maxfragments -d 'Fragments of one message; more close the connection with 1008' -r
complete -c websocketd-rs -l maxline -d 'Bytes of a line from the program; a longer one ends the session with 1011' -r
complete -c websocketd-rs -l maxheaderbytes -d 'Bytes of a request\'s head; larger ones get 431' -r
complete -c websocketd-rs -l maxheaders -d 'Header fields of a request; more get 431' -r
complete -c websocketd-rs -l maxenvbytes -d 'Bytes of a program\'s environment, most of which are the request\'s headers; larger ones get 431' -r
complete -c websocketd-rs -l tlstimeout -d 'Milliseconds for the TLS handshake' -r
complete -c websocketd-rs -l headertimeout -d 'Milliseconds from the first byte of a request\'s head to its end' -r
complete -c websocketd-rs -l idletimeout -d 'Milliseconds a kept-alive HTTP connection may be silent between requests' -r
complete -c websocketd-rs -l sessionidletimeout -d 'Milliseconds a session may pass without a message in either direction (pings do not count) before it is closed with 4408; 0: for ever' -r
complete -c websocketd-rs -l writetimeout -d 'Milliseconds a write to the client may make no progress before the connection is dropped' -r
complete -c websocketd-rs -l closetimeout -d 'Milliseconds to wait for the client\'s close frame after ours' -r
complete -c websocketd-rs -l pingms -d 'Milliseconds of a client\'s silence before it is pinged; one that is silent for two is dropped, and its program gets SIGURG before its stdin ends; 0: no pings' -r
complete -c websocketd-rs -l shutdowngrace -d 'Milliseconds that programs get to end by themselves when the daemon stops' -r
complete -c websocketd-rs -l config -d 'Read flags from this file too, as "flag=value" lines without the dashes; flags on the command line win. Sections [route /PATH] and [route //HOST/PATH] serve more programs and directories below their path, [host HOST] says what holds for a host, [tcp NAME] serves programs over bare TCP or TLS, and include=DIR reads more such files. Read again on SIGHUP' -r -F
complete -c websocketd-rs -l exit-when-idle -d 'Stop when there has been no connection for so many milliseconds (for socket activation); 0: never' -r
complete -c websocketd-rs -l user -d 'Become this user, with its groups only, once the ports are bound. Programs run as that user and can\'t gain rights through set-uid bits. Needs root. A reload reads certificates and opens the log file as that user. In a [route]: the user of that route\'s programs' -r
complete -c websocketd-rs -l loglevel -d 'Lowest severity that is logged: debug, trace, access, info, error, fatal or none' -r
complete -c websocketd-rs -l log-format -d 'Form of a log line: classic (websocketd\'s), json (one object a line) or journal (priority and no time, for journald)' -r
complete -c websocketd-rs -l log-file -d 'Append the log to this file instead of stdout; reopened on SIGHUP, for log rotation' -r -F
complete -c websocketd-rs -l ssl -d 'Serve https and wss (TLS 1.2 or newer); needs --sslcert and --sslkey'
complete -c websocketd-rs -l devconsole -d 'Serve a page for trying the endpoint on every path; not together with --staticdir or --cgidir'
complete -c websocketd-rs -l gzip -d 'Compress stored files and CGI replies of text for clients that accept gzip. Not for CGI programs that put a secret and a visitor\'s own words on one page: the length of a compressed page lets a listener guess at the secret (BREACH)'
complete -c websocketd-rs -l sameorigin -d 'Refuse upgrades (403) whose Origin is not the scheme, host and port of the request. Scripts on a name that its owner points at this server (DNS rebinding) still pass: name your hosts by --origin to keep them out'
complete -c websocketd-rs -l authorizeall -d 'Have --authorize or --htpasswd decide about plain requests (files, CGI, console) too'
complete -c websocketd-rs -l proxy-protocol -d 'Expect a PROXY header (version 1 or 2) at the start of each connection from a --trusted-proxy, and take the client\'s address from it'
complete -c websocketd-rs -l reverselookup -d 'Look up the client\'s name in DNS for the program (in `REMOTE_HOST`) and the log'
complete -c websocketd-rs -l binary -d 'Binary mode: every read from the program is one binary message, every binary message goes to its stdin as it is'
complete -c websocketd-rs -l passstderr -d 'Send stderr lines to the client too: each line of stdout or stderr becomes {"stream":"..","data":".."}'
complete -c websocketd-rs -l refuse-with-close -d 'Answer an upgrade that is refused with 101 and a close frame whose code is 4000 more than the HTTP status: pages see a close code, but no status'
complete -c websocketd-rs -l unbuffered -d 'Make stdout of programs a terminal that changes no byte, so that those which hold back their output from pipes write each line at once. stdin and stderr stay pipes. `TERM` is dumb and `NO_COLOR` 1 unless --passenv or --env name them'
complete -c websocketd-rs -l pty -d 'Give programs a terminal, as a person sits at: binary messages are keys and what is shown, a text message {"resize":[COLUMNS,ROWS]} sets the size. Clients of ttyd are served too (subprotocol tty). Without --origin pages of other sites are refused'
complete -c websocketd-rs -l terminal -d 'Serve a page that shows the terminal of --pty, on every path; not together with --devconsole, --staticdir or --cgidir'
complete -c websocketd-rs -l readonly -d 'Drop what clients send: they see what programs write, and can\'t type. A terminal still takes its size'
complete -c websocketd-rs -l check -d 'Check flags, configuration file and TLS files, report what is wrong, and exit'
complete -c websocketd-rs -l healthcheck -d 'Ask the daemon that listens at --admin-address, here or in the file of --config, for /healthz, and exit: 0 if it serves, else 1'
complete -c websocketd-rs -l once -d 'Stop when the first session has ended'
complete -c websocketd-rs -s h -l help -d 'Print this and exit'
complete -c websocketd-rs -l version -d 'Print the version and exit'
complete -c websocketd-rs -l license -d 'Print the license and exit'
