# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_klaxond_global_optspecs
    string join \n h/help V/version
end

function __fish_klaxond_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_klaxond_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_klaxond_using_subcommand
    set -l cmd (__fish_klaxond_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c klaxond -n "__fish_klaxond_needs_command" -s h -l help -d 'Print help'
complete -c klaxond -n "__fish_klaxond_needs_command" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "run" -d 'Run the daemon'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "check" -d 'Say what is wrong with the config, all at once'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "reload" -d 'Make the running daemon read its config again'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "send" -d 'Hand in alarm records'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "demo" -d 'Show the whole path on this machine, without an account'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "sandbox" -d 'Stand in for Meta\'s Cloud API'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "test-message" -d 'Send one message to see that it arrives'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "templates" -d 'Look at the message templates at Meta, hand them in, bring them over'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "explain" -d 'Say what would come of one record, and why'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "simulate" -d 'Say what the rules would have made of a history'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "test" -d 'Test the rules: alarms at times, messages expected at times'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "why" -d 'Say what became of an alarm or a message, and what to do'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "messages" -d 'List messages, the newest first'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "status" -d 'Say how things stand, and who is not told and why'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "contacts" -d 'List people and whether they are told; forget one'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "alarms" -d 'List open alarms, the worst first'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "silence" -d 'Tell nothing of certain alarms for a while'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "ack" -d 'Take an alarm by hand'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "retry" -d 'Send a message again that failed or expired'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "clear" -d 'End an alarm by hand'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "audit" -d 'Export the audit trail'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "backup" -d 'Copy the database while the daemon runs'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "generate" -d 'Write man pages and shell completions'
complete -c klaxond -n "__fish_klaxond_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand run" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand run" -s h -l help -d 'Print help'
complete -c klaxond -n "__fish_klaxond_using_subcommand run" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand check" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand check" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand check" -l online -d 'Look up the token, the number and the templates at Meta'
complete -c klaxond -n "__fish_klaxond_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand check" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand reload" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand reload" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand reload" -l dry-run -d 'Say what would change and what would be sent at once, and change nothing'
complete -c klaxond -n "__fish_klaxond_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand reload" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand send" -l from -d 'Another system calls; its own arguments follow after --' -r -f -a "nagios\t'Nagios, Icinga 1, Naemon: NAGIOS_… in the environment, or NAME=value after --'
icinga2\t'Icinga 2: -l host -e service -s state -t type … after --'
zabbix\t'Zabbix: the parameters of a script media type after --'
alertmanager\t'Alertmanager or Grafana: their JSON on standard input'
dataminer\t'DataMiner: Correlation Alarm Info after --, or on standard input'"
complete -c klaxond -n "__fish_klaxond_using_subcommand send" -l wait -d 'How long to wait while nothing is taken' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand send" -l socket -d 'The daemon\'s alarm socket' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand send" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand send" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand demo" -l output -d 'How to print; json is one object a line' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand demo" -l keep -d 'Leave it running until Ctrl-C'
complete -c klaxond -n "__fish_klaxond_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand demo" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l listen -d 'Where to listen' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l config -d 'Know the templates of this config and no others; any template is taken without it' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l throughput -d 'Messages a second for all phones together (130429)' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l fail -d 'Let something fail; can be given several times, see below' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l token -d 'The only token that is taken; any without it' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l webhook -d 'Post receipts, replies and news of templates there, as Meta does' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l app-secret-file -d 'Holds the app secret that signs them' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l verify-token-file -d 'Holds the verify token; with it the handshake comes first, until it is answered' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l webhook-delay -d 'Time from accepted to sent, from there to delivered, from there to read' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l review -d 'How long a template that is handed in waits for approval, or `never`' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l seed -d 'Draw what is left to chance as the run with this seed did' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l output -d 'How to print; json is one object a line' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l accept-unknown-templates -d 'Take templates that the config does not have as well'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l pair-limit -d 'Meta\'s limit for each phone: one message in 6 s, up to 45 borrowed (131056)'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -l quiet -d 'Print the address and the tally only'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -f -a "tap" -d 'Tap a button of the last message on a phone that has it'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -f -a "reply" -d 'Write to the business number'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -f -a "phones" -d 'List the phones and their last messages'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -f -a "template" -d 'Decide about a template'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -f -a "token" -d 'End all access tokens, or make them good again'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -f -a "fail" -d 'Replace the faults; without any, nothing fails'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and not __fish_seen_subcommand_from tap reply phones template token fail help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from tap" -l at -d 'Where the sandbox runs' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from tap" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from tap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from tap" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from reply" -l at -d 'Where the sandbox runs' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from reply" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from reply" -l quote -d 'As an answer to the last message on the phone'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from reply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from reply" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from phones" -l last -d 'Messages of each phone' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from phones" -l at -d 'Where the sandbox runs' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from phones" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from phones" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from phones" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from template" -l language -d 'Only in this language' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from template" -l at -d 'Where the sandbox runs' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from template" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from template" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from template" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l for -d 'When renewed ones end; never without it' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l at -d 'Where the sandbox runs' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from fail" -l at -d 'Where the sandbox runs' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from fail" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from fail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from fail" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "tap" -d 'Tap a button of the last message on a phone that has it'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "reply" -d 'Write to the business number'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "phones" -d 'List the phones and their last messages'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "template" -d 'Decide about a template'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "token" -d 'End all access tokens, or make them good again'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "fail" -d 'Replace the faults; without any, nothing fails'
complete -c klaxond -n "__fish_klaxond_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand test-message" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand test-message" -l to -d 'A number instead of a contact: country code first, digits only' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand test-message" -l template -d 'The template to send' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand test-message" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand test-message" -l hello-world -d 'Send Meta\'s own hello_world template, which every test number has'
complete -c klaxond -n "__fish_klaxond_using_subcommand test-message" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand test-message" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and not __fish_seen_subcommand_from list check push import help" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and not __fish_seen_subcommand_from list check push import help" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and not __fish_seen_subcommand_from list check push import help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and not __fish_seen_subcommand_from list check push import help" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and not __fish_seen_subcommand_from list check push import help" -f -a "list" -d 'Every template that Meta has'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and not __fish_seen_subcommand_from list check push import help" -f -a "check" -d 'Whether those of the config are as Meta has them'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and not __fish_seen_subcommand_from list check push import help" -f -a "push" -d 'Hand in those of the config'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and not __fish_seen_subcommand_from list check push import help" -f -a "import" -d 'Print one that Meta has as a piece of config'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and not __fish_seen_subcommand_from list check push import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from list" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from list" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from check" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from check" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from push" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from push" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from push" -l all -d 'All of the config'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from push" -l edit-approved -d 'Also change the text of an approved one; it cannot be sent until it is reviewed again'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from push" -l dry-run -d 'Only show what would be handed in'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from push" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from import" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from import" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from help" -f -a "list" -d 'Every template that Meta has'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from help" -f -a "check" -d 'Whether those of the config are as Meta has them'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from help" -f -a "push" -d 'Hand in those of the config'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from help" -f -a "import" -d 'Print one that Meta has as a piece of config'
complete -c klaxond -n "__fish_klaxond_using_subcommand templates; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand explain" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand explain" -l history -d 'Records that came before it, as `simulate` reads them' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand explain" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand explain" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand simulate" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand simulate" -l since -d 'Take the history of so long from the daemon\'s database' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand simulate" -l against -d 'Print only what another config would say differently' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand simulate" -l until -d 'End at this time (RFC 3339), or so long after the last record (2h)' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand simulate" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand simulate" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand test" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand test" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand why" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand why" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand why" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand messages" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand messages" -l contact -d 'Only of this contact' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand messages" -l state -d 'Only in this state' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand messages" -l since -d 'Only of the last so long' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand messages" -l limit -d 'At most so many, 1000 at most' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand messages" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand messages" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand messages" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand status" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand status" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand status" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and not __fish_seen_subcommand_from forget help" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and not __fish_seen_subcommand_from forget help" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and not __fish_seen_subcommand_from forget help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and not __fish_seen_subcommand_from forget help" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and not __fish_seen_subcommand_from forget help" -f -a "forget" -d 'Erase a person\'s number and words'
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and not __fish_seen_subcommand_from forget help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and __fish_seen_subcommand_from forget" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and __fish_seen_subcommand_from forget" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and __fish_seen_subcommand_from forget" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and __fish_seen_subcommand_from help" -f -a "forget" -d 'Erase a person\'s number and words'
complete -c klaxond -n "__fish_klaxond_using_subcommand contacts; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand alarms" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand alarms" -l filter -d 'Only those that this filter takes' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand alarms" -l limit -d 'At most so many' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand alarms" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand alarms" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand alarms" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -s h -l help -d 'Print help'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -f -a "add" -d 'Begin one'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -f -a "list" -d 'List those that hold or are to come'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -f -a "expire" -d 'End some before their time'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from add" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from add" -l for -d 'For how long' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from add" -l until -d 'Until when' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from add" -l from -d 'From when on [default: at once]' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from add" -l comment -d 'Why' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from add" -l by -d 'Who wants it [default: the user that calls]' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from add" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from list" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from list" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from list" -l expired -d 'Those that ended, too'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from expire" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from expire" -l by -d 'Who ends them [default: the user that calls]' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from expire" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from expire" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from expire" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "add" -d 'Begin one'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "list" -d 'List those that hold or are to come'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "expire" -d 'End some before their time'
complete -c klaxond -n "__fish_klaxond_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand ack" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand ack" -l by -d 'Who takes it, as the others read it [default: the user that calls]' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand ack" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand ack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand ack" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand retry" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand retry" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand retry" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand clear" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand clear" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand clear" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand clear" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and not __fish_seen_subcommand_from export help" -s h -l help -d 'Print help'
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and not __fish_seen_subcommand_from export help" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and not __fish_seen_subcommand_from export help" -f -a "export" -d 'Print the audit trail in order, one fact a line'
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and not __fish_seen_subcommand_from export help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and __fish_seen_subcommand_from export" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and __fish_seen_subcommand_from export" -l since -d 'From this time on: RFC 3339, or so long ago (24h)' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and __fish_seen_subcommand_from export" -l until -d 'Before this time' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and __fish_seen_subcommand_from export" -l id -d 'Only of an alarm (its root id), a message (m17, d2), a silence (s17) or a contact' -r
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and __fish_seen_subcommand_from export" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "export" -d 'Print the audit trail in order, one fact a line'
complete -c klaxond -n "__fish_klaxond_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand backup" -l config -d 'The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand backup" -l database -d 'The database to copy, instead of the one that the config names' -r -F
complete -c klaxond -n "__fish_klaxond_using_subcommand backup" -l output -d 'How to print' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c klaxond -n "__fish_klaxond_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c klaxond -n "__fish_klaxond_using_subcommand backup" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand generate" -s h -l help -d 'Print help'
complete -c klaxond -n "__fish_klaxond_using_subcommand generate" -s V -l version -d 'Print version'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "run" -d 'Run the daemon'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "check" -d 'Say what is wrong with the config, all at once'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "reload" -d 'Make the running daemon read its config again'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "send" -d 'Hand in alarm records'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "demo" -d 'Show the whole path on this machine, without an account'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "sandbox" -d 'Stand in for Meta\'s Cloud API'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "test-message" -d 'Send one message to see that it arrives'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "templates" -d 'Look at the message templates at Meta, hand them in, bring them over'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "explain" -d 'Say what would come of one record, and why'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "simulate" -d 'Say what the rules would have made of a history'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "test" -d 'Test the rules: alarms at times, messages expected at times'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "why" -d 'Say what became of an alarm or a message, and what to do'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "messages" -d 'List messages, the newest first'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "status" -d 'Say how things stand, and who is not told and why'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "contacts" -d 'List people and whether they are told; forget one'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "alarms" -d 'List open alarms, the worst first'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "silence" -d 'Tell nothing of certain alarms for a while'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "ack" -d 'Take an alarm by hand'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "retry" -d 'Send a message again that failed or expired'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "clear" -d 'End an alarm by hand'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "audit" -d 'Export the audit trail'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "backup" -d 'Copy the database while the daemon runs'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "generate" -d 'Write man pages and shell completions'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and not __fish_seen_subcommand_from run check reload send demo sandbox test-message templates explain simulate test why messages status contacts alarms silence ack retry clear audit backup generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from sandbox" -f -a "tap" -d 'Tap a button of the last message on a phone that has it'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from sandbox" -f -a "reply" -d 'Write to the business number'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from sandbox" -f -a "phones" -d 'List the phones and their last messages'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from sandbox" -f -a "template" -d 'Decide about a template'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from sandbox" -f -a "token" -d 'End all access tokens, or make them good again'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from sandbox" -f -a "fail" -d 'Replace the faults; without any, nothing fails'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from templates" -f -a "list" -d 'Every template that Meta has'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from templates" -f -a "check" -d 'Whether those of the config are as Meta has them'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from templates" -f -a "push" -d 'Hand in those of the config'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from templates" -f -a "import" -d 'Print one that Meta has as a piece of config'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from contacts" -f -a "forget" -d 'Erase a person\'s number and words'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from silence" -f -a "add" -d 'Begin one'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from silence" -f -a "list" -d 'List those that hold or are to come'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from silence" -f -a "expire" -d 'End some before their time'
complete -c klaxond -n "__fish_klaxond_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "export" -d 'Print the audit trail in order, one fact a line'
