#!/bin/sh
# Prints make variables for the libraries of this machine: CFLAGS_LIBS and LDLIBS.
# Usage: CC=gcc detect.sh
set -eu
CC=${CC:-cc}
modules='libcurl openssl zlib sqlite3 libpcre2-8 jansson libcrypt ncursesw libqrencode libarchive libmagic libseccomp'
pkg-config --print-errors --exists $modules || { echo "detect: run 'make deps' first" >&2; exit 1; }
cflags=$(pkg-config --cflags $modules)
libs=$(pkg-config --libs $modules)

links() { # links FLAGS: does the program on standard input build with them?
    $CC $cflags -x c - -o /dev/null "$@" 2>/dev/null
}

# Sizes and times of files with 64 bits where a long has 32.
if printf 'int long_has_32_bits[sizeof(long) == 4 ? 1 : -1];\nint main(void) { return 0; }\n' | links; then
    cflags="$cflags -D_FILE_OFFSET_BITS=64"
fi

# iniparser 4.1 has no pkg-config file, and Debian keeps its header in a folder of its own.
if pkg-config --exists iniparser; then
    cflags="$cflags $(pkg-config --cflags iniparser)"
    libs="$libs $(pkg-config --libs iniparser)"
else
    libs="$libs -liniparser"
fi
if printf '#include <iniparser/iniparser.h>\nint main(void) { return 0; }\n' | links; then
    cflags="$cflags -DLANPOST_INIPARSER_IN_FOLDER"
fi

# libunistring has no pkg-config file in any release.
libs="$libs -lunistring"

# iconv: glibc has it built in; elsewhere GNU libiconv renames the symbols by macro.
iconv='#include <iconv.h>\nint main(void) { return iconv_open("UTF-8", "KOI8-R") == (iconv_t)-1; }\n'
if printf "$iconv" | links; then
    :
elif printf "$iconv" | links -liconv; then
    libs="$libs -liconv"
else
    echo 'detect: no iconv in the C library and no libiconv' >&2
    exit 1
fi
# gettext is in glibc too, in libintl elsewhere.
if ! printf '#include <libintl.h>\nint main(void) { return gettext("") == 0; }\n' | links; then
    libs="$libs -lintl"
fi
echo "CFLAGS_LIBS = $cflags"
echo "LDLIBS = $libs -lpthread"
