#!/bin/sh
# A pod composed by hand: nginx on port 80 proxies to an application on 127.0.0.1:4000. Both are in
# the namespaces of one pause process, and port 8888 of this machine leads to port 80 of the pod.
#
# With the programs of podkit in PATH (`cargo xtask dist --payload` builds them, and `probe`), run
# it as root or as anybody. To see it with other parts:
#   PORT=9000   publish there instead
#   APP='...'   this application instead of `probe http` (it has to answer on 127.0.0.1:4000)
#   NGINX=      do without nginx: a small bundled proxy takes its place
set -eu

PATH=$PATH:/usr/sbin
port=${PORT:-8888}
nginx=${NGINX-$(command -v nginx || true)}
app=${APP:-probe http --listen 127.0.0.1:4000 --body hello-from-the-application}

work=$(mktemp -d)
chmod 755 "$work"
made=

say() { printf '\n# %s\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }
clean_up() {
    status=$?
    trap - EXIT
    trap '' INT TERM PIPE
    if [ -n "$made" ]; then run pod delete web || status=$?; fi
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 141' PIPE

say "a sandbox: pause holds its network, IPC, hostname and process ids"
run pod create web --publish "127.0.0.1:$port:80"
made=yes

if [ -n "$nginx" ]; then
    say "nginx joins it (the real one: $nginx)"
    # As the root of a user namespace of ours there is no other user for the workers to become.
    [ "$(id -u)" = 0 ] && user= || user='user root;'
    cat >"$work/nginx.conf" <<CONF
daemon off;
$user
pid $work/nginx.pid;
error_log stderr;
events { worker_connections 64; }
http {
    access_log /dev/stdout;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    server {
        listen 80;
        location / { proxy_pass http://127.0.0.1:4000; }
    }
}
CONF
    run pod add web --name nginx -- "$nginx" -e stderr -c "$work/nginx.conf"
else
    say "a small bundled proxy joins it, in the place of nginx"
    run pod add web --name nginx -- probe http --listen 0.0.0.0:80 --proxy 127.0.0.1:4000
fi

say "the application joins it"
# shellcheck disable=SC2086  # a command line, and to be split as one
run pod add web --name app -- $app

say "the page, through the published port"
run probe get "http://127.0.0.1:$port/"

say "what is in the pod"
run pod get
run pod exec web -- probe processes

say "and away with it"
