_websocketd__rs() {
    local i cur prev opts cmd
    COMPREPLY=()
    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
        cur="$2"
    else
        cur="${COMP_WORDS[COMP_CWORD]}"
    fi
    prev="$3"
    cmd=""
    opts=""

    for i in "${COMP_WORDS[@]:0:COMP_CWORD}"
    do
        case "${cmd},${i}" in
            ",$1")
                cmd="websocketd__rs"
                ;;
            *)
                ;;
        esac
    done

    case "${cmd}" in
        websocketd__rs)
            opts="-h --port --address --unixsocket --unixsocket-mode --admin-address --redirport --ssl --sslcert --sslkey --sslca --dir --staticdir --cgidir --devconsole --gzip --header --header-ws --header-http --hidepath --sameorigin --origin --authorize --htpasswd --authorizeall --authorizetimeout --trusted-proxy --proxy-protocol --reverselookup --binary --framing --passstderr --protocol --refuse-with-close --refuse-while --close-on-exit --passenv --env --cwd --closems --cgitimeout --handlercpu --handlermemory --handlerfiles --handlerprocs --unbuffered --pty --term --terminal --readonly --shared --sharedby --sharedenv --replay --sharedrestart --sharedidle --maxshared --maxqueue --slowms --slowclient --linger --lingerbytes --lingertotal --maxforks --maxconns --maxconnsperip --maxframesize --maxfragments --maxline --maxheaderbytes --maxheaders --maxenvbytes --tlstimeout --headertimeout --idletimeout --sessionidletimeout --writetimeout --closetimeout --pingms --shutdowngrace --config --check --healthcheck --once --exit-when-idle --user --loglevel --log-format --log-file --help --version --license"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 1 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --port)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --address)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --unixsocket)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --unixsocket-mode)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --admin-address)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --redirport)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sslcert)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sslkey)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sslca)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --dir)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --staticdir)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cgidir)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --header)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --header-ws)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --header-http)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --hidepath)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --origin)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --authorize)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --htpasswd)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --authorizetimeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --trusted-proxy)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --framing)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --protocol)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --refuse-while)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --close-on-exit)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --passenv)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --env)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cwd)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --closems)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cgitimeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --handlercpu)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --handlermemory)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --handlerfiles)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --handlerprocs)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --term)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --shared)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sharedby)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sharedenv)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --replay)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sharedrestart)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sharedidle)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxshared)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxqueue)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --slowms)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --slowclient)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --linger)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --lingerbytes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --lingertotal)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxforks)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxconns)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxconnsperip)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxframesize)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxfragments)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxline)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxheaderbytes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxheaders)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --maxenvbytes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tlstimeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --headertimeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --idletimeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sessionidletimeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --writetimeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --closetimeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --pingms)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --shutdowngrace)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --exit-when-idle)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --user)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --loglevel)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log-format)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
    esac
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _websocketd__rs -o nosort -o bashdefault -o default websocketd-rs
else
    complete -F _websocketd__rs -o bashdefault -o default websocketd-rs
fi
