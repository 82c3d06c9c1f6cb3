#!/bin/sh
# A pod composed by hand: nginx on port 80 proxies to an application on 127.0.0.1:4000. Both are in
# the namespaces of one pause process, and port 8888 of this machine leads to port 80 of the pod.
# First they are programs of this machine; then containers, of images that are made of its files on the
# spot: no registry is asked, and where images are kept is a directory that goes in the end.
#
# With the programs of podkit in PATH (`cargo xtask dist --payload` builds them, and `probe`), run
# it as root or as anybody. To see it with other parts:
#   PORT=9000   publish there instead
#   APP='...'   this application instead of `probe http` (it has to answer on 127.0.0.1:4000)
#   NGINX=      do without nginx: a small bundled proxy takes its place
# Containers need Linux 5.12.
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
    if [ -n "$made" ]; then run pod delete "$made" || status=$?; fi
    # Files of images may be of ids that only pod gives away and takes back.
    if [ -d "$work/images" ]; then POD_DATA_DIR=$work/images pod image prune --all >/dev/null || status=$?; fi
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 141' PIPE

say "a sandbox: pause holds its network, IPC, hostname and process ids"
run pod create web --publish "127.0.0.1:$port:80"
made=web

# What nginx does, with its files in one place, and who its workers are.
conf() {
    cat <<CONF
daemon off;
$2
pid $1/nginx.pid;
error_log stderr;
events { worker_connections 64; }
http {
    access_log /dev/stdout;
    client_body_temp_path $1/body;
    proxy_temp_path $1/proxy;
    fastcgi_temp_path $1/fastcgi;
    uwsgi_temp_path $1/uwsgi;
    scgi_temp_path $1/scgi;
    server {
        listen 80;
        location / { proxy_pass http://127.0.0.1:4000; }
    }
}
CONF
}
if [ -n "$nginx" ]; then
    say "nginx joins it (the real one: $nginx)"
    # As the root of a user namespace of ours there is no other user for the workers to become.
    [ "$(id -u)" = 0 ] && user= || user='user root;'
    conf "$work" "$user" >"$work/nginx.conf"
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
run pod delete web
made=

# Puts programs of this machine, and the libraries that they are linked with, below a directory.
root=$work/root
take() {
    for file in "$@" $(ldd "$@" 2>/dev/null | grep -o '/[^ ]*' | grep -v ':$' || true); do
        mkdir -p "$root$(dirname "$file")"
        cp -L "$file" "$root$file"
    done
}
# Makes an image of what is there: its name, and the words that it runs.
image() {
    printf '$ tar -C root -c . | pod image import -c %s - %s\n' "'CMD $2'" "$1"
    tar -C "$root" -c . | pod image import -c "CMD $2" - "$1"
    rm -rf "$root"
}
begin() {
    mkdir -p "$root/etc" "$root/tmp" "$root/bin"
    printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
}
export POD_DATA_DIR="$work/images"

probe=$(command -v probe)
begin
if [ -n "$nginx" ]; then
    say "the same of images: one of nginx, made of this machine's files"
    nginx=$(command -v "$nginx")
    # Older C libraries look users up by a library that nothing is linked with.
    # shellcheck disable=SC2046  # names without blanks
    take "$nginx" $(ls /lib/*/libnss_files.so.2 /lib64/libnss_files.so.2 2>/dev/null || true)
    [ "$(id -u)" = 0 ] && user='user nobody nogroup;' || user='user root;'
    conf /tmp "$user" >"$root/etc/nginx.conf"
    image nginx "[\"$nginx\", \"-e\", \"stderr\", \"-c\", \"/etc/nginx.conf\"]"
else
    say "the same of images: one of the bundled proxy"
    take "$probe"
    image nginx "[\"$probe\", \"http\", \"--listen\", \"0.0.0.0:80\", \"--proxy\", \"127.0.0.1:4000\"]"
fi

say "and one of the application"
begin
take "$probe"
image app "[\"$probe\", \"http\", \"--listen\", \"127.0.0.1:4000\", \"--body\", \"hello-from-a-container\"]"
run pod image list

say "two containers in one pod: the roots, users and rights are their own, the network is one"
run pod create shop --publish "127.0.0.1:$port:80"
made=shop
run pod add shop --name nginx --image nginx
run pod add shop --name app --image app

say "the page, through the published port"
run probe get "http://127.0.0.1:$port/"

say "a file out of one of them"
run pod cp -c app shop:/etc/hosts "$work/hosts"
run grep localhost "$work/hosts"

say "what is in the pod"
run pod get
run pod exec shop -- probe processes

say "and away with it"
