#!/usr/bin/env bash
# Makes the file tree of the image: Debian's Python, our locked wheels and shipper, and nothing that a shell could start.
#
#   image/rootfs.sh FOLDER
#
# Needs Debian 12, root (the owners of files), Python with pip (PYTHON, by default python3), and on the way Debian's
# packages and Python's. The same source, locks and packages give the same tree, byte by byte (image/digest.py).
#
#   TRUST_KEY     the vendor's public key (PEM): what operators and license servers trust unless told otherwise
#   APT_SOURCES   lines of a sources.list, by which Debian's packages are taken instead of by those of the machine
#   CACHE         a folder that keeps Debian's packages for the next time
#   SOURCE_DATE_EPOCH   the time of every file, in seconds
#
# What it leaves behind when it fails is nothing.
set -euo pipefail
umask 022

(($# == 1)) || { echo "usage: image/rootfs.sh FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")
python=$(realpath --no-symlinks "$(command -v "${PYTHON:-python3}")")
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1580601600}
export LC_ALL=C.UTF-8 PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# shellcheck disable=SC1091
[[ $(. /etc/os-release && echo "${VERSION_CODENAME:-}") == bookworm ]] || { echo "rootfs.sh: needs Debian 12 (bookworm)" >&2; exit 1; }
((EUID == 0)) || { echo "rootfs.sh: needs root, as files get their owners" >&2; exit 1; }
[[ ! -e $1 ]] || { echo "rootfs.sh: \"$1\" exists" >&2; exit 1; }

work=$(mktemp -d)
root=
# A tree that isn't complete is none
trap 'rm -rf "$work" ${root:+"$root"}' EXIT
cache=${CACHE:-$work/cache}
mkdir -p "$cache/debian" "$cache/lists/partial" "$work/site"
cache=$(cd "$cache" && pwd)
mkdir "$1"
root=$(cd "$1" && pwd)
chmod 755 "$root"
# Not where Python would find modules of whoever calls
cd "$work"

# -- Debian's packages, the newest that the sources have ----------------------------------------------------------------
# Neither what apt knows of the machine nor what is installed there counts
apt=(-qq -o APT::Sandbox::User=root -o "Dir::State::lists=$cache/lists" -o Dir::State::status=/dev/null
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
if [[ -n ${APT_SOURCES:-} ]]; then
    printf '%s\n' "$APT_SOURCES" >"$work/sources.list"
    apt+=(-o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null)
fi
mapfile -t names < <(grep -v '^#' "$here/packages.txt")
apt-get "${apt[@]}" update
(cd "$cache/debian" && apt-get "${apt[@]}" download "${names[@]}")
apt-get "${apt[@]}" download --print-uris "${names[@]}" >"$work/uris"

# -- Python packages and shipper ---------------------------------------------------------------------------------------
install=("$python" -m pip --quiet install --python-version 3.11 --only-binary :all: --no-compile --target "$work/site")
"${install[@]}" --require-hashes --requirement "$source/requirements/server.txt" --report "$work/locked.json"
# Hatchling is in the lock, for those who build; it stays out of the image
(cd "$source" && PYTHONPATH=$work/site "$python" -m hatchling build --target wheel --directory "$work/dist" >"$work/log" 2>&1) \
    || { cat "$work/log" >&2; exit 1; }
"${install[@]}" --no-deps --no-index --upgrade "$work"/dist/shipper-*.whl
PYTHONPATH=$work/site "$python" "$here/runtime.py" "$work/site" "$work/shipper"

if [[ -n ${TRUST_KEY:-} ]]; then
    PYTHONPATH=$work/site:$source "$python" "$here/trust_key.py" >"$work/vendor.pub"
fi

# -- Debian -----------------------------------------------------------------------------------------------------------
# /bin, /lib and /sbin are links since Debian 12; packages still name them
mkdir -p "$root"/usr/{bin,lib,lib64,sbin}
for name in bin lib lib64 sbin; do ln -s "usr/$name" "$root/$name"; done
mkdir -p "$root/var/lib/dpkg/status.d"
while read -r _ file _ checksum; do
    echo "${checksum#SHA256:}  $cache/debian/$file" | sha256sum --check --quiet
    dpkg-deb --fsys-tarfile "$cache/debian/$file" | tar --extract --directory "$root" --keep-directory-symlink
    # Where scanners look for the packages of an image without dpkg
    dpkg-deb --field "$cache/debian/$file" >"$root/var/lib/dpkg/status.d/$(dpkg-deb --field "$cache/debian/$file" Package)"
done <"$work/uris"

cd "$root"
find usr/share/ca-certificates -name '*.crt' -print0 | sort --zero-terminated | xargs --null cat >"$work/ca-certificates.crt"
find bin/ sbin/ -mindepth 1 ! -name python3.11 -delete
find etc usr/share -mindepth 1 ! -type d ! -path 'usr/share/common-licenses/*' ! -path 'usr/share/doc/*/copyright' \
    ! '(' -path 'usr/share/doc/*' -type l ')' ! -name mime.types ! -name os-release -delete
find var -mindepth 1 ! -path 'var/lib/dpkg/status.d*' ! -path var/lib ! -path var/lib/dpkg -delete
rm -rf boot dev home media mnt opt proc root run srv sys tmp usr/{games,include,lib32,libx32,local,src} \
    usr/lib/{binfmt.d,valgrind} usr/lib/*-linux-gnu/{audit,gconv} usr/lib/*-linux-gnu/lib{BrokenLocale,memusage,pcprofile,thread_db,nss_hesiod,c_malloc_debug}.so*
cd usr/lib/python3.11
rm -rf EXTERNALLY-MANAGED sitecustomize.py idlelib lib2to3 pydoc_data test turtledemo venv ensurepip curses dbm sqlite3 \
    lib-dynload/{_crypt,_curses,_curses_panel,_ctypes_test,_dbm,_sqlite3,_test*,_uuid,_xx*,nis,ossaudiodev,readline,xx*}.*
find . -name '*.py' -exec chmod a-x {} +
find "$root/etc" "$root/usr/share" -type d -empty -delete

# -- What the system has besides ---------------------------------------------------------------------------------------
cd "$root"
mkdir -p dev proc sys run opt etc/shipper etc/ssl/certs usr/lib/ssl usr/share/sbom
mv "$work/shipper" opt/shipper
[[ ! -f $work/vendor.pub ]] || install --mode 644 "$work/vendor.pub" etc/shipper/vendor.pub
install --mode 755 "$here/entrypoint.py" usr/bin/shipper
install --mode 644 "$work/ca-certificates.crt" etc/ssl/certs/ca-certificates.crt
ln -s /etc/ssl/certs/ca-certificates.crt usr/lib/ssl/cert.pem
printf '%s\n' 'root:x:0:0:root:/:/nonexistent' 'shipper:x:65532:65532:shipper:/data:/nonexistent' >etc/passwd
printf '%s\n' 'root:x:0:' 'shipper:x:65532:' >etc/group
echo 'hosts: files dns' >etc/nsswitch.conf
install --directory --mode 1777 tmp
install --directory --mode 700 --owner 65532 --group 65532 data

# Bytecode that is never compared with its source: the tree is read-only
chroot "$root" /usr/bin/python3.11 -IBm compileall -qq --invalidation-mode unchecked-hash /usr/lib/python3.11 /opt/shipper
"$python" "$here/sbom.py" "$root" "$work/locked.json" <"$work/uris" >"$work/sbom.json"
install --mode 644 "$work/sbom.json" usr/share/sbom/shipper.cdx.json

# Every library that a library asks for is there
loader=$(compgen -G "lib64/ld-linux-*.so.*" || compgen -G "lib/ld-linux-*.so.*")
find usr/bin usr/lib opt -name '*.so*' -type f -o -name python3.11 -type f | while read -r file; do
    if chroot . "/$loader" --list "/$file" 2>&1 | grep 'not found'; then
        echo "rootfs.sh: \"/$file\" lacks a library" >&2
        exit 1
    fi
done
find . -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
root=
